"""The first page: active sessions, carts, and warnings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from analytics.counts import by_hour, hour_after
from analytics.models import Tally
from carts.browse import session_page
from carts.conversation import UNKEYED
from carts.models import COUNT_CAP, CallRecord, Cart, Line, Session
from dashboard.charts import hour_chart
from dashboard.filters import filter_of
from dashboard.forms import STATES, SessionFilterForm
from dashboard.pages import owner_page, show
from dashboard.rows import items_of
from dashboard.signs import attention, banner
from health.first_hour import first_hour
from health.report import recent_health

_HOURS = 24
_Kind = Tally.Kind
_KINDS = (_Kind.CALLS, _Kind.UNKEYED_CALLS, _Kind.NAMELESS, _Kind.CARTS)
_SHOWN = 25
_PRESETS = ("", "cart", "idle", "unkeyed")


@dataclass(frozen=True, slots=True)
class Now:
    """The current numbers. `values` has an amount for each currency."""

    active: int
    carts: int
    values: list[tuple[str, Decimal]]


@dataclass(frozen=True, slots=True)
class LastDay:
    """Calls and new carts of the last 24 hours, by hour, the oldest first.

    `unkeyed` counts the calls since midnight that named neither a conversation nor a cart. `waiting` is the approximate
    number of calls that are not counted yet.
    """

    hours: Sequence[tuple[datetime, int, int]]
    unkeyed: int
    waiting: int


def now() -> Now:
    """Return the current numbers; three queries over a bounded index range."""
    active = Session.objects.real().active().order_by("-last_seen_at", "-id")[:COUNT_CAP]
    filled = Cart.objects.filled().filter(session__in=active.values("pk"))
    lines = Line.objects.with_worth(timezone.now()).filter(cart__in=filled.values("pk")).order_by()
    values = lines.values_list("cart__currency").annotate(sum=Sum("worth"))
    return Now(
        active=Session.objects.real().active().capped_count(),
        carts=filled.count(),
        values=[(currency, worth) for currency, worth in values if worth],
    )


def last_day() -> LastDay:
    """Return the counts of the last day; at most seven queries.

    Tallies begin at full hours of UTC, so one query counts the calls between midnight and the next of these.
    """
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    today = hour_after(midnight)
    until = hour_after(timezone.now())
    since = until - timedelta(hours=_HOURS)
    found = by_hour(min(since, today), until, _KINDS)
    counts = found.counts
    before = CallRecord.objects.filter(at__gte=midnight, at__lt=today, source=UNKEYED)
    return LastDay(
        hours=[
            (
                hour,
                counts[hour, _Kind.CALLS] + counts[hour, _Kind.UNKEYED_CALLS],
                counts[hour, _Kind.CARTS],
            )
            for hour in (since + timedelta(hours=n) for n in range(_HOURS))
        ],
        unkeyed=found.between(_Kind.NAMELESS, today, until) + (before.count() if midnight < today else 0),
        waiting=found.waiting,
    )


@owner_page
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Whether chats are kept apart, warnings, four numbers, the newest sessions, and the last day by hour."""
    form = SessionFilterForm(request.GET)
    form.is_valid()
    asked = filter_of(form)
    page = session_page(asked, limit=_SHOWN)
    day = last_day()
    signs, isolation = attention(), banner()
    context = {
        "isolation": isolation,
        # A stray call of an earlier day is on the page of warnings alone.
        "signs": [sign for sign in signs if sign.severity == "meet" or sign.is_after(isolation.since)],
        "now": now(),
        "health": recent_health(),
        "first_hour": first_hour(),
        "day": day,
        "rows": items_of(page.sessions),
        "more": bool(page.cursor),
        "presets": {state: STATES[state] for state in _PRESETS},
        "state": asked.state,
        "query": form.cleaned_data.get("q", ""),
        "charts": {
            "calls": hour_chart(_("Calls by hour"), [(moment, calls) for moment, calls, _carts in day.hours]),
            "carts": hour_chart(_("New carts by hour"), [(moment, carts) for moment, _calls, carts in day.hours]),
        },
    }
    return show(request, "dashboard/live.html", context, signs)
