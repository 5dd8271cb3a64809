"""Who sells in each store and how it takes orders, with what is missing before it can."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.models import Store
from dashboard.offer_forms import MerchantForm
from dashboard.pages import demand, in_place, owner_page, show
from offers.models import DeliveryOption
from offers.readiness import missing_for_orders
from offers.services import merchants as services
from shopmcp.errors import InvalidArguments

# Where a new secret waits for the page that shows it once.
_SECRET = "pay_link_secret"


@owner_page
@require_safe
def stores(request: HttpRequest) -> HttpResponse:
    """Every store, with what is missing before it can take orders."""
    rows = list(Store.objects.oldest_first().select_related("merchant"))
    offering = set(DeliveryOption.objects.offered().order_by().values_list("store", flat=True))
    listed = [(store, missing_for_orders(store, has_delivery=store.pk in offering)) for store in rows]
    return show(request, "dashboard/stores.html", {"stores": listed})


@owner_page
@require_http_methods(["GET", "HEAD", "POST"])
def store(request: HttpRequest, slug: str) -> HttpResponse:
    """A form for a store, and what is missing before it can take orders."""
    if request.method == "POST":
        demand(request, "offers.change_merchant")
    found = get_object_or_404(Store, slug=slug)
    merchant = services.merchant_of(found)
    merchant.store = found
    form = MerchantForm(request.POST or None, instance=merchant)
    if request.method == "POST" and form.is_valid():
        try:
            services.save_store(form.save(commit=False), form.of_store)
        except InvalidArguments as refusal:
            form.add_error(None, refusal.text)
        else:
            messages.success(request, gettext("Saved: %(name)s.") % {"name": found.name})
            return redirect("dashboard-store", slug=slug)
    stored: Any = services.merchant_of(Store.objects.get(pk=found.pk))
    has_delivery = DeliveryOption.objects.offered().of_store(found).exists()
    context = {
        "store": found,
        "form": form,
        "merchant": stored,
        "reports_address": settings.PUBLIC_URL + reverse("link-paid", args=[slug]),
        # A page that updates in place must not take it from the one that waits for it.
        "secret": "" if in_place(request) else _taken_secret(request, slug),
        "missing": missing_for_orders(stored.store, has_delivery=has_delivery),
    }
    return show(request, "dashboard/store.html", context)


@owner_page
@require_POST
def confirm(request: HttpRequest, slug: str) -> HttpResponse:
    """Confirm the pages for shoppers."""
    demand(request, "offers.change_merchant")
    found = get_object_or_404(Store, slug=slug)
    try:
        services.confirm_pages(services.merchant_of(found))
    except InvalidArguments as refusal:
        messages.error(request, refusal.text)
    else:
        messages.success(request, gettext("Confirmed: shoppers see the pages now."))
    return redirect("dashboard-store", slug=slug)


@owner_page
@require_POST
def pay_link_secret(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a new secret for the provider of the pay link; the store's page shows it once."""
    demand(request, "offers.change_merchant")
    found = get_object_or_404(Store, slug=slug)
    try:
        request.session[_SECRET] = [slug, services.new_pay_link_secret(services.merchant_of(found))]
    except InvalidArguments as refusal:
        messages.error(request, refusal.text)
    return redirect("dashboard-store", slug=slug)


def _taken_secret(request: HttpRequest, slug: str) -> str:
    of, secret = request.session.get(_SECRET, ("", ""))
    if of != slug:
        return ""
    del request.session[_SECRET]
    return str(secret)
