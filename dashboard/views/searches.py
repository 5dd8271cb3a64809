"""What shoppers search for most, and what followed."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from analytics.definitions import DEFINITIONS
from analytics.over_time import bounds
from analytics.searches import TopSearches, top_searches
from dashboard.exports import csv_file
from dashboard.forms import PeriodForm
from dashboard.pages import owner_page, show

_MEANING = DEFINITIONS["searches"]


@owner_page
@require_safe
def searches(request: HttpRequest) -> HttpResponse:
    """The most frequent searches of a period."""
    form = PeriodForm(request.GET)
    context = form.chosen | {"found": _found(form), "definition": _(_MEANING)}
    return show(request, "dashboard/searches.html", context)


@owner_page
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The same as a CSV file."""
    header = [_("Words"), _("Searches"), _("Found nothing"), _("Led to an add"), _("Led to an order")]
    rows = _found(PeriodForm(request.GET)).rows
    return csv_file(
        "searches", header, ((row.words, row.searches, row.fruitless, row.added, row.ordered) for row in rows)
    )


def _found(form: PeriodForm) -> TopSearches:
    return top_searches(*bounds(*form.days), form.chosen_client)
