"""What was worked out from everything that counts, kept while nothing else does.

Whatever changes what counts draws a new token in its own transaction (`Revision`), so that every process sees it at
once. A state read before the work may be older than what the work sees, never newer.
"""

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from catalog.search.engines import engine, rows_of

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
# The tokens of all stores, and what else the work depends on.
State = tuple[Any, ...]


class Memory(Generic[K, T]):
    """Keeps at most so many things for one state of the catalogue."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: tuple[State, dict[K, T]] = ((), {})

    def of(self, state: State) -> dict[K, T]:
        """What is kept for this state, to read and to add to; of no state nothing is kept."""
        known, kept = self._kept
        if not state or known != state or len(kept) >= self._most:
            kept = {}
            self._kept = state, kept
        return kept


memory = Memory[Hashable, Any](200)


def remembered(what: Hashable, work: Callable[[], T]) -> T:
    """Return what `work` returns, or what it returned last, if no entry counts since that did not count then."""
    kept = memory.of(tuple(rows_of("SELECT store_id, token FROM catalog_revision ORDER BY store_id")))
    if what not in kept:
        with engine().counting():
            kept[what] = work()
    found: T = kept[what]
    return found
