"""The numbers of a range by client and by store, beside those of the range before."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Count, Sum

from analytics.counts import by_client
from analytics.models import Tally
from analytics.over_time import Course
from analytics.sales import counted_orders
from analytics.services import Batch
from carts.call_log import OTHER_CLIENTS

_SESSIONS: Final = Tally.Kind.SESSIONS.value
_FILLED: Final = Tally.Kind.FILLED.value
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ClientNumbers:
    """What came from a client, by the name that it sends; `before` are the sessions of the range before."""

    client: str
    sessions: int
    before: int
    filled: int
    orders: int


@dataclass(frozen=True, slots=True)
class StoreNumbers:
    """What a store sold in one currency, and in the range before."""

    slug: str
    name: str
    currency: str
    orders: int
    revenue: Decimal
    orders_before: int
    revenue_before: Decimal


def known_clients(waiting: Batch, course: Course) -> list[str]:
    """Return the names of the clients that called in the range, sorted; one query."""
    days = Tally.objects.clients(course.first - _DAY, course.end)
    return sorted({*days, *(client for client, _kind, _by in waiting.deltas.by_client(course.first, course.end))})


def clients(waiting: Batch, course: Course, names: Sequence[str]) -> list[ClientNumbers]:
    """Return the numbers of these clients, the most sessions first; three queries."""
    now = by_client(course.first, course.end, names, waiting, (_SESSIONS, _FILLED))
    before = by_client(course.first_before, course.ends_before, names, waiting, (_SESSIONS,))
    orders = Counter[str]()
    rows = counted_orders(course.first, course.end, "").values_list("session__client").annotate(n=Count("pk"))
    for client, n in rows:
        orders[client if client in names else OTHER_CLIENTS] += n
    found = [
        ClientNumbers(name, now[name, _SESSIONS], before[name, _SESSIONS], now[name, _FILLED], orders[name])
        for name in names
    ]
    return sorted(
        (row for row in found if row.sessions or row.before or row.orders), key=lambda row: (-row.sessions, row.client)
    )


def stores(course: Course, client: str) -> list[StoreNumbers]:
    """Return what each store sold, the most orders first; two queries."""
    now = _sold(course.first, course.end, client)
    before = _sold(course.first_before, course.ends_before, client)
    found = [
        StoreNumbers(*store, *now.get(store, (0, Decimal(0))), *before.get(store, (0, Decimal(0))))
        for store in now | before
    ]
    return sorted(found, key=lambda row: (-row.orders, -row.orders_before, row.slug, row.currency))


def _sold(since: datetime, until: datetime, client: str) -> dict[tuple[str, str, str], tuple[int, Decimal]]:
    rows = counted_orders(since, until, client).values_list("store__slug", "store__name", "currency")
    return {
        (slug, name, currency): (n, total)
        for slug, name, currency, n, total in rows.annotate(Count("pk"), Sum("total"))
    }
