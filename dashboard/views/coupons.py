"""Coupons: those of every store, and a form for each."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.models import Store
from dashboard.offer_forms import CouponForm
from dashboard.pages import demand, owner_page, show
from offers.models import Coupon
from offers.services import coupons as services
from shopmcp import paging
from shopmcp.errors import InvalidArguments, Kept

_PER_PAGE = 50


@owner_page
@require_safe
def coupons(request: HttpRequest) -> HttpResponse:
    """All coupons, the newest first."""
    rows = Coupon.objects.select_related("store")
    page, following = paging.page("coupons", rows, _PER_PAGE, request.GET.get("cursor", ""))
    context = {
        "rows": page,
        "cursor": following,
        "stores": Store.objects.oldest_first(),
        "now": timezone.now(),
    }
    return show(request, "dashboard/coupons.html", context)


@owner_page
@require_http_methods(["GET", "HEAD", "POST"])
def new_coupon(request: HttpRequest, slug: str) -> HttpResponse:
    """A form for a new coupon of a store."""
    demand(request, "offers.add_coupon")
    return _form(request, Coupon(store=get_object_or_404(Store, slug=slug)))


@owner_page
@require_http_methods(["GET", "HEAD", "POST"])
def coupon(request: HttpRequest, pk: int) -> HttpResponse:
    """A form for a coupon."""
    demand(request, "offers.change_coupon")
    return _form(request, get_object_or_404(Coupon.objects.select_related("store"), pk=pk))


@owner_page
@require_POST
def delete_coupon(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a coupon that no order used."""
    demand(request, "offers.delete_coupon")
    found = get_object_or_404(Coupon, pk=pk)
    try:
        services.delete_coupon(found)
    except Kept as refusal:
        messages.error(request, refusal.text)
        return redirect("dashboard-coupons-coupon", pk=pk)
    messages.success(request, gettext("Deleted: %(name)s.") % {"name": found.code})
    return redirect("dashboard-coupons")


def _form(request: HttpRequest, row: Coupon) -> HttpResponse:
    form = CouponForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        try:
            services.save_coupon(form.save(commit=False))
        except InvalidArguments as refusal:
            form.add_error(None, refusal.text)
        else:
            messages.success(request, gettext("Saved: %(name)s.") % {"name": row.code})
            return redirect("dashboard-coupons")
    return show(request, "dashboard/coupon.html", {"form": form, "coupon": row, "store": row.store})
