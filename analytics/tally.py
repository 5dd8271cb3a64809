"""What a call and a session add to the tallies. Nothing here asks the database.

Everything is counted for one client and one hour; the numbers of days and of everybody are sums of these.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from analytics.models import Tally
from analytics.percentiles import bucket
from carts.identity import BY_HANDLE, UNKEYED
from carts.models import SessionWarning

STAGES = ("searched", "viewed", "added")
_STAGE = {"search_products": 1, "get_product": 2, "add_to_cart": 3}
# What a session is remembered to have seen: it is written anew with every call, so one that sees everything is capped.
_MOST_PRODUCTS = 300
_HOUR, _HOURS_OF_DAY = 3600, 24
_HOURLY, _DAILY = Tally.Grain.HOUR.value, Tally.Grain.DAY.value
# As plain text: to look a member of an enumeration up takes several times as long.
(_SESSIONS, _UNKEYED, _FILLED, _REACHED, _DURATION, _SEEN, _ADDED, _CARTS, _CALLS, _UNKEYED_CALLS, _NAMELESS,
 _FRUITLESS, _REFUSED, _LATENCY) = Tally.Kind.values  # fmt: skip

# (kind, name)
Counted = tuple[str, str]


class Call(NamedTuple):
    """A recorded call, as far as it counts. The names are those of the record."""

    id: int
    session_id: int | None
    at: datetime
    tool: str
    outcome: str
    milliseconds: float
    client: str
    source: str
    warning: str
    words: list[str]
    results: int | None
    products: list[str]

    @property
    def is_keyed(self) -> bool:
        return self.source not in (BY_HANDLE, UNKEYED)

    @property
    def counted(self) -> Iterator[Counted]:
        """What the call adds in its hour."""
        if self.warning == SessionWarning.Kind.UNKEYED.value:
            yield _NAMELESS, ""
        if not self.is_keyed:
            yield _UNKEYED_CALLS, ""
            return
        yield _CALLS, ""
        yield _LATENCY, f"{self.tool} {bucket(self.milliseconds)}"
        if self.outcome != "ok":
            yield _REFUSED, f"{self.tool} {self.outcome}"
        if self.words and self.results == 0:
            yield _FRUITLESS, " ".join(self.words)[:200]


class Visit(NamedTuple):
    """A session, as far as it counts. The names are those of the fact that is kept of it."""

    session: int
    client: str
    keyed: bool
    last_at: datetime
    seconds: float
    filled: bool
    stage: int
    products: dict[str, bool]
    cart: int

    @property
    def place(self) -> tuple[str, bool, int]:
        """Where it is counted."""
        return self.client, self.keyed, _hour(self.last_at)

    @property
    def came(self) -> set[Counted]:
        """What the session adds in the hour of its last call, but for its products."""
        if not self.keyed:
            return {(_UNKEYED, "")}
        counted = {(_SESSIONS, ""), (_DURATION, str(bucket(self.seconds)))}
        if self.filled:
            counted.add((_FILLED, ""))
        # Whoever came further passed the stages before.
        counted.update((_REACHED, stage) for stage in STAGES[: self.stage])
        return counted

    @property
    def chose(self) -> Iterator[Counted]:
        """What its products add."""
        if self.keyed:
            for product, added in self.products.items():
                yield _SEEN, product
                if added:
                    yield _ADDED, product

    def chose_since(self, before: "Visit") -> Iterator[Counted]:
        """What its products add beyond what they added before: a session forgets none."""
        if self.keyed:
            for product, added in self.products.items() - before.products.items():
                if product not in before.products:
                    yield _SEEN, product
                if added:
                    yield _ADDED, product


def progress_of(stage: int, products: Mapping[str, bool], calls: Iterable[Call]) -> tuple[int, dict[str, bool]]:
    """Return how far a session came, and the products it saw and whether it added them, after these calls too."""
    seen = dict(products)
    for call in calls:
        if call.outcome != "ok":
            continue
        reached = _STAGE.get(call.tool, 0)
        stage = max(stage, reached)
        for product in call.products:
            if product in seen or len(seen) < _MOST_PRODUCTS:
                seen[product] = reached == 3 or seen.get(product, False)
    return stage, seen


class Deltas:
    """By how much tallies change."""

    def __init__(self) -> None:
        # By client and number of the hour.
        self._changes: defaultdict[tuple[str, int], Counter[Counted]] = defaultdict(Counter)

    def add_call(self, call: Call) -> None:
        """Count a call, in its own hour."""
        self._change(call.client, call.at, call.counted, 1)

    def add_cart(self, client: str, opened_at: datetime) -> None:
        """Count a cart, in the hour it was opened."""
        self._change(client, opened_at, ((_CARTS, ""),), 1)

    def replace(self, before: Visit | None, after: Visit) -> None:
        """Take back what the session was counted as, and count it as what it is now."""
        if before is not None and before.place == after.place:
            # Most of it stays as it is.
            self._change(after.client, after.last_at, before.came - after.came, -1)
            self._change(after.client, after.last_at, after.came - before.came, 1)
            self._change(after.client, after.last_at, after.chose_since(before), 1)
            return
        if before is not None:
            self._change(before.client, before.last_at, (*before.came, *before.chose), -1)
        self._change(after.client, after.last_at, (*after.came, *after.chose), 1)

    def of(self, client: str, since: datetime, until: datetime) -> Iterator[tuple[datetime, str, str, int]]:
        """Yield (hour, kind, name, change) of the hours that begin in [since, until).

        Args:
            client: This client's; everybody's where it is empty.
            since, until: Moments at which hours begin.
        """
        first, end = _hour(since), _hour(until)
        for (whose, hour), changes in self._changes.items():
            if first <= hour < end and client in ("", whose):
                for (kind, name), by in changes.items():
                    yield _moment(hour), kind, name, by

    def rows(self) -> list[tuple[bool, str, str, str, datetime, str, int]]:
        """The changes of tallies: (everybody, client, kind, grain, start, name, change), in one order everywhere."""
        sums: Counter[tuple[bool, str, str, str, int, str]] = Counter()
        for (client, hour), changes in self._changes.items():
            day = hour - hour % _HOURS_OF_DAY
            for (kind, name), by in changes.items():
                if by:
                    sums[False, client, kind, _HOURLY, hour, name] += by
                    sums[True, "", kind, _HOURLY, hour, name] += by
                    sums[False, client, kind, _DAILY, day, name] += by
                    sums[True, "", kind, _DAILY, day, name] += by
        return [(*key[:4], _moment(key[4]), key[5], by) for key, by in sorted(sums.items()) if by]

    def _change(self, client: str, at: datetime, counted: Iterable[Counted], by: int) -> None:
        changes = self._changes[client, _hour(at)]
        for key in counted:
            changes[key] += by


def _hour(moment: datetime) -> int:
    """The hours since the epoch."""
    return int(moment.timestamp() // _HOUR)


def _moment(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * _HOUR, UTC)
