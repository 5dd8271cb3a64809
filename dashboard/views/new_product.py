"""A product that the owner writes by hand."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from catalog.models import Store
from catalog.services.products import add_product
from dashboard.pages import demand, owner_page, show
from dashboard.product_forms import NewForm
from shopmcp.errors import InvalidArguments


@owner_page
@require_http_methods(["GET", "HEAD", "POST"])
def new_product(request: HttpRequest) -> HttpResponse:
    """A form for a new product; with `name`, such as the words of a search without a result, it is filled in."""
    demand(request, "catalog.add_product")
    form = NewForm(request.POST or None, initial={"name": request.GET.get("name", "")[:200]})
    if request.method == "POST" and form.is_valid():
        try:
            product = add_product(**form.cleaned_data)
        except InvalidArguments as refusal:
            form.add_error("sku", refusal.text)
        else:
            messages.success(request, gettext("Saved: %(name)s.") % {"name": product.name})
            return redirect("dashboard-product", product.identity_id)
    return show(request, "dashboard/product_new.html", {"form": form, "has_stores": Store.objects.exists()})
