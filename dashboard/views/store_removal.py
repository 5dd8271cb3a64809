"""Removing a store, the demo above all."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from analytics.removing import is_demo, remove_with_numbers
from analytics.reset import reset_numbers
from catalog.models import Store
from dashboard.pages import demand, owner_page, show
from orders.models import Order
from shopmcp.errors import ShopError


@owner_page
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what goes with the store, and remove it at the owner's word."""
    demand(request, "catalog.delete_store")
    found = get_object_or_404(Store, slug=slug)
    if request.method == "POST":
        try:
            done = remove_with_numbers(slug)
        except ShopError as refusal:
            messages.error(request, refusal.text)
            return redirect("dashboard-store-remove", slug)
        if done.orders:
            said = gettext("%(name)s has sold, so it is paused and keeps its orders.")
        else:
            said = gettext("%(name)s is removed: products %(products)d, carts %(carts)d.")
        figures = {"name": found.name, "products": done.products, "carts": done.carts}
        messages.success(request, said % figures)
        return redirect("dashboard-stores")
    context = {
        "store": found,
        "is_demo": is_demo(slug),
        "orders": Order.objects.filter(store=found).count(),
        "products": found.identities.count(),
    }
    return show(request, "dashboard/store_remove.html", context)


@owner_page
@require_POST
def afresh(request: HttpRequest) -> HttpResponse:
    """Forget all that was counted until now."""
    demand(request, "catalog.delete_store")
    reset_numbers()
    messages.success(request, gettext("The numbers start afresh."))
    return redirect("dashboard-stores")
