"""The disk of the shop's files. On SQLite they include the database; of PostgreSQL's disk nothing is known here."""

import shutil
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connection

# New carts are refused below this, and below a twentieth of a small disk: the rest is for the carts that there are.
RESERVE: Final = 256 * 1024 * 1024
_SHARE: Final = 20
LOOK_EVERY: Final = 3.0  # seconds
# PostgreSQL's `disk_full`; Django keeps no code of SQLite's errors, only these words.
_SQLSTATE, _WORDS = "53100", "database or disk is full"

# Seconds: longer than `/healthz` waits before it looks again.
_LATELY = 15.0
_full_at = float("-inf")


class Disk:
    """The disk of a folder, looked at every few seconds at most."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = monotonic) -> None:
        self._folder, self._clock = folder, clock
        self._is_low = False
        self._looks_again = float("-inf")

    @property
    def free_bytes(self) -> int | None:
        """What is free; None if the disk does not tell."""
        try:
            return shutil.disk_usage(self._folder).free
        except OSError:
            return None

    @property
    def is_low(self) -> bool:
        """Whether less than the reserve is free; False if the disk does not tell."""
        if (now := self._clock()) >= self._looks_again:
            self._looks_again = now + LOOK_EVERY
            try:
                usage = shutil.disk_usage(self._folder)
                self._is_low = usage.free < min(RESERVE, usage.total // _SHARE)
            except OSError:
                self._is_low = False
        return self._is_low


def folder() -> Path:
    """Return the folder whose disk must not fill: that of SQLite's file, or else the data folder."""
    return Path(settings.DATABASES["default"]["NAME"]).parent if connection.vendor == "sqlite" else settings.DATA_DIR


def is_low() -> bool:
    """Whether the database's disk is so full that new carts must be refused; False if it is not known."""
    return connection.vendor == "sqlite" and _disk(folder()).is_low


def found_full() -> None:
    """Remember that the database said so."""
    global _full_at  # noqa: PLW0603 - one fact of the process
    _full_at = monotonic()


def forget() -> None:
    """Forget what the database said."""
    global _full_at  # noqa: PLW0603
    _full_at = float("-inf")


def was_full_lately() -> bool:
    """Whether the database refused a change for it a moment ago; a small change may still find room."""
    return monotonic() - _full_at < _LATELY


def is_disk_full(error: BaseException) -> bool:
    """Whether the database could not write because its disk is full."""
    return isinstance(error, DatabaseError) and (
        getattr(error.__cause__, "sqlstate", None) == _SQLSTATE or _WORDS in str(error)
    )


_disk = lru_cache(maxsize=4)(Disk)
