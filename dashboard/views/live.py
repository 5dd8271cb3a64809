"""The first page: who is shopping now, what is in the carts, and whether chats are told apart."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from carts.listing import session_page
from dashboard.charts import by_hour
from dashboard.forms import STATES, SessionFilterForm
from dashboard.now import last_day, now
from dashboard.pages import owner_page, show
from dashboard.rows import SessionRow

_SHOWN = 25
_PRESETS = ("", "cart", "idle", "unkeyed")


@owner_page
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Warnings first, then four numbers, the newest sessions, and the last day by the hour."""
    form = SessionFilterForm(request.GET)
    form.is_valid()
    asked = form.asked
    page = session_page(asked, limit=_SHOWN)
    day = last_day()
    context = {
        "now": now(),
        "day": day,
        "rows": [SessionRow(session) for session in page.sessions],
        "more": bool(page.cursor),
        "presets": {state: STATES[state] for state in _PRESETS},
        "state": asked.state,
        "query": asked.search,
        "charts": {
            "calls": by_hour(_("Calls by hour"), [(moment, calls) for moment, calls, _carts in day.hours]),
            "carts": by_hour(_("New carts by hour"), [(moment, carts) for moment, _calls, carts in day.hours]),
        },
    }
    return show(request, "dashboard/live.html", context)
