"""The analytics page: what sells, and where shoppers stop."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from analytics.definitions import DEFINITIONS
from analytics.reports import summary
from dashboard.forms import PERIODS, PeriodForm, midnight
from dashboard.pages import owner_page, show

# The name of each stage, and the tools whose calls reach it; a later stage includes the earlier ones.
_STAGES = {
    "searched": (_("Searched"), "search_products,get_product,add_to_cart"),
    "viewed": (_("Viewed a product"), "get_product,add_to_cart"),
    "added": (_("Added to the cart"), "add_to_cart"),
}


@owner_page
@require_safe
def analytics(request: HttpRequest) -> HttpResponse:
    """The numbers of a period, each with its definition and a link to its sessions."""
    form = PeriodForm(request.GET)
    form.is_valid()
    since, until = form.days
    client = form.cleaned_data.get("client", "")
    context = {
        "form": form,
        "periods": PERIODS,
        "since": since,
        "until": until,
        "client": client,
        "numbers": summary(midnight(since), midnight(until + timedelta(days=1)), client=client),
        "stages": _STAGES,
        "definitions": {name: gettext(text) for name, text in DEFINITIONS.items()},
    }
    return show(request, "dashboard/analytics.html", context)
