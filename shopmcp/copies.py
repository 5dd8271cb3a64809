"""Copies of SQLite's file, which `serve` makes before it updates the database: the way back from an update."""

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from glob import escape
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection
from django.utils import timezone

from shopmcp.data_dir import PrivateConnection, sync_folder
from shopmcp.disk import RESERVE
from shopmcp.errors import ShopError

MARK: Final = ".before-"
# They hold what is deleted in the shop since, such as people who asked to be forgotten.
_KEPT_FOR: Final = timedelta(days=30)


class NoRoom(ShopError):
    """The disk has no room for a copy."""

    code = "no_room"


def copy_now() -> Path:
    """Copy the database beside itself as one moment has it, for its owner alone, and return the new file.

    Call it where no other process copies: what a copy that was cut short has left behind is deleted.

    Raises:
        NoRoom: If the disk would be almost full.
        OSError, sqlite3.Error: If the file cannot be written.
    """
    source = _database()
    for left in _copies(source, "."):
        left.unlink(missing_ok=True)
    needed = source.stat().st_size + RESERVE
    free = shutil.disk_usage(source.parent).free
    if free < needed:
        raise NoRoom(
            f"The database is copied before it is updated, and its disk has no room for that: {free >> 20} MB are "
            f"free, {needed >> 20} MB are needed.",
            fix="Free some space, then start the shop again. Nothing was changed.",
        )
    copy = source.with_name(f"{source.name}{MARK}{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    draft = copy.with_name(f".{copy.name}")
    try:
        with (
            closing(sqlite3.connect(source)) as old,
            closing(sqlite3.connect(draft, factory=PrivateConnection)) as new,
        ):
            old.backup(new)
            # One file: without it the copy would want a log beside it.
            new.execute("PRAGMA journal_mode = DELETE")
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.replace(copy)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(copy.parent)
    return copy


def forget_copies() -> None:
    """Delete the copies that are older than 30 days, whole or cut short."""
    if connection.vendor != "sqlite":
        return
    source, oldest = _database(), (timezone.now() - _KEPT_FOR).timestamp()
    for copy in (*_copies(source), *_copies(source, ".")):
        with suppress(FileNotFoundError):  # another process may delete it, too
            if copy.lstat().st_mtime < oldest:
                copy.unlink()


def _copies(source: Path, before: str = "") -> list[Path]:
    """Return the copies of a file; those that are not whole have a dot before their names."""
    return list(source.parent.glob(f"{before}{escape(source.name)}{MARK}*"))


def _database() -> Path:
    return Path(settings.DATABASES["default"]["NAME"])
