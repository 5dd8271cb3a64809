"""What a server loads after its start, because its first answer to a chat needs none of it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Final, Generic, TypeVar

T = TypeVar("T")

# One thread for all: two threads that import modules which need each other may see half of one.
_loader: Final = ThreadPoolExecutor(1, "later")


class Later(Generic[T]):
    """Something that is made at its first use, once, in a thread of its own.

    Args:
        make: Returns it. What this raises, each use raises.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = Lock()
        self._made: Future[T] | None = None

    def get(self) -> T:
        """Return it; wait for it if need be."""
        return self._begun().result()

    async def ready(self) -> T:
        """Return it; let others of the event loop go on while it is made."""
        made = self._begun()
        # Whoever gives up waiting must not end the work for the others.
        return made.result() if made.done() else await asyncio.shield(asyncio.wrap_future(made))

    def _begun(self) -> Future[T]:
        with self._lock:
            if self._made is None:
                self._made = _loader.submit(self._make)
            return self._made
