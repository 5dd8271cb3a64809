"""The analytics page: what sells, and where shoppers stop. Each of its tables is a file, too."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from analytics.definitions import DEFINITIONS
from dashboard.analytics_tables import MEASURES, TABLES
from dashboard.charts import comparison
from dashboard.exports import csv_file
from dashboard.findings import Findings
from dashboard.forms import PeriodForm
from dashboard.pages import owner_page, show
from dashboard.texts import CART_STATES, STAGES


@owner_page
@require_safe
def analytics(request: HttpRequest) -> HttpResponse:
    """The numbers of a period, each with its definition and a link to its sessions."""
    form = PeriodForm(request.GET)
    found = Findings.of(form)
    context = form.chosen | {
        "found": found,
        "numbers": found.numbers,
        "changes": {measure: found.course.of(measure) for measure in MEASURES},
        "charts": {
            series.key: comparison(MEASURES[series.measure] % {"currency": series.currency}, found.course, series)
            for series in found.course.series
        },
        "stages": STAGES,
        "cart_states": CART_STATES,
        "definitions": {name: gettext(text) for name, text in DEFINITIONS.items()},
    }
    return show(request, "dashboard/analytics.html", context)


@owner_page
@require_safe
def export(request: HttpRequest, table: str) -> HttpResponse:
    """One table of the page as a CSV file."""
    if table not in TABLES:
        raise Http404
    form = PeriodForm(request.GET)
    found = Findings.of(form)
    header, rows = TABLES[table](found)
    return csv_file(f"{table}-{found.since}-{found.until}", header, rows)
