"""The list of sessions, one session, and the list as a file."""

import csv
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from carts.browse import SessionFilter, session_page, sessions_in_turn
from carts.identity import BY_HANDLE, UNKEYED
from carts.models import Cart, Session
from carts.timeline import cart_at, oldest_version, timeline, versions_around
from carts.warning_kinds import WarningKind
from dashboard.checks import gives
from dashboard.forms import SessionFilterForm
from dashboard.pages import number, owner_page, show
from dashboard.rows import SessionItem
from dashboard.texts import client_name

_PER_PAGE = 25
_MOST_EXPORTED = 10_000
# Spreadsheets execute cells that begin like this (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@owner_page
@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """Sessions by the filters of the query string, the newest first."""
    form = SessionFilterForm(request.GET)
    form.is_valid()
    page = session_page(form.asked, limit=_PER_PAGE, cursor=request.GET.get("cursor", ""))
    rows = [SessionItem(session) for session in page.sessions]
    context = {"form": form, "rows": rows, "page": page, "narrowed": form.asked != SessionFilter()}
    return show(request, "dashboard/sessions.html", context)


@owner_page
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The same sessions as a CSV file, up to ten thousand."""
    form = SessionFilterForm(request.GET)
    form.is_valid()
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="sessions-{timezone.localdate()}.csv"'
    # Spreadsheets read Hebrew wrongly without a byte order mark.
    answer.write("\ufeff")
    writer = csv.writer(answer)
    writer.writerow(
        [_("Session"), _("State"), _("Client"), _("Source of the id"), _("First call"), _("Last call"), _("Items"),
         _("Value"), _("Currency"), _("Products")]
    )  # fmt: skip
    for session in sessions_in_turn(form.asked, most=_MOST_EXPORTED):
        writer.writerow([_defused(cell) for cell in _cells(SessionItem(session))])
    return answer


@owner_page
@require_safe
def session(request: HttpRequest, public_id: str) -> HttpResponse:
    """One session: its cart at a version, and its calls."""
    found = get_object_or_404(Session, public_id=public_id)
    cart = Cart.objects.filter(session=found).order_by("-id").first()
    at = number(request, "at")
    shown = None if cart is None else cart.version if at is None else at
    past = cart_at(cart, shown) if cart is not None and shown is not None else []
    if past is None:
        raise Http404(_("This cart has no such version."))
    story = timeline(found, cursor=request.GET.get("cursor", ""))
    before, after = versions_around(cart, shown) if cart is not None and shown is not None else (None, None)
    context = {
        "session": found,
        "client": client_name(found.client),
        "cart": cart,
        "lines": past,
        "total": sum(line.total for line in past),
        "shown": shown,
        "is_now": cart is None or shown == cart.version,
        "before": before,
        "after": after,
        "oldest": oldest_version(cart) if cart is not None else None,
        "timeline": story,
        "meta_keys": sorted({key for step in story.steps for key in step.call.meta_keys}),
        "warned": [kind for kind in WarningKind if any(gives(step.call, kind) for step in story.steps)],
        "is_unkeyed": found.source in (BY_HANDLE, UNKEYED),
    }
    return show(request, "dashboard/session.html", context)


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
        "" if row.value is None else row.value,
        row.currency,
        "; ".join(f"{line.line.quantity} × {line.line.shown.name}" for line in row.lines),
    ]


def _defused(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
