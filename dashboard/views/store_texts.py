"""What a store is called, says and looks like."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from catalog.models import Logo, Store
from catalog.services import stores as services
from dashboard.pages import demand, owner_page, show
from dashboard.store_forms import TextsForm

_MAY = "catalog.change_store"


@owner_page
@require_http_methods(["GET", "HEAD", "POST"])
def texts(request: HttpRequest, slug: str) -> HttpResponse:
    """A form for the texts that chats repeat, the logo and the colour."""
    if request.method == "POST":
        demand(request, _MAY)
    found = get_object_or_404(Store, slug=slug)
    form = TextsForm(request.POST or None, request.FILES or None, instance=found)
    if request.method == "POST" and form.is_valid():
        services.save_store(found, form.changed_data, logo=form.cleaned_data["logo"])
        messages.success(request, gettext("Saved: %(name)s.") % {"name": found.name})
        return redirect("dashboard-store-texts", slug)
    logo = Logo.objects.filter(store=found).defer("png").select_related("store").first()
    context = {"form": form, "store": Store.objects.get(pk=found.pk), "logo": logo}
    return show(request, "dashboard/store_texts.html", context)


@owner_page
@require_POST
def remove_logo(request: HttpRequest, slug: str) -> HttpResponse:
    """Leave the store without a logo of its own."""
    demand(request, _MAY)
    services.remove_logo(get_object_or_404(Store, slug=slug))
    messages.success(request, gettext("The logo is removed."))
    return redirect("dashboard-store-texts", slug)
