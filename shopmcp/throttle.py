"""Token buckets: who did how much lately, and whether it is too much.

They are kept in memory and bounded in number. With `REDIS_URL`, processes tell each other several times a second what
was taken (shopmcp/throttle_sharing.py); no request waits for that.
"""

from collections.abc import Callable
from functools import lru_cache
from heapq import nlargest
from math import ceil
from threading import Lock
from time import monotonic
from typing import Final, NamedTuple

from shopmcp.network import site_of

MOST_NAMES: Final = 20_000
# So many may be kept whose buckets are full again: looking for them costs time.
_FEW: Final = 1_000


class Rate(NamedTuple):
    """So many a second for long, and `burst` at once."""

    per_second: float
    burst: int


class Buckets:
    """A bucket of tokens for each name; a token is a call, a session, or whatever is counted.

    Args:
        kind: What is counted; two kinds share nothing.
        rate: Says how fast a bucket fills and how much it holds. It is asked again at each use.
        most: How many names are kept. Beyond it those that took least are forgotten, which gives them a full bucket.
        is_shared: Whether processes that share a Redis count together.
    """

    def __init__(
        self,
        kind: str,
        rate: Callable[[], Rate],
        *,
        most: int = MOST_NAMES,
        is_shared: bool = True,
    ) -> None:
        self.kind, self._rate, self._most, self.is_shared = kind, rate, most, is_shared
        # When the bucket of a name will be full again; a name that is missing has a full one (GCRA).
        self._full_at: dict[str, float] = {}
        # What `share` has not told yet; None until it is asked for the first time.
        self._taken: dict[str, int] | None = None
        self._look_at = min(_FEW, most)
        self._lock = Lock()
        all_buckets[kind] = self

    def __contains__(self, name: str) -> bool:
        """Whether the name took something lately, as far as is known."""
        return name in self._full_at

    def take(self, name: str) -> int:
        """Take a token; return 0, or in how many seconds there will be one if there is none."""
        per_second, burst = self._rate()
        now = monotonic()
        with self._lock:
            full_at = self._full_at.get(name, 0.0)
            full_at = (full_at if full_at > now else now) + 1 / per_second
            if (late := full_at - now - burst / per_second) > 1e-6:
                return ceil(late)
            self._full_at[name] = full_at
            if self._taken is not None:
                self._taken[name] = self._taken.get(name, 0) + 1
            if len(self._full_at) > self._look_at:
                self._forget(now)
        return 0

    def give_back(self, name: str) -> None:
        """Undo a `take` that should not count."""
        with self._lock:
            if name in self._full_at:
                self._full_at[name] -= 1 / self._rate().per_second
                if self._taken:
                    self._taken[name] = self._taken.get(name, 0) - 1

    def used(self, name: str) -> float:
        """Return which part of the bucket is empty: 0 for a full one, 1 for one without a token."""
        per_second, burst = self._rate()
        return min(1.0, max(0.0, self._full_at.get(name, 0.0) - monotonic()) * per_second / burst)

    def clear(self) -> None:
        """Give every name a full bucket."""
        with self._lock:
            self._full_at.clear()

    def share(self) -> list[tuple[str, int]]:
        """Return what was taken since the last time, to be told to other processes."""
        with self._lock:
            taken, self._taken = self._taken or {}, {}
        return [(name, number) for name, number in taken.items() if number]

    def learn(self, name: str, seconds: float) -> None:
        """Learn from other processes in how many seconds the bucket of a name will be full."""
        full_at = monotonic() + seconds
        with self._lock:
            if full_at > self._full_at.get(name, 0.0):
                self._full_at[name] = full_at

    @property
    def rate(self) -> Rate:
        return self._rate()

    def _forget(self, now: float) -> None:
        """Forget names whose buckets are full again; of too many names keep the half whose buckets are the emptiest."""
        some = {name: full_at for name, full_at in self._full_at.items() if full_at > now}
        if len(some) > self._most // 2:
            some = dict(nlargest(self._most // 2, some.items(), key=lambda pair: pair[1]))
        self._full_at = some
        self._look_at = min(max(_FEW, 2 * len(some)), self._most)


class NetworkBuckets(Buckets):
    """A bucket for each network, and a larger one for all networks of a /48.

    One owner of a /48 has 65,536 networks, and one of a mobile provider as many customers: so many times as much.
    """

    def __init__(self, kind: str, rate: Callable[[], Rate], *, larger: int = 5) -> None:
        super().__init__(kind, rate)
        self.sites = Buckets(f"{kind}-of-site", lambda: times(self._rate(), larger))

    def take(self, name: str) -> int:
        """Take a token of the network and one of its site; return 0, or in how many seconds there will be both."""
        if (wait := super().take(name)) or not (site := site_of(name)):
            return wait
        if wait := self.sites.take(site):
            super().give_back(name)
        return wait

    def give_back(self, name: str) -> None:
        super().give_back(name)
        if site := site_of(name):
            self.sites.give_back(site)

    def used(self, name: str) -> float:
        """Return which part of the network's bucket is empty, or of its site's if that is emptier."""
        used = super().used(name)
        return max(used, self.sites.used(site)) if (site := site_of(name)) else used


@lru_cache(maxsize=64)
def times(rate: Rate, number: int) -> Rate:
    """Return so many times the rate, with so many times the burst."""
    return Rate(rate[0] * number, rate[1] * number)


all_buckets: dict[str, Buckets] = {}
