"""Reports on a range of time, from tallies: the number of rows grows with the days, not with the sessions.

Ranges are whole hours: the start is moved back to its hour, the end forward. Whole days are read from tallies of days.
What the uncounted calls will add is computed on top, so reports are up to date.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db.models import Q, Sum
from django.utils import timezone

from analytics.models import Checkpoint, Fact, Tally
from analytics.percentiles import percentile
from analytics.sales import Outside, Sales, linked_sessions, outside, sales
from analytics.schemas import (
    FruitlessOut,
    PopularOut,
    PopularProductsOut,
    RefusalOut,
    RevenueOut,
    SpeedOut,
    StageOut,
    SummaryOut,
)
from analytics.services import Batch, uncounted
from analytics.tally import STAGES
from carts.browse import LOST_AFTER
from catalog.models import Product

LISTED = 10
_TRIES = 3
_Kind = Tally.Kind
_Counts = dict[str, Counter[str]]
T = TypeVar("T")


class Summary(SummaryOut, PopularProductsOut):
    """The numbers of whole hours. Durations, p50 and p95 are right within 5 %."""

    calls: int


@dataclass(frozen=True, slots=True)
class Hours:
    """Counts by (hour, kind of tally). `waiting` is about how many of the latest calls are not in them yet."""

    counts: Counter[tuple[datetime, str]]
    waiting: int

    def between(self, kind: str, since: datetime, until: datetime) -> int:
        """Return the sum of the hours that begin in [since, until)."""
        return sum(n for (hour, of), n in self.counts.items() if of == kind and since <= hour < until)


def summary(since: datetime, until: datetime, *, client: str = "") -> Summary:
    """Return the numbers of [since, until), of one client or, if `client` is empty, of all; 15 queries at most."""
    first, last = _hour(since), hour_after(until)
    quiet_for_long = min(last, _hour(timezone.now() - LOST_AFTER))

    def read(waiting: Batch) -> tuple[_Counts, int, int, int]:
        lost = _counts(first, quiet_for_long, client, waiting, [_Kind.FILLED]) if quiet_for_long > first else {}
        counts = _counts(first, last, client, waiting)
        return counts, lost.get(_Kind.FILLED, Counter())[""], _lively(first, last, client, waiting), waiting.more

    counts, lost, lively, waiting = _at_one_moment(read)
    sessions, filled = counts[_Kind.SESSIONS][""], counts[_Kind.FILLED][""]
    quiet = timezone.now() - settings.SHOPMCP_ABANDONED_AFTER
    sold = sales(first, last, client, quiet=quiet, lost=quiet_for_long)
    gone = outside(first, last, client, quiet=quiet, lost=quiet_for_long)
    abandoned = max(0, filled - lively - sold.quiet - gone.quiet)
    durations = {int(name): n for name, n in counts[_Kind.DURATION].items()}
    stages = counts[_Kind.STAGE]
    return Summary(
        since=first,
        until=last,
        sessions=sessions,
        waiting=waiting,
        median_duration=percentile(durations, 0.5),
        p90_duration=percentile(durations, 0.9),
        linked=min(sessions, linked_sessions(first, last, client)),
        filled=filled,
        abandoned=abandoned,
        lost=max(0, lost - sold.lost - gone.lost),
        orders=sum(orders for orders, _ in sold.revenue.values()),
        revenue=[
            RevenueOut(currency=currency, orders=orders, amount=str(total))
            for currency, (orders, total) in sold.revenue.items()
        ],
        filled_share=_share(filled, sessions),
        abandonment=_share(abandoned, filled),
        # A session may order before its first call in the range, or after the last.
        conversion=_share(min(sold.sessions, sessions), sessions),
        unkeyed=counts[_Kind.UNKEYED][""],
        calls=counts[_Kind.CALLS][""] + counts[_Kind.UNKEYED_CALLS][""],
        funnel=[
            StageOut(stage=name, sessions=n, share=_share(min(n, sessions), sessions))
            for name, n in _stages(stages, gone, sold)
        ],
        products=_popular(counts[_Kind.SEEN], counts[_Kind.ADDED], sessions),
        fruitless_searches=[FruitlessOut(words=words, searches=n) for words, n in _most(counts[_Kind.FRUITLESS])],
        refusals=[
            RefusalOut(tool=tool, code=code, calls=n)
            for name, n in _most(counts[_Kind.REFUSED])
            for tool, _, code in [name.partition(" ")]
        ],
        tools=_speeds(counts[_Kind.LATENCY]),
    )


def _stages(reached: Counter[str], gone: Outside, sold: Sales) -> Iterator[tuple[str, int]]:
    """How many sessions came how far. Who goes to the store's own checkout is not known to have ordered."""
    yield from ((name, reached[name]) for name in STAGES)
    yield "handed_over", gone.handed_over
    if gone.left:
        yield "left", gone.left
    yield "ordered", sold.sessions


