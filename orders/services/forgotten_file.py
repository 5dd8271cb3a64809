"""The digests of forgotten contacts in the data folder, for a shop that is restored from a backup of before."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from shopmcp import data_dir


def kept_in_file() -> dict[str, datetime]:
    """Return when each contact was forgotten, by its digest.

    Raises:
        OSError: If the file cannot be read.
    """
    try:
        lines = settings.FORGOTTEN_FILE.read_text().splitlines()
    except FileNotFoundError:
        return {}
    found = dict[str, datetime]()
    for line in lines:
        digest, _space, at = line.partition(" ")
        try:
            found[digest] = datetime.fromisoformat(at)
        except ValueError:
            raise OSError(0, f"line “{line[:20]}” is no digest and time", str(settings.FORGOTTEN_FILE)) from None
    return found


def add_to_file(times: Mapping[str, datetime]) -> None:
    """Add digests, with the latest time of each.

    Raises:
        OSError: If the file cannot be read or written; then it is as before.
    """
    with data_dir.locked(settings.FORGOTTEN_FILE.parent):
        kept = kept_in_file()
        for digest, at in times.items():
            kept[digest] = max(at, kept.get(digest, at))
        text = "".join(f"{digest} {at.isoformat()}\n" for digest, at in sorted(kept.items()))
        data_dir.write(settings.FORGOTTEN_FILE, text)
