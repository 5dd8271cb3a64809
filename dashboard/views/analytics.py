"""The analytics page: what sells, and where shoppers stop."""

from datetime import timedelta
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from analytics.definitions import DEFINITIONS
from analytics.reports import summary
from analytics.sales import best_sellers
from dashboard.forms import PERIODS, PeriodForm, midnight
from dashboard.pages import owner_page, show
from orders.models import PermalinkCount

# The name of each stage, and the tools whose calls reach it; a later stage includes the earlier ones. Stages outside of
# the chat have no call.
_STAGES = {
    "searched": (_("Searched"), "search_products,search,get_product,fetch,add_to_cart"),
    "viewed": (_("Viewed a product"), "get_product,fetch,add_to_cart"),
    "added": (_("Added to the cart"), "add_to_cart"),
    "handed_over": (_("Opened the cart in a browser"), ""),
    "left": (_("Went to the store's own checkout"), ""),
    "ordered": (_("Ordered"), ""),
}


# Of permalinks, the most first.
_SOURCES = 20
_SOLD = 10


@owner_page
@require_safe
def analytics(request: HttpRequest) -> HttpResponse:
    """The numbers of a period, each with its definition and a link to its sessions."""
    form = PeriodForm(request.GET)
    form.is_valid()
    since, until = form.days
    client = form.cleaned_data.get("client", "")
    numbers = summary(midnight(since), midnight(until + timedelta(days=1)), client=client)
    context = {
        "form": form,
        "periods": PERIODS,
        "since": since,
        "until": until,
        "client": client,
        "numbers": numbers,
        "revenue": [(sum.currency, Decimal(sum.amount)) for sum in numbers.revenue],
        "sold": best_sellers(numbers.since, numbers.until, client, most=_SOLD),
        "stages": _STAGES,
        "sources": PermalinkCount.objects.by_source(since, until)[:_SOURCES],
        "definitions": {name: gettext(text) for name, text in DEFINITIONS.items()},
    }
    return show(request, "dashboard/analytics.html", context)
