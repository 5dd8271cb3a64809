"""The list of sessions, one session, and the list as a file."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from analytics.leaving_out import leave_out as leave_session_out
from carts.browse import SessionFilter, newest_cart, session_page, sessions_in_turn
from carts.conversation import BY_HANDLE, UNKEYED
from carts.models import Cart, Session
from carts.timeline import cart_at, timeline, versions_around
from carts.warning_kinds import WarningKind
from dashboard.checks import gives
from dashboard.exports import csv_file
from dashboard.filters import filter_of
from dashboard.forms import SessionFilterForm
from dashboard.pages import demand, number, owner_page, show
from dashboard.rows import SessionItem, items_of, lines_now
from dashboard.texts import client_name
from orders.handoff.links import end_links_of
from orders.models import CheckoutLink
from shopmcp.errors import ShopError
from shopmcp.money import rounded

_PER_PAGE = 25
_MOST_EXPORTED = 10_000
_MOST_LINKS = 10


@owner_page
@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """Sessions by the filters of the query string, the newest first."""
    form = SessionFilterForm(request.GET)
    form.is_valid()
    asked = filter_of(form)
    page = session_page(asked, limit=_PER_PAGE, cursor=request.GET.get("cursor", ""))
    context = {"form": form, "rows": items_of(page.sessions), "page": page, "narrowed": asked != SessionFilter()}
    return show(request, "dashboard/sessions.html", context)


@owner_page
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The same sessions as a CSV file, up to ten thousand."""
    form = SessionFilterForm(request.GET)
    form.is_valid()
    header = [
        _("Session"), _("State"), _("Client"), _("Source of the id"), _("First call"), _("Last call"), _("Items"),
        _("Value"), _("Currency"), _("Products"),
    ]  # fmt: skip
    found = sessions_in_turn(filter_of(form), most=_MOST_EXPORTED)
    return csv_file("sessions", header, (_cells(SessionItem(session)) for session in found))


@owner_page
@require_safe
def session(request: HttpRequest, public_id: str) -> HttpResponse:
    """One session: its cart at a version, and its calls."""
    found = get_object_or_404(Session.objects.select_related("person__user"), public_id=public_id)
    cart = newest_cart(found)
    at = number(request, "at")
    shown = None if cart is None else cart.version if at is None else at
    lines, total, is_open = _shown(found, cart, shown)
    story = timeline(found, cursor=request.GET.get("cursor", ""))
    before, after = versions_around(cart, shown) if cart is not None and shown is not None else (None, None)
    context = {
        "session": found,
        "client": client_name(found.client),
        "cart": cart,
        "lines": lines,
        "total": total,
        "is_open": is_open,
        "shown": shown,
        "is_now": cart is None or shown == cart.version,
        "before": before,
        "after": after,
        "oldest": cart.oldest_version if cart is not None else None,
        "timeline": story,
        "meta_keys": sorted({key for step in story.steps for key in step.call.meta_keys}),
        "warned": [kind for kind in WarningKind if any(gives(step.call, kind) for step in story.steps)],
        "one_cart": Session.objects.filter(one_cart_of=found.person).first()
        if found.sees_person and found.person
        else None,
        "is_unkeyed": found.source in (BY_HANDLE, UNKEYED),
        "links": list(CheckoutLink.objects.of_session(found).newest_first()[:_MOST_LINKS]),
    }
    return show(request, "dashboard/session.html", context)


@owner_page
@require_POST
def end_links(request: HttpRequest, public_id: str) -> HttpResponse:
    """End the links that open the carts of a session in a browser, and keeping by an account that had one."""
    demand(request, "orders.change_checkoutlink")
    found = get_object_or_404(Session, public_id=public_id)
    end_links_of(found)
    messages.success(request, _("The links to this cart open nothing any more. The chat can make a new one."))
    return redirect("dashboard-session", public_id)


@owner_page
@require_POST
def leave_out(request: HttpRequest, public_id: str) -> HttpResponse:
    """Leave a session out of lists and numbers, because it was a test."""
    demand(request, "carts.change_session")
    found = get_object_or_404(Session, public_id=public_id)
    try:
        leave_session_out(found)
    except ShopError as refusal:
        messages.error(request, refusal.text)
        return redirect("dashboard-session", public_id)
    messages.success(request, _("Left out: no number counts this conversation, and no list shows it."))
    return redirect("dashboard-sessions")


def _shown(session: Session, cart: Cart | None, version: int | None) -> tuple[Sequence[Any], Decimal, bool]:
    """The lines of the cart at that version, their total, and whether the shopper can still buy them.

    Raises:
        Http404: If there is no such version.
    """
    if cart is None or version is None:
        return [], Decimal(0), False
    if version == cart.version and cart.ordered_at is None:
        return *lines_now(cart, session), True
    if (past := cart_at(cart, version)) is None:
        raise Http404(_("This cart has no such version."))
    return past, sum((line.total for line in past), Decimal(0)), False


def _cells(row: SessionItem) -> list[Any]:
    session = row.session
    return [
        session.public_id,
        _("active") if session.is_active else _("idle"),
        session.client,
        session.source,
        timezone.localtime(session.created_at).isoformat(timespec="seconds"),
        timezone.localtime(session.last_seen_at).isoformat(timespec="seconds"),
        row.items,
        "" if row.value is None else rounded(row.value, row.currency),
        row.currency,
        "; ".join(f"{line.quantity} × {line.name}" for line in row.lines),
    ]
