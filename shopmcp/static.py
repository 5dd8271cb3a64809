"""Static files: collected and compressed into the data directory when one of them has changed."""

import hashlib
import os
import shutil
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

from shopmcp import data_dir


def make_static_ready() -> bool:
    """Collect the static files if they changed; return whether they did."""
    stamp = settings.STATIC_ROOT / ".collected"
    fingerprint, before = _fingerprint(), stamp.read_text() if stamp.is_file() else ""
    if before == fingerprint:
        return False
    if not before.strip("\0"):
        # A power cut may have left files with names and without contents.
        shutil.rmtree(settings.STATIC_ROOT, ignore_errors=True)
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    _forget_changed()
    call_command("collectstatic", interactive=False, verbosity=0)
    # The stamp vouches for the files, so they are on the disk before it.
    os.sync()
    data_dir.write(stamp, fingerprint)
    return True


def _forget_changed() -> None:
    # collectstatic keeps a file that is newer than its source. After a downgrade that file is of the later release.
    for finder in get_finders():
        for path, storage in finder.list([]):
            collected = settings.STATIC_ROOT / path
            if collected.is_file() and collected.read_bytes() != Path(storage.path(path)).read_bytes():
                collected.unlink()


def _fingerprint() -> str:
    """A digest of every file's name, size and time, and of the versions of Django and WhiteNoise."""
    digest = hashlib.sha256(f"{version('django')} {version('whitenoise')}".encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            digest.update(f"{path} {storage.size(path)} {storage.get_modified_time(path)}\n".encode())
    return digest.hexdigest()
