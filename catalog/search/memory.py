"""Memories of what is the same until the catalogue changes."""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Generic, TypeVar

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
        if not state:
            return {}
        known, kept = self._kept
        if known != state or len(kept) >= self._most:
            kept = {}
            self._kept = state, kept
        return kept


_forgetting = ContextVar("forgetting", default=False)


@contextmanager
def forgetting() -> Iterator[None]:
    """Read everything anew for the searches of this block, to compare their answers with remembered ones."""
    before = _forgetting.set(True)
    try:
        yield
    finally:
        _forgetting.reset(before)


def is_forgetting() -> bool:
    """Whether `forgetting` is on."""
    return _forgetting.get()
