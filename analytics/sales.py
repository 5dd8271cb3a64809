"""What was ordered in a range of time. Test orders, and orders that were cancelled, count in no number."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, F, Max, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from carts.models import Cart, Session
from carts.sources import NO_CHATS
from orders.models import Order, OrderLine, OrderQuerySet, OrderState


@dataclass(frozen=True, slots=True)
class Sales:
    """Orders of a range.

    Attributes:
        sessions: Sessions that ordered, by when they did.
        quiet: Those of them whose session has been quiet since one moment, and `lost` since another.
        revenue: The number of orders and the sum of what they cost, by currency.
    """

    sessions: int
    quiet: int
    lost: int
    revenue: dict[str, tuple[int, Decimal]]


@dataclass(frozen=True, slots=True)
class Outside:
    """Sessions whose carts went on outside of the chat.

    Attributes:
        handed_over: Those whose cart was opened in a browser in the range.
        left: Those whose cart was taken to the store's own checkout in the range, and not brought back.
        quiet: Those of `left` whose session has been quiet since one moment, and `lost` since another.
    """

    handed_over: int
    left: int
    quiet: int
    lost: int


def outside(since: datetime, until: datetime, client: str, *, quiet: datetime, lost: datetime) -> Outside:
    """Return how many sessions went on outside of the chat in [since, until); two queries."""
    rows = Cart.objects.filter(session__is_check=False).exclude(session__source__in=NO_CHATS)
    if client:
        rows = rows.filter(session__client=client)
    sessions = Count("session", distinct=True)
    opened = rows.filter(handed_over_at__gte=since, handed_over_at__lt=until).aggregate(n=sessions)["n"]
    gone = rows.filter(left_at__gte=since, left_at__lt=until, ordered_at=None).aggregate(
        left=sessions,
        quiet=Count("session", distinct=True, filter=Q(session__last_seen_at__lt=quiet)),
        lost=Count("session", distinct=True, filter=Q(session__last_seen_at__lt=lost)),
    )
    return Outside(opened, **gone)


def linked_sessions(since: datetime, until: datetime, client: str) -> int:
    """Return how many sessions whose last call was in [since, until) an account keeps now."""
    # Few sessions have one, and an index lists them. SQLite would rather read all sessions of the range: hide the time.
    rows = Session.objects.real().filter(person__gt=0).alias(seen_at=Coalesce("last_seen_at", "last_seen_at"))
    rows = rows.filter(seen_at__gte=since, seen_at__lt=until)
    if client:
        rows = rows.filter(client=client)
    return rows.exclude(source__in=NO_CHATS).count()


def sales(since: datetime, until: datetime, client: str, *, quiet: datetime, lost: datetime) -> Sales:
    """Return what was ordered in [since, until), of one client or of all; two queries."""
    rows = counted_orders(since, until, client)
    # The carts of permalinks are no sessions; their orders are orders.
    counted = rows.exclude(session__source__in=NO_CHATS).aggregate(
        sessions=Count("session", distinct=True),
        quiet=Count("session", distinct=True, filter=Q(session__last_seen_at__lt=quiet)),
        lost=Count("session", distinct=True, filter=Q(session__last_seen_at__lt=lost)),
    )
    sums = rows.values_list("currency").annotate(Count("pk"), Sum("total"))
    return Sales(
        **counted, revenue={currency: (orders, total) for currency, orders, total in sums.order_by("currency")}
    )


@dataclass(frozen=True, slots=True)
class SoldProduct:
    """What was ordered of a product; `amount` is after discounts."""

    product_id: str
    name: str
    units: int
    currency: str
    amount: Decimal


def best_sellers(since: datetime, until: datetime, client: str, *, most: int) -> list[SoldProduct]:
    """Return the products that brought most in [since, until), by currency and amount; one query over its orders."""
    lines = OrderLine.objects.filter(order__in=counted_orders(since, until, client).values("pk"), quantity__gt=0)
    rows = (
        lines.order_by()
        .values_list("order__currency", "product_id_then")
        .annotate(name=Max("name"), units=Sum("quantity"), amount=Sum(F("total") - F("discount")))
    )
    return [
        SoldProduct(product_id, name, units, currency, amount)
        for currency, product_id, name, units, amount in rows.order_by("-amount", "product_id_then")[:most]
    ]


def counted_orders(since: datetime, until: datetime, client: str) -> QuerySet[Order]:
    """The orders that count: placed in [since, until), no tests, not cancelled and not waiting for the buyer."""
    rows = counting(Order.objects.placed_between(since, until)).order_by()
    return rows.filter(session__client=client) if client else rows


def counting(orders: OrderQuerySet) -> OrderQuerySet:
    """Those of the orders that count."""
    return orders.real().exclude(state__in=(OrderState.AWAITING, OrderState.CANCELLED))
