"""What was ordered in a range of time. Test orders, and orders that were cancelled, count in no number."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Q, Sum

from carts.conversation import BY_HANDLE, UNKEYED
from carts.models import Cart, Session
from carts.services.sessions import ELSEWHERE
from orders.models import Order, OrderState


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
    """Return how many sessions with a conversation id went on outside of the chat in [since, until); two queries."""
    rows = Cart.objects.filter(session__is_check=False).exclude(session__source__in=(BY_HANDLE, UNKEYED, ELSEWHERE))
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
    """Return how many sessions with a conversation id, whose last call was in [since, until), an account keeps now."""
    rows = Session.objects.real().filter(person__isnull=False, last_seen_at__gte=since, last_seen_at__lt=until)
    if client:
        rows = rows.filter(client=client)
    return rows.exclude(source__in=(BY_HANDLE, UNKEYED, ELSEWHERE)).count()


def sales(since: datetime, until: datetime, client: str, *, quiet: datetime, lost: datetime) -> Sales:
    """Return what was ordered in [since, until), of one client or of all; two queries."""
    rows = Order.objects.real().placed_between(since, until).order_by()
    rows = rows.exclude(state__in=(OrderState.AWAITING, OrderState.CANCELLED))
    if client:
        rows = rows.filter(session__client=client)
    counted = rows.exclude(session__source__in=(BY_HANDLE, UNKEYED)).aggregate(
        sessions=Count("session", distinct=True),
        quiet=Count("session", distinct=True, filter=Q(session__last_seen_at__lt=quiet)),
        lost=Count("session", distinct=True, filter=Q(session__last_seen_at__lt=lost)),
    )
    sums = rows.values_list("currency").annotate(Count("pk"), Sum("total"))
    return Sales(
        **counted, revenue={currency: (orders, total) for currency, orders, total in sums.order_by("currency")}
    )
