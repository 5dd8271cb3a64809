"""Writing a backup."""

import os
import tempfile
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from catalog.search.rebuild import Progress
from maintenance import archive
from maintenance.snapshot import unchanging
from shopmcp.data_dir import kept_key, note_backup, sync_folder
from shopmcp.errors import ShopError


class FileExists(ShopError):
    """There is a file of that name."""

    code = "file_exists"


def back_up(file: Path, *, with_key: bool, progress: Progress) -> archive.Manifest:
    """Write the shop into a new file that its owner alone can read, and return what it holds.

    The file has its name only when it is complete and on the disk.

    Args:
        with_key: Store the generated secret key too. A key of the environment is never stored.

    Raises:
        FileExists: If there is a file of that name.
        ShopError: If there is no shop in the database, or one of a newer version.
        OSError: If the file cannot be written.
    """
    taken = FileExists(
        _("%(file)s exists already, and a backup replaces no file.") % {"file": file}, fix=_("Choose another name.")
    )
    if os.path.lexists(file):
        raise taken
    key = kept_key(settings.KEY_FILE) if with_key else ""
    # mkstemp makes it for its owner alone.
    descriptor, draft = tempfile.mkstemp(dir=file.absolute().parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "wb") as new, unchanging(connection) as contents:
            if not contents.migrations:
                raise ShopError(
                    _("There is no shop in the database."), fix=_("Look at DATABASE_URL and SHOPMCP_DATA_DIR.")
                )
            manifest = archive.write(new, contents, key if key == settings.SECRET_KEY else "", progress)
            new.flush()
            os.fsync(new.fileno())
        try:
            os.link(draft, file)  # unlike a rename, it never replaces a file
        except FileExistsError:
            raise taken from None
        except OSError:  # some file systems have no links
            Path(draft).rename(file)
    finally:
        Path(draft).unlink(missing_ok=True)
    sync_folder(file.absolute().parent)
    note_backup(settings.DATA_DIR)
    return manifest
