"""What sells, and where shoppers stop."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from analytics.definitions import DEFINITIONS
from dashboard.figures import report
from dashboard.forms import PERIODS, PeriodForm, midnight
from dashboard.pages import owner_page, show


@owner_page
@require_safe
def analytics(request: HttpRequest) -> HttpResponse:
    """The numbers of a day, a week, a month or chosen days, each with its definition and the sessions behind it."""
    form = PeriodForm(request.GET)
    form.is_valid()
    first, last = form.days
    client = form.cleaned_data.get("client", "")
    address = {"since": first.isoformat(), "until": last.isoformat()}
    since, until = midnight(first), midnight(last + timedelta(days=1))
    assert since is not None
    found = report(
        since, until or timezone.now(), client=client, address=address | ({"client": client} if client else {})
    )
    context = {
        "form": form,
        "periods": PERIODS,
        "first": first,
        "last": last,
        "client": client,
        "report": found,
        "definitions": {name: gettext(text) for name, text in DEFINITIONS.items()},
    }
    return show(request, "dashboard/analytics.html", context)
