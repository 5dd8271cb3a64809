"""Cached results, valid for one state of the catalogue.

Each transaction that changes which entries count draws a new token (`Revision`), so all processes see the change at
once. Read the state before the work: then a result may be newer than its state, never older.
"""

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from catalog.search.engines import engine, rows_of

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
# The tokens of all stores, and other things that results depend on.
State = tuple[Any, ...]


class Memory(Generic[K, T]):
    """A bounded cache for one state of the catalogue."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: tuple[State, dict[K, T]] = ((), {})

    def of(self, state: State) -> dict[K, T]:
        """Return the cache for this state, to read and to add to; for the empty state it is always empty."""
        known, kept = self._kept
        if not state or known != state or len(kept) >= self._most:
            kept = {}
            self._kept = state, kept
        return kept


memory = Memory[Hashable, Any](200)


def remembered(what: Hashable, work: Callable[[], T]) -> T:
    """Return the result of `work`, cached until the catalogue changes."""
    kept = memory.of(tuple(rows_of("SELECT store_id, token FROM catalog_revision ORDER BY store_id")))
    if what not in kept:
        with engine().counting():
            kept[what] = work()
    found: T = kept[what]
    return found
