"""Static files: collected and compressed into the data directory, again only when one of them changed."""

import hashlib
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command


def make_static_ready() -> bool:
    """Collect the static files unless the last collection still holds; whether there was something to do."""
    stamp = settings.STATIC_ROOT / ".collected"
    fingerprint = _fingerprint()
    if stamp.is_file() and stamp.read_text() == fingerprint:
        return False
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    _forget_changed()
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(fingerprint)
    return True


def _forget_changed() -> None:
    # Django compares times by the second and keeps what looks newer: an older release copied here would keep our files.
    for finder in get_finders():
        for path, storage in finder.list([]):
            collected = settings.STATIC_ROOT / path
            if collected.is_file() and collected.read_bytes() != Path(storage.path(path)).read_bytes():
                collected.unlink()


def _fingerprint() -> str:
    """Names, sizes and times of all that would be collected, and the versions of what collects it."""
    digest = hashlib.sha256(f"{version('django')} {version('whitenoise')}".encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            digest.update(f"{path} {storage.size(path)} {storage.get_modified_time(path)}\n".encode())
    return digest.hexdigest()
