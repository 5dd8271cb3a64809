"""How the stores deliver: the options, and a form for each."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.models import Store
from dashboard.offer_forms import DeliveryOptionForm
from dashboard.pages import demand, owner_page, show
from offers.models import DeliveryOption
from offers.services import delivery as services
from shopmcp.errors import InvalidArguments


@owner_page
@require_safe
def delivery(request: HttpRequest) -> HttpResponse:
    """The delivery options of every store, in the order in which shoppers see them."""
    stores = Store.objects.oldest_first()
    options = DeliveryOption.objects.select_related("store").in_order()
    groups = {store.pk: (store, list[DeliveryOption]()) for store in stores}
    for option in options:
        groups[option.store_id][1].append(option)
    return show(request, "dashboard/delivery.html", {"groups": list(groups.values())})


@owner_page
@require_http_methods(["GET", "HEAD", "POST"])
def new_option(request: HttpRequest, slug: str) -> HttpResponse:
    """A form for a new option of a store."""
    demand(request, "offers.add_deliveryoption")
    store = get_object_or_404(Store, slug=slug)
    last = DeliveryOption.objects.of_store(store).in_order().last()
    return _form(request, DeliveryOption(store=store, position=min(last.position + 1, 32_767) if last else 0))


@owner_page
@require_http_methods(["GET", "HEAD", "POST"])
def option(request: HttpRequest, pk: int) -> HttpResponse:
    """A form for an option."""
    demand(request, "offers.change_deliveryoption")
    return _form(request, get_object_or_404(DeliveryOption.objects.select_related("store"), pk=pk))


@owner_page
@require_POST
def delete_option(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete an option."""
    demand(request, "offers.delete_deliveryoption")
    found = get_object_or_404(DeliveryOption, pk=pk)
    services.delete_option(found)
    messages.success(request, gettext("Deleted: %(name)s.") % {"name": found.name})
    return redirect("dashboard-delivery")


def _form(request: HttpRequest, row: DeliveryOption) -> HttpResponse:
    form = DeliveryOptionForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        try:
            services.save_option(form.save(commit=False))
        except InvalidArguments as refusal:
            form.add_error(None, refusal.text)
        else:
            messages.success(request, gettext("Saved: %(name)s.") % {"name": row.name})
            return redirect("dashboard-delivery")
    return show(request, "dashboard/delivery_option.html", {"form": form, "option": row, "store": row.store})
