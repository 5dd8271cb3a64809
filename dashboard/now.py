"""What happens at this moment: the tiles and the hours of the first page."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, F, QuerySet, Sum
from django.db.models.functions import TruncHour
from django.utils import timezone

from carts.models import COUNT_CAP, CallRecord, Cart, Line, Session, SessionWarning

_HOURS = 24


@dataclass(frozen=True, slots=True)
class Now:
    """The four tiles. `values` holds an amount for each currency."""

    active: int
    carts: int
    values: list[tuple[str, Decimal]]
    unkeyed: int


def now() -> Now:
    """Return the tiles' numbers; four queries, each over an index range that a cap bounds."""
    active = Session.objects.real().active().order_by("-last_seen_at", "-id")[:COUNT_CAP]
    filled = Cart.objects.filter(session__in=active.values("pk"), ordered_at=None, item_count__gt=0)
    worth = Sum(F("quantity") * F("product__price"), output_field=DecimalField(max_digits=18, decimal_places=3))
    values = (
        Line.objects.filter(cart__in=filled.values("pk"))
        .order_by()
        .values_list("product__currency")
        .annotate(worth=worth)
    )
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    unkeyed = CallRecord.objects.filter(at__gte=midnight, warning=SessionWarning.Kind.UNKEYED)
    return Now(
        active=Session.objects.real().active().capped_count(),
        carts=filled.count(),
        values=[(currency, worth) for currency, worth in values if worth],
        unkeyed=unkeyed[:COUNT_CAP].count(),
    )


def hours() -> list[tuple[datetime, int, int]]:
    """Return calls and new carts for each of the last 24 hours, the oldest first; two queries."""
    until = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    since = until - timedelta(hours=_HOURS)
    calls = _counted(CallRecord.objects.filter(at__gte=since), "at")
    carts = _counted(Cart.objects.filter(created_at__gte=since, session__is_check=False), "created_at")
    moments = [since + timedelta(hours=n) for n in range(_HOURS)]
    return [(moment, calls.get(moment, 0), carts.get(moment, 0)) for moment in moments]


def _counted(rows: QuerySet[Any], moment: str) -> dict[datetime, int]:
    """How many rows there are in each hour that has any."""
    hour = TruncHour(moment, tzinfo=UTC)
    return dict(rows.order_by().annotate(hour=hour).values_list("hour").annotate(rows=Count("pk")))
