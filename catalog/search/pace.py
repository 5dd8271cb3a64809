"""How long work takes turns with whoever else writes."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep

from django.db import connection, transaction

# A transaction is to take so many seconds: a third of what a shopper may be kept waiting.
_TARGET = 0.06
# SQLite serves waiting writers by luck: they look every few milliseconds, so that a rest of this length is found.
_REST = 0.03
_FIRST, _LEAST, _MOST = 50, 5, 1000


class Pace:
    """Gives the size of the next batch, so that no transaction is long, and rests between two of them."""

    def __init__(self) -> None:
        self.size = _FIRST
        self.longest = 0.0
        self._ended = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """A transaction with a batch of at most `size` in it."""
        if connection.vendor == "sqlite" and not connection.in_atomic_block:
            sleep(max(0.0, self._ended + _REST - monotonic()))
        with transaction.atomic():
            began = monotonic()
            yield
        self._ended = monotonic()
        took = self._ended - began
        self.longest = max(self.longest, took)
        # Twice as many at once would be a leap in the dark: the second hundred may cost more than the first.
        self.size = min(_MOST, max(_LEAST, int(self.size * min(1.3, _TARGET / max(took, 0.001)))))
