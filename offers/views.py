"""Pages for shoppers, written from what the owner filled in. Until the owner confirms them, staff alone see them."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from accounts.services.people import has_accounts
from offers.models import Merchant
from offers.texts import delivery_of_stores


@require_safe
def store_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Who a store is, how it delivers, and what can be returned."""
    return _page(request, "offers/store.html", slug)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """How shoppers' data is treated, with each store that answers for it."""
    return _page(request, "offers/privacy.html")


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """On which terms each store sells."""
    return _page(request, "offers/terms.html")


def _page(request: HttpRequest, template: str, slug: str = "") -> HttpResponse:
    rows = Merchant.objects.select_related("store").order_by("store_id")
    if slug:
        rows = rows.filter(store__slug=slug)
    is_staff = request.user.is_active and request.user.is_staff
    shown = [merchant for merchant in rows if is_staff or merchant.pages_confirmed_at is not None]
    if not shown:
        raise Http404(gettext("This shop has not said yet who sells here."))
    delivery = delivery_of_stores([merchant.store for merchant in shown])
    context = {
        "merchants": [(merchant, delivery[merchant.pk]) for merchant in shown],
        "is_draft": any(merchant.pages_confirmed_at is None for merchant in shown),
        "has_accounts": has_accounts(),
        "kept_days": settings.SHOPMCP_KEEP_CARTS.days,
    }
    return render(request, template, context)
