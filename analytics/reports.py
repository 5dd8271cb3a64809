"""What the tallies say of a range of time: a number of rows that grows with the days, never with the sessions.

Ranges are whole hours: the start is moved back to its hour, the end forward. Whole days are read as such. What the
latest calls will add is looked at on top, so that the numbers are those of this moment.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db.models import Q, Sum
from django.utils import timezone

from analytics.models import Fact, Progress, Tally
from analytics.percentiles import percentile
from analytics.services import Uncounted, uncounted
from analytics.tally import STAGES
from carts.browse import LOST_AFTER

LISTED = 10
_TRIES = 3
_Kind = Tally.Kind
_Counts = dict[str, Counter[str]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Speed:
    """A tool's calls: how many, and milliseconds at the median and where 95 of 100 stay below, within 5 %."""

    tool: str
    calls: int
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Sessions that name their conversation by their last call, and the calls of such by their own time.

    `since` and `until` are the whole hours that were counted. Durations are in seconds, within 5 %. `popular` holds
    (product's public id, sessions that saw it, sessions that added it), `refusals` (tool, code, calls), `fruitless`
    (words, searches); the most frequent first. `waiting` is how many of the latest calls are in no number yet.
    """

    since: datetime
    until: datetime
    sessions: int
    median: float | None
    p90: float | None
    filled: int
    abandoned: int
    lost: int
    unkeyed: int
    calls: int
    unkeyed_calls: int
    stages: Mapping[str, int]
    popular: Sequence[tuple[str, int, int]]
    fruitless: Sequence[tuple[str, int]]
    refusals: Sequence[tuple[str, str, int]]
    speeds: Sequence[Speed]
    waiting: int

    @property
    def abandonment(self) -> float | None:
        """Abandoned carts, of the filled ones; None without any."""
        return _share(self.abandoned, self.filled)

    @property
    def conversion(self) -> float | None:
        """Sessions that filled a cart, of all: the last step that this shop can reach. None without sessions."""
        return _share(self.filled, self.sessions)

    def reached(self, stage: str) -> float | None:
        """Sessions that came so far, of all; None without sessions."""
        return _share(self.stages[stage], self.sessions)

    def in_hundred(self, sessions: int) -> float:
        """How many of a hundred sessions these are."""
        return 100 * (_share(sessions, self.sessions) or 0)


@dataclass(frozen=True, slots=True)
class Hours:
    """How often something happened, by (hour, kind of tally), and how many of the latest calls are not among it yet."""

    counts: Mapping[tuple[datetime, str], int]
    waiting: int

    def between(self, kind: str, since: datetime, until: datetime) -> int:
        """The sum of the hours that begin in [since, until)."""
        return sum(n for (hour, of), n in self.counts.items() if of == kind and since <= hour < until)


def summary(since: datetime, until: datetime, *, client: str = "") -> Summary:
    """Return the numbers of [since, until), of everybody or of one client; nine queries at most."""
    first, last = _hour(since), hour_after(until)
    quiet_for_long = min(last, _hour(timezone.now() - LOST_AFTER))

    def read(waiting: Uncounted) -> tuple[_Counts, int, int, int]:
        lost = _counts(first, quiet_for_long, client, waiting, [_Kind.FILLED]) if quiet_for_long > first else {}
        counts = _counts(first, last, client, waiting)
        return counts, lost.get(_Kind.FILLED, Counter())[""], _lively(first, last, client, waiting), waiting.more

    counts, lost, lively, waiting = _at_one_moment(read)
    seen, added = counts[_Kind.SEEN], counts[_Kind.ADDED]
    most = sorted(seen, key=lambda product: (-added[product], -seen[product], product))[:LISTED]
    filled = counts[_Kind.FILLED][""]
    durations = {int(name): n for name, n in counts[_Kind.DURATION].items()}
    return Summary(
        since=first,
        until=last,
        sessions=counts[_Kind.SESSIONS][""],
        median=percentile(durations, 0.5),
        p90=percentile(durations, 0.9),
        filled=filled,
        abandoned=max(0, filled - lively),
        lost=lost,
        unkeyed=counts[_Kind.UNKEYED][""],
        calls=counts[_Kind.CALLS][""],
        unkeyed_calls=counts[_Kind.UNKEYED_CALLS][""],
        stages={stage: counts[_Kind.STAGE][stage] for stage in STAGES},
        popular=[(product, seen[product], added[product]) for product in most],
        fruitless=_most(counts[_Kind.FRUITLESS]),
        refusals=[(*_parted(name), n) for name, n in _most(counts[_Kind.REFUSED])],
        speeds=_speeds(counts[_Kind.LATENCY]),
        waiting=waiting,
    )


def by_hour(since: datetime, until: datetime, kinds: Collection[str]) -> Hours:
    """Return how often these kinds happened in each whole hour of [since, until), to everybody; six queries at most."""
    rows = Tally.objects.of_client("").within(Tally.Grain.HOUR, since, until).filter(kind__in=kinds, name="")

    def read(waiting: Uncounted) -> Hours:
        counts = Counter({(start, kind): n for start, kind, n in rows.values_list("start", "kind", "count")})
        for hour, kind, _name, by in waiting.deltas.of("", since, until):
            if kind in kinds:
                counts[hour, kind] += by
        return Hours(counts, waiting.more)

    return _at_one_moment(read)


def hour_after(moment: datetime) -> datetime:
    """The moment itself where an hour begins, else when the next one does."""
    return _hour(moment + timedelta(hours=1) - timedelta(microseconds=1)) if moment < _LATEST else _LATEST


def _at_one_moment(read: Callable[[Uncounted], T]) -> T:
    """Read tallies, and what comes on top of them; anew, where a step of the counting came in between."""
    for _attempt in range(_TRIES):
        waiting = uncounted()
        found = read(waiting)
        if waiting.call == (Progress.objects.values_list("call", flat=True).filter(pk=1).first() or 0):
            break
    return found


def _counts(
    since: datetime, until: datetime, client: str, waiting: Uncounted, kinds: Sequence[str] = _Kind.values
) -> _Counts:
    rows = Tally.objects.of_client(client).filter(_spans(since, until), kind__in=kinds)
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, name, n in rows.values_list("kind", "name").annotate(n=Sum("count")):
        sums[kind][name] = n
    for _moment, kind, name, by in waiting.deltas.of(client, since, until):
        if kind in kinds:
            sums[kind][name] += by
    # What was taken back is not there any more.
    return defaultdict(Counter, {kind: +names for kind, names in sums.items()})


def _spans(first: datetime, last: datetime) -> Q:
    """Whole days by day, what is left at both ends by hour."""
    day = timedelta(days=1)
    day_first = first if not first.hour else first.replace(hour=0) + day
    day_last = last.replace(hour=0)
    hours = Q(grain=Tally.Grain.HOUR)
    if day_first >= day_last:
        return hours & Q(start__gte=first, start__lt=last)
    return (
        Q(grain=Tally.Grain.DAY, start__gte=day_first, start__lt=day_last)
        | hours & Q(start__gte=first, start__lt=day_first)
        | hours & Q(start__gte=day_last, start__lt=last)
    )


def _hour(moment: datetime) -> datetime:
    # East of Greenwich the first day there is begins before the first moment there is.
    return max(moment, _EARLIEST).astimezone(UTC).replace(minute=0, second=0, microsecond=0)


_EARLIEST = datetime(2, 1, 1, tzinfo=UTC)
_LATEST = _hour(datetime.max.replace(tzinfo=UTC))


def _lively(since: datetime, until: datetime, client: str, waiting: Uncounted) -> int:
    """Filled sessions of the range that have not been quiet for long enough to count as abandoned."""
    quiet = max(since, timezone.now() - settings.SHOPMCP_ABANDONED_AFTER)
    rows = Fact.objects.filter(keyed=True, filled=True, last_at__gte=quiet, last_at__lt=until)
    if client:
        rows = rows.filter(client=client)
    changed = [visit.session for visit in waiting.visits]
    return rows.exclude(session__in=changed).count() + sum(
        visit.keyed and visit.filled and quiet <= visit.last_at < until and client in ("", visit.client)
        for visit in waiting.visits
    )


def _most(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:LISTED]


def _share(part: int, of: int) -> float | None:
    return part / of if of else None


def _parted(name: str) -> tuple[str, str]:
    tool, _, rest = name.partition(" ")
    return tool, rest


def _speeds(latency: Mapping[str, int]) -> list[Speed]:
    by_tool: dict[str, dict[int, int]] = defaultdict(dict)
    for name, n in latency.items():
        tool, number = _parted(name)
        by_tool[tool][int(number)] = n
    found = [
        Speed(tool, sum(buckets.values()), percentile(buckets, 0.5) or 0, percentile(buckets, 0.95) or 0)
        for tool, buckets in by_tool.items()
    ]
    return sorted(found, key=lambda speed: (-speed.calls, speed.tool))
