"""Whose job a thread takes next: callers take turns by the time that their work has cost.

A caller who sends much, or what costs much, delays only their own jobs: another one who comes then is served after the
job at hand. This is fair queuing, as in networks and schedulers: the time that each caller's jobs took is added up, and
the next job is that of the caller with the least. Time that a caller left unused is not saved for later.
"""

from collections import deque
from heapq import heappop, heappush
from itertools import count
from queue import SimpleQueue
from threading import Lock
from typing import Final, Generic, Protocol, TypeVar

# The shop's own work: it is not charged, so it never falls behind.
OWN: Final = ""
# A job is charged no more than this, in seconds. What takes longer mostly waited for a disk or a halted server, and
# its caller would have to wait until each of the others has used as much.
MOST_CHARGED: Final = 0.1
# What the first job of a caller is taken to cost, in seconds, until it is known.
_GUESS = 0.001
# Callers are forgotten when there are more than this, if they have nothing to do and used no more than others.
MANY: Final = 256


class Turn(Protocol):
    """What is known of a job: whose it is, and the seconds it was charged when it was taken."""

    caller: str
    charged: float


J = TypeVar("J", bound=Turn)


class _Caller(Generic[J]):
    __slots__ = ("guess", "is_listed", "jobs", "running", "used")

    def __init__(self, used: float) -> None:
        self.used = used
        self.guess = _GUESS
        self.jobs: deque[J] = deque()
        self.running = 0
        # Whether it stands among those whose turn may come.
        self.is_listed = False


class Turns(Generic[J]):
    """The jobs that wait in a lane, for any number of threads.

    Args:
        one_at_a_time: Whether two jobs of one caller never run at once, because they would wait for the same lock.
    """

    def __init__(self, *, one_at_a_time: bool) -> None:
        self._one_at_a_time = one_at_a_time
        self._lock = Lock()
        # Wakes threads: True for each job, and False to end. One that finds nothing to take sleeps again.
        self._signals: SimpleQueue[bool] = SimpleQueue()
        self._callers: dict[str, _Caller[J]] = {}
        self._listed: list[tuple[float, int, _Caller[J]]] = []
        self._numbers = count()
        # What the caller had used whose turn was last.
        self._now = 0.0
        self._sweep_at = MANY

    def put(self, job: J) -> None:
        """Let a job wait for its turn."""
        with self._lock:
            if (caller := self._callers.get(job.caller)) is None:
                if len(self._callers) >= self._sweep_at:
                    self._sweep()
                caller = self._callers[job.caller] = _Caller(self._now)
            caller.jobs.append(job)
            self._list(caller, job.caller)
        self._signals.put(True)

    def take(self) -> J | None:
        """Wait for the next job and take it; None once the threads are to end and nothing can be taken."""
        while True:
            goes_on = self._signals.get()
            if (job := self.take_waiting()) is not None:
                if not goes_on:
                    self._signals.put(False)
                return job
            if not goes_on:
                return None

    def take_waiting(self) -> J | None:
        """Take the next job; None if none can be taken now."""
        with self._lock:
            while self._listed:
                used, number, caller = heappop(self._listed)
                if used < caller.used:
                    # It was charged since it was listed.
                    heappush(self._listed, (caller.used, number, caller))
                    continue
                self._now = max(self._now, used)
                caller.is_listed = False
                caller.running += 1
                job = caller.jobs.popleft()
                job.charged = 0.0 if job.caller == OWN else caller.guess
                caller.used += job.charged
                self._list(caller, job.caller)
                return job
        return None

    def finish(self, job: J, seconds: float) -> None:
        """Charge the caller of a job that was taken for the time it cost."""
        seconds = min(seconds, MOST_CHARGED)
        with self._lock:
            caller = self._callers[job.caller]
            caller.running -= 1
            if job.caller != OWN:
                caller.used += seconds - job.charged
                caller.guess = seconds
            if caller.jobs:
                if self._list(caller, job.caller):
                    self._signals.put(True)
            elif not caller.running and caller.used <= self._now:
                del self._callers[job.caller]

    @property
    def known(self) -> int:
        """How many callers are remembered."""
        return len(self._callers)

    def end(self, threads: int) -> None:
        """Let so many threads end when they have done what waits."""
        for _ in range(threads):
            self._signals.put(False)

    def _list(self, caller: _Caller[J], name: str) -> bool:
        """List the caller if it waits for its turn; return whether it is listed only now."""
        if caller.is_listed or not caller.jobs:
            return False
        if caller.running and self._one_at_a_time and name != OWN:
            return False
        if not caller.running:
            caller.used = max(caller.used, self._now)
        caller.is_listed = True
        heappush(self._listed, (caller.used, next(self._numbers), caller))
        return True

    def _sweep(self) -> None:
        for name, caller in list(self._callers.items()):
            if not caller.jobs and not caller.running and caller.used <= self._now:
                del self._callers[name]
        self._sweep_at = max(MANY, 2 * len(self._callers))
