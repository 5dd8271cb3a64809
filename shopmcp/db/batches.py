"""Batches for long work beside other writers: short transactions, and a rest between two of them."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from time import monotonic, sleep

from django.db import connection, transaction

# A transaction is to take so many seconds: a third of what a shopper may be kept waiting.
_TARGET = 0.06
# SQLite serves waiting writers by luck: they look every few milliseconds, so that a rest of this length is found.
_REST = 0.03
# The keys of a batch go into one statement, and some builds of SQLite take no more than 999 variables.
_FIRST, _LEAST, _MOST = 50, 5, 900
# SQLite's default: when its log has so many pages, the next commit copies them into the database.
_LOGGED = 1000


class Pace:
    """Gives the size of the next batch, so that no transaction is long, and rests between two of them."""

    def __init__(self) -> None:
        self.size = _FIRST
        self.longest = 0.0
        self._ended = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """A transaction with a batch of at most `size` in it."""
        alone = connection.vendor == "sqlite" and not connection.in_atomic_block
        if alone:
            sleep(max(0.0, self._ended + _REST - monotonic()))
        with _undisturbed(), _own_log() if alone else nullcontext():
            with transaction.atomic():
                began = monotonic()
                yield
            self._ended = monotonic()
        took = self._ended - began
        self.longest = max(self.longest, took)
        # Grow by 30 % at most: the second hundred rows may cost more than the first.
        self.size = min(_MOST, max(_LEAST, round(self.size * min(1.3, _TARGET / max(took, 0.001)))))

    def follow(self, other: "Pace") -> None:
        """Rest from what the other did last too."""
        self._ended = max(self._ended, other._ended)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let Python look for garbage afterwards, which may take as long as the whole batch."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def _own_log() -> Iterator[None]:
    """Copy SQLite's log into the database after the lock is released, so that no other writer waits for it."""
    _pragma("wal_autocheckpoint=0")
    try:
        yield
    finally:
        _pragma(f"wal_autocheckpoint={_LOGGED}")
    _pragma("wal_checkpoint(PASSIVE)")


def _pragma(words: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {words}")
        cursor.fetchall()
