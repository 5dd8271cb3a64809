"""Work that a server does beside its requests, in threads of its own."""

import logging
from collections.abc import Callable
from threading import Event, Lock, Thread
from time import monotonic
from typing import Generic, TypeVar

from django.db import DatabaseError, InterfaceError, connection

from shopmcp import metrics

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Renewed(Generic[T]):
    """The newest result of some work with the database, shared by all who ask.

    An old result is renewed by a thread that the next caller starts; others wait for the same thread. If it hangs, no
    second one is started.

    Args:
        work: Returns the result.
        every: Returns for how many seconds a result is used.
        lasting: Whether the earlier result is returned while it is renewed: only the first caller waits.
        patience: Seconds that a caller waits.
    """

    def __init__(
        self,
        work: Callable[[], T],
        *,
        every: Callable[[T], float],
        lasting: bool = False,
        patience: float = 3.0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._work, self._every, self._patience, self._clock = work, every, patience, clock
        self._lasting = lasting
        self._lock = Lock()
        self._done = Event()
        self._done.set()
        self._found: T | None = None
        self._old_at = float("-inf")

    def get(self) -> T | None:
        """Return the result; None if it does not come in time, or the work failed."""
        with self._lock:
            if self._done.is_set() and self._clock() >= self._old_at:
                self._done.clear()
                Thread(target=self._renew, daemon=True).start()
        if self._lasting and (found := self._found) is not None:
            return found
        return self._found if self._done.wait(self._patience) else None

    def _renew(self) -> None:
        try:
            if not self._lasting:
                self._found = None
            self._found = found = self._work()
            self._old_at = self._clock() + self._every(found)
        # Whoever asks next tries again.
        except Exception:
            logger.exception("a look at the database failed")
        finally:
            connection.close()
            self._done.set()


class Repeated:
    """A thread that does some work again and again.

    Args:
        name: For the log.
        work: Is given a function that says whether to end early.
        every: Seconds between two times, and before the first.
    """

    def __init__(self, name: str, work: Callable[[Callable[[], bool]], object], every: float) -> None:
        self._name, self._work, self._every = name, work, every
        self._stopped = Event()
        # A daemon: a connection that hangs must not keep the process from ending.
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end; it finishes what it has begun."""
        self._stopped.set()

    def join(self, seconds: float) -> None:
        """Wait so long for its end."""
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stopped.wait(self._every):
            try:
                self._work(self._stopped.is_set)
            # It goes on when the database answers again, and a bug must not end it for good.
            except Exception as error:
                if isinstance(error, DatabaseError | InterfaceError):
                    metrics.database_error("background")
                logger.exception("%s failed", self._name)
            finally:
                connection.close()
