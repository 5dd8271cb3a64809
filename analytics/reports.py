"""Reports on a range of time, from tallies: the number of rows grows with the days, not with the sessions.

Ranges are whole hours: the start is moved back to its hour, the end forward. Whole days are read from tallies of days.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from analytics.counts import at_one_moment, counts_of, hour_after, hour_before
from analytics.models import Fact, Tally
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
from analytics.services import Batch
from analytics.tally import STAGES
from carts.browse import LOST_AFTER
from catalog.models import Product

LISTED = 10
_Kind = Tally.Kind


class Summary(SummaryOut, PopularProductsOut):
    """The numbers of whole hours. Durations, p50 and p95 are right within 5 %."""

    calls: int


def summary(since: datetime, until: datetime, *, client: str = "") -> Summary:
    """Return the numbers of [since, until), of one client or, if `client` is empty, of all; 15 queries at most."""
    return at_one_moment(lambda waiting: summary_with(waiting, since, until, client))


def summary_with(waiting: Batch, since: datetime, until: datetime, client: str) -> Summary:
    """Return what `summary` does, with the uncounted calls that `at_one_moment` has read."""
    first, last = hour_before(since), hour_after(until)
    quiet_for_long = min(last, hour_before(timezone.now() - LOST_AFTER))
    early = counts_of(first, quiet_for_long, client, waiting, [_Kind.FILLED]) if quiet_for_long > first else {}
    lost = early.get(_Kind.FILLED, Counter())[""]
    counts, lively = counts_of(first, last, client, waiting), _lively(first, last, client, waiting)
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
        waiting=waiting.more,
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
