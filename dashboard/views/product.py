"""One product: its picture, a form, what imports leave as it is, and whether chats see it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from catalog.models import Product
from catalog.services.products import hide_product, save_product, show_product
from dashboard.pages import demand, owner_page, show
from dashboard.product_forms import EditForm


@owner_page
@require_http_methods(["GET", "HEAD", "POST"])
def product(request: HttpRequest, pk: int) -> HttpResponse:
    """A form for a product, by the key of its identity: the key of a version changes with an import."""
    if request.method == "POST":
        demand(request, "catalog.change_product")
    found = _found(pk)
    form = EditForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        found.stock = form.cleaned_data["stock"]
        save_product(found, form.changed, form.cleaned_data["kept"])
        messages.success(request, gettext("Saved: %(name)s.") % {"name": found.name})
        return redirect("dashboard-product", pk)
    return show(request, "dashboard/product.html", {"form": form, "product": _found(pk)})


@owner_page
@require_POST
def hide(request: HttpRequest, pk: int) -> HttpResponse:
    """Hide a product from chats through all imports, or show it again."""
    demand(request, "catalog.change_product")
    found = _found(pk)
    if "show" in request.POST:
        show_product(found)
        said = gettext("%(name)s is shown again.")
        if Product.objects.filter(identity=pk).exclude(withdrawn_at=None).exists():
            said = gettext("%(name)s is not hidden any more. It returns when the file of the store has it again.")
    else:
        hide_product(found)
        said = gettext("%(name)s is hidden: no chat shows it, whatever imports bring.")
    messages.success(request, said % {"name": found.name})
    return redirect("dashboard-product", pk)


def _found(pk: int) -> Product:
    return get_object_or_404(Product.objects.select_related("store", "identity"), identity=pk)
