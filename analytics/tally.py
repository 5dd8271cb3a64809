"""What calls and sessions add to the tallies, computed without queries.

All changes are kept by client and hour. Those of days and of all clients are sums of them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from analytics.models import Tally
from analytics.percentiles import bucket
from carts.conversation import BY_HANDLE, UNKEYED

STAGES = ("searched", "viewed", "added")
_STAGE = {"search_products": 1, "search": 1, "get_product": 2, "fetch": 2, "add_to_cart": 3}
# A session's products are written again with each step, so their number is capped.
_MOST_PRODUCTS = 300
_HOUR, _HOURS_OF_DAY = 3600, 24
_HOURLY, _DAILY = Tally.Grain.HOUR.value, Tally.Grain.DAY.value
# Plain strings: a look-up of an enumeration's member takes several times as long.
(_SESSIONS, _UNKEYED, _FILLED, _REACHED, _DURATION, _SEEN, _ADDED, _CARTS, _CALLS, _UNKEYED_CALLS, _NAMELESS,
 _FRUITLESS, _REFUSED, _LATENCY) = Tally.Kind.values  # fmt: skip

# (kind, name)
Counted = tuple[str, str]


class RecordedCall(NamedTuple):
    """The columns of a CallRecord that are counted."""

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
        if self.source == UNKEYED:
            yield _NAMELESS, ""
        yield (_CALLS if self.is_keyed else _UNKEYED_CALLS), ""
        yield _LATENCY, f"{self.tool} {bucket(self.milliseconds)}"
        if self.outcome != "ok":
            yield _REFUSED, f"{self.tool} {self.outcome}"
        if self.words and self.results == 0:
            yield _FRUITLESS, searched(self.words)


def searched(words: Iterable[str]) -> str:
    """Return the name under which a search is counted."""
    return " ".join(words)[:200]


class Visit(NamedTuple):
    """The counted state of a session; its fields are the columns of a Fact."""

    session: int
    client: str
    keyed: bool
    last_at: datetime
    seconds: float
    filled: bool
    stage: int
    products: dict[str, bool]
    cart: int
    whole: bool

    @property
    def place(self) -> tuple[str, bool, bool, int]:
        """The client, whether it is keyed and counts whole, and the hour: what decides in which tallies it counts."""
        return self.client, self.keyed, self.whole, _hour(self.last_at)

    @property
    def is_session(self) -> bool:
        """Whether it counts among the sessions: earlier versions left out those without a conversation id."""
        return self.keyed or self.whole

    @property
    def came(self) -> set[Counted]:
        """What the session adds in the hour of its last call, without its products."""
        counted = set() if self.keyed else {(_UNKEYED, "")}
        if not self.is_session:
            return counted
        counted |= {(_SESSIONS, ""), (_DURATION, str(bucket(self.seconds)))}
        if self.filled:
            counted.add((_FILLED, ""))
        # A later stage includes the earlier ones.
        counted.update((_REACHED, stage) for stage in STAGES[: self.stage])
        return counted

    @property
    def chose(self) -> Iterator[Counted]:
        """What its products add."""
        if self.is_session:
            for product, added in self.products.items():
                yield _SEEN, product
                if added:
                    yield _ADDED, product

    def chose_since(self, before: "Visit") -> Iterator[Counted]:
        """What its products add beyond those of `before`; a session never loses a product."""
        if self.is_session:
            for product, added in self.products.items() - before.products.items():
                if product not in before.products:
                    yield _SEEN, product
                if added:
                    yield _ADDED, product


def progress_of(stage: int, products: Mapping[str, bool], calls: Iterable[RecordedCall]) -> tuple[int, dict[str, bool]]:
    """Return a session's stage after these calls, and for each product that it saw whether it was added."""
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
    """The changes of tallies."""

    def __init__(self) -> None:
        # By client and hour since the epoch.
        self._changes: defaultdict[tuple[str, int], Counter[Counted]] = defaultdict(Counter)

    def add_call(self, call: RecordedCall) -> None:
        """Count a call in its own hour."""
        self._change(call.client, call.at, call.counted, 1)

    def add_cart(self, client: str, opened_at: datetime) -> None:
        """Count a cart in the hour it was opened."""
        self._change(client, opened_at, ((_CARTS, ""),), 1)

    def take_back_call(self, call: RecordedCall) -> None:
        """Count a call no more."""
        self._change(call.client, call.at, call.counted, -1)

    def take_back(self, visit: Visit, carts: Iterable[datetime]) -> None:
        """Count a session no more, nor its carts, which were opened at these moments."""
        self._change(visit.client, visit.last_at, (*visit.came, *visit.chose), -1)
        for opened_at in carts:
            self._change(visit.client, opened_at, ((_CARTS, ""),), -1)

    def replace(self, before: Visit | None, after: Visit) -> None:
        """Take back what the session added before, and add what it is now."""
        if before is not None and before.place == after.place:
            # Only the differences: most stays the same.
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
            client: Only this client's changes; those of all clients if empty.
            since, until: Moments at which hours begin.
        """
        first, end = _hour(since), _hour(until)
        for (whose, hour), changes in self._changes.items():
            if first <= hour < end and client in ("", whose):
                for (kind, name), by in changes.items():
                    yield _moment(hour), kind, name, by

    def by_client(self, since: datetime, until: datetime) -> Iterator[tuple[str, str, int]]:
        """Yield (client, kind, change) of kinds without names, of the hours that begin in [since, until)."""
        first, end = _hour(since), _hour(until)
        for (client, hour), changes in self._changes.items():
            if first <= hour < end:
                yield from ((client, kind, by) for (kind, name), by in changes.items() if not name)

    def rows(self) -> list[tuple[bool, str, str, str, datetime, str, int]]:
        """Return the changes as (everybody, client, kind, grain, start, name, change), sorted."""
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
    """Return the hours since the epoch."""
    return int(moment.timestamp() // _HOUR)


def _moment(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * _HOUR, UTC)