def by_hour(since: datetime, until: datetime, kinds: Collection[str]) -> Hours:
    """Return the counts of these kinds in each whole hour of [since, until), of all clients; six queries at most."""
    rows = Tally.objects.of_client("").within(Tally.Grain.HOUR, since, until).filter(kind__in=kinds, name="")

    def read(waiting: Batch) -> Hours:
        counts = Counter({(start, kind): n for start, kind, n in rows.values_list("start", "kind", "count")})
        for hour, kind, _name, by in waiting.deltas.of("", since, until):
            if kind in kinds:
                counts[hour, kind] += by
        return Hours(counts, waiting.more)

    return _at_one_moment(read)


def hour_after(moment: datetime) -> datetime:
    """Return the first full hour at or after the moment."""
    return _hour(moment + timedelta(hours=1) - timedelta(microseconds=1)) if moment < _LATEST else _LATEST


def _at_one_moment(read: Callable[[Batch], T]) -> T:
    """Read tallies and uncounted calls; again if a step of the counting came in between."""
    for _attempt in range(_TRIES):
        waiting = uncounted()
        found = read(waiting)
        if waiting.call == (Checkpoint.objects.values_list("call", flat=True).filter(pk=1).first() or 0):
            break
    return found


def _counts(
    since: datetime, until: datetime, client: str, waiting: Batch, kinds: Sequence[str] = _Kind.values
) -> _Counts:
    rows = Tally.objects.of_client(client).filter(_spans(since, until), kind__in=kinds)
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, name, n in rows.values_list("kind", "name").annotate(n=Sum("count")):
        sums[kind][name] = n
    for _moment, kind, name, by in waiting.deltas.of(client, since, until):
        if kind in kinds:
            sums[kind][name] += by
    # Unary plus drops names whose count is zero.
    return defaultdict(Counter, {kind: +names for kind, names in sums.items()})


def _spans(first: datetime, last: datetime) -> Q:
    """Select whole days by day, and the rest at both ends by hour."""
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
    # East of Greenwich, the first day of the calendar begins before datetime.min.
    return max(moment, _EARLIEST).astimezone(UTC).replace(minute=0, second=0, microsecond=0)


_EARLIEST = datetime(2, 1, 1, tzinfo=UTC)
_LATEST = _hour(datetime.max.replace(tzinfo=UTC))


def _lively(since: datetime, until: datetime, client: str, waiting: Batch) -> int:
    """Count the filled sessions of the range whose last call is too recent for an abandoned cart."""
    quiet = max(since, timezone.now() - settings.SHOPMCP_ABANDONED_AFTER)
    counted = Fact.objects.filter(Q(keyed=True) | Q(whole=True))
    rows = counted.filter(filled=True, last_at__gte=quiet, last_at__lt=until)
    if client:
        rows = rows.filter(client=client)
    changed = [visit.session for visit in waiting.visits]
    return rows.exclude(session__in=changed).count() + sum(
        visit.is_session and visit.filled and quiet <= visit.last_at < until and client in ("", visit.client)
        for visit in waiting.visits
    )


def _popular(seen: Counter[str], added: Counter[str], sessions: int) -> list[PopularOut]:
    most = sorted(seen, key=lambda product: (-added[product], -seen[product], product))[:LISTED]
    names = dict(Product.objects.filter(public_id__in=most).values_list("public_id", "name")) if most else {}
    return [
        PopularOut(
            product_id=product,
            name=names.get(product, product),
            seen=100 * (_share(seen[product], sessions) or 0),
            added=100 * (_share(added[product], sessions) or 0),
        )
        for product in most
    ]


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:LISTED]


def _share(part: int, of: int) -> float | None:
    return part / of if of else None


def _speeds(latency: Mapping[str, int]) -> list[SpeedOut]:
    by_tool: dict[str, dict[int, int]] = defaultdict(dict)
    for name, n in latency.items():
        tool, _, number = name.partition(" ")
        by_tool[tool][int(number)] = n
    found = [
        SpeedOut(
            tool=tool,
            calls=sum(buckets.values()),
            p50=percentile(buckets, 0.5) or 0,
            p95=percentile(buckets, 0.95) or 0,
        )
        for tool, buckets in by_tool.items()
    ]
    return sorted(found, key=lambda speed: (-speed.calls, speed.tool))
