"""How late a busy machine is, for tests that measure how long something waits."""

from threading import Event, Thread
from time import monotonic
from typing import Self

EVERY = 0.01


class Lateness:
    """`with Lateness() as late:` measures how much later than meant a thread of this process wakes, all in all.

    A wait that is measured beside it is longer by about `late.seconds`, which is next to nothing on a quiet machine.
    """

    seconds = 0.0

    def __enter__(self) -> Self:
        self._over = Event()
        self._thread = Thread(target=self._measure, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _measure(self) -> None:
        began = monotonic()
        while not self._over.wait(EVERY):
            self.seconds += monotonic() - began - EVERY
            began = monotonic()
        self.seconds += max(0.0, monotonic() - began - EVERY)
