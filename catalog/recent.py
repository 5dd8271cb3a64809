"""What was made lately of the same values: texts and dictionaries that different searches show again."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """A bounded memory of a pure function: nothing in it can be stale, because its key holds all that it is made of.

    Unlike `lru_cache`, it is told the key, and not the objects that the work needs.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: dict[Hashable, T] = {}

    def of(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is made of these values; the same object for equal ones, so do not change it."""
        if (made := self._made.get(key)) is None:
            while len(self._made) >= self._most:
                self._made.pop(next(iter(self._made)), None)  # the oldest
            made = self._made[key] = make()
        return made
