"""Batches whose transactions are short enough for others to write between them."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from time import monotonic, sleep
from typing import Any

from django.db import connection, transaction

# Seconds for a transaction: a third of what a shopper may wait.
_TARGET = 0.06
# SQLite has no queue for writers: they poll every few milliseconds, and a rest must be longer than that.
_REST = 0.03
# Sizes of batches. Of a smaller one the transaction itself would be most of the cost. A statement takes all keys of a
# batch, and some builds of SQLite allow only 999 variables.
FIRST, _LEAST, MOST = 50, 20, 900
# SQLite's default: with so many pages in its log, a commit copies them into the database.
_LOGGED = 1000
# With about so many, it is done between two transactions, so that no commit of others comes to it.
_CARRIED = 600


class Pace:
    """Adapts the size of batches to the time that their transactions take, and rests between two of them.

    Args:
        counts_later: What is written counts for nobody until a later transaction, which is an ordinary one. Then SQLite
            need not wait for the disk at each batch: that transaction brings all before it to the disk too, and a power
            cut before it leaves some of the batches, the first of them.
    """

    def __init__(
        self,
        *,
        counts_later: bool = False,
        clock: Callable[[], float] = monotonic,
        wait: Callable[[float], None] = sleep,
    ) -> None:
        self._clock, self._wait = clock, wait
        self._counts_later = counts_later
        self.size = FIRST
        self._ended = 0.0
        # Turns since the log was carried over, and pages of the log for each.
        self._turns, self._pages = 0, float(_LOGGED)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Open a transaction for a batch of at most `size`."""
        alone = connection.vendor == "sqlite" and not connection.in_atomic_block
        if alone:
            self._wait(max(0.0, self._ended + _REST - self._clock()))
        with _undisturbed(), self._own_log() if alone else nullcontext():
            with transaction.atomic():
                began = self._clock()
                yield
            self._ended = self._clock()
        took = self._ended - began
        # Grow slowly: the next rows may cost more than these.
        self.size = min(MOST, max(_LEAST, round(self.size * min(1.3, _TARGET / max(took, 0.001)))))

    def follow(self, other: "Pace") -> None:
        """Rest after the other's last transaction too."""
        self._ended = max(self._ended, other._ended)

    @contextmanager
    def _own_log(self) -> Iterator[None]:
        """Copy SQLite's log into the database after the transaction, so that no other commit has to wait for it."""
        _pragma("wal_autocheckpoint=0")
        if self._counts_later:
            _pragma("synchronous=NORMAL")
        try:
            yield
        finally:
            if self._counts_later:
                _pragma("synchronous=FULL")
            _pragma(f"wal_autocheckpoint={_LOGGED}")
        self._turns += 1
        if self._turns * self._pages >= _CARRIED:
            ((_, logged, _),) = _pragma("wal_checkpoint(PASSIVE)")
            self._turns, self._pages = 0, max(1.0, logged / self._turns)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Pause the garbage collector, which may take as long as the whole batch."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _pragma(words: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {words}")
        rows: list[Any] = cursor.fetchall()
        return rows
