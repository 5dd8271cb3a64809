"""The contacts from which a store takes no orders."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from catalog.models import Store
from dashboard.pages import demand, owner_page, show
from orders.models import BlockedContact
from orders.services import blocking
from shopmcp.errors import ShopError


@owner_page
@require_http_methods(["GET", "HEAD", "POST"])
def blocked(request: HttpRequest, slug: str) -> HttpResponse:
    """The blocked contacts of a store, and a form that blocks one more or frees one."""
    demand(request, "orders.see_people")
    store = get_object_or_404(Store, slug=slug)
    refusal: ShopError | None = None
    if request.method == "POST":
        demand(request, "orders.change_order")
        key = request.POST.get("free", "")
        try:
            if key.isdecimal() and len(key) < 19:
                blocking.free(store, int(key))
                messages.success(request, gettext("The store takes orders from it again."))
            else:
                blocking.block(
                    store,
                    request.POST.get("contact", ""),
                    request.POST.get("reason", ""),
                    by=request.user.get_username(),
                )
                messages.success(request, gettext("The store takes no more orders from it."))
        except ShopError as error:
            refusal = error
        else:
            return redirect("dashboard-store-blocked", slug=slug)
    context = {
        "store": store,
        "rows": BlockedContact.objects.of_store(store).order_by("-id"),
        "refusal": refusal,
        "typed": request.POST,
    }
    return show(request, "dashboard/blocked.html", context)
