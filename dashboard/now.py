"""What happens at this moment: the tiles and the hours of the first page."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.db.models import CharField, Count, DecimalField, F, QuerySet, Sum
from django.db.models.functions import Cast, Substr
from django.utils import timezone

from carts.models import COUNT_CAP, CallRecord, Cart, Line, Session, SessionWarning

_HOURS = 24
_HOURS_KEPT, _DAY = 30, 86_400  # seconds
_LATE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Now:
    """The four tiles. `values` holds an amount for each currency."""

    active: int
    carts: int
    values: list[tuple[str, Decimal]]
    unkeyed: int


def now() -> Now:
    """Return the tiles' numbers; five queries, each over an index range that a cap or what is remembered bounds."""
    active = Session.objects.real().active().order_by("-last_seen_at", "-id")[:COUNT_CAP]
    filled = Cart.objects.filter(session__in=active.values("pk"), ordered_at=None, item_count__gt=0)
    worth = Sum(F("quantity") * F("product__price"), output_field=DecimalField(max_digits=18, decimal_places=3))
    values = (
        Line.objects.filter(cart__in=filled.values("pk"))
        .order_by()
        .values_list("product__currency")
        .annotate(worth=worth)
    )
    return Now(
        active=Session.objects.real().active().capped_count(),
        carts=filled.count(),
        values=[(currency, worth) for currency, worth in values if worth],
        unkeyed=_unkeyed_today(),
    )


def _unkeyed_today() -> int:
    """How many calls since midnight named no conversation; what was counted before is remembered."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    unkeyed = CallRecord.objects.filter(warning=SessionWarning.Kind.UNKEYED)
    key = f"dashboard.unkeyed.{midnight.timestamp():.0f}"
    counted_to, count = cache.get(key, (midnight, 0))
    # Later than this a call is still being written down.
    settled = max(timezone.now() - _LATE, counted_to)
    count += unkeyed.filter(at__gte=counted_to, at__lt=settled).count()
    cache.set(key, (settled, count), _DAY)
    return int(count + unkeyed.filter(at__gte=settled).count())


def hours() -> list[tuple[datetime, int, int]]:
    """Return calls and new carts for each of the last 24 hours, the oldest first; up to half a minute old."""
    until = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    since = until - timedelta(hours=_HOURS)
    key = f"dashboard.hours.{since:%Y%m%d%H}"
    if (known := cache.get(key)) is None:
        calls = _counted(CallRecord.objects.filter(at__gte=since), "at")
        # Carts have no index by time; the sessions that were seen since then have, and new carts are among theirs.
        lately = Cart.objects.filter(session__last_seen_at__gte=since, session__is_check=False)
        known = calls, _counted(lately.filter(created_at__gte=since), "created_at")
        cache.set(key, known, _HOURS_KEPT)
    calls, carts = known
    moments = [since + timedelta(hours=n) for n in range(_HOURS)]
    return [(moment, calls.get(_key(moment), 0), carts.get(_key(moment), 0)) for moment in moments]


def _counted(rows: QuerySet[Any], moment: str) -> dict[str, int]:
    """How many rows there are in each hour that has any, by the hour's first letters as both databases write it."""
    hour = Substr(Cast(moment, CharField()), 1, 13)
    return dict(rows.order_by().annotate(hour=hour).values_list("hour").annotate(rows=Count("pk")))


def _key(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H}"
