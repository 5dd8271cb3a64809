"""The switch by which all chats of a shopper use one cart."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import Person
from carts.services.other_carts import day_of, name_of, open_carts
from my.pages import my_page
from orders.handoff import switching

_MOST_CARTS = 50


@my_page
@require_http_methods(["GET", "HEAD", "POST"])
def one_cart(request: HttpRequest, person: Person) -> HttpResponse:
    """Say what the switch does, and turn it; open carts come along only if the shopper chooses them."""
    if request.method != "POST":
        return _shown(request, person)
    if request.POST.get("do") == "off":
        switching.switch_off(person)
        messages.success(request, _("Each chat uses its own cart again. What the one cart held is kept here."))
        return redirect("my-home")
    chosen = [name[:18].replace("\0", "") for name in request.POST.getlist("bring")[:_MOST_CARTS]]
    missing = switching.switch_on(person, chosen)
    messages.success(request, _("All your chats use one cart now."))
    for told in missing:
        messages.warning(request, told)
    return redirect("my-home")


def _shown(request: HttpRequest, person: Person) -> HttpResponse:
    kept = open_carts(person.pk).select_related("store")
    carts = [(cart, name_of(cart.session), day_of(cart)) for cart in kept[:_MOST_CARTS]]
    context = {
        "person": person,
        "is_on": switching.is_on(person),
        "carts": [each for each in carts if not each[0].session.holds_one_cart],
    }
    return render(request, "my/one_cart.html", context)
