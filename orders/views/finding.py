"""The page on which a buyer asks for the link of their order: to see it, cancel it or withdraw from it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from carts.caller import first_store
from orders.services.finding import mail_link
from orders.views.shopper import network, shopper_page, speak


@shopper_page
@require_http_methods(["GET", "HEAD", "POST"])
def find_order(request: HttpRequest) -> HttpResponse:
    """A form for the number of an order and a contact; the answer is the same whatever was typed."""
    speak(request, first_store().language)
    if request.method == "POST":
        mail_link(request.POST.get("number", "")[:40], request.POST.get("contact", "")[:254], network=network(request))
    return render(request, "orders/find.html", {"is_asked": request.method == "POST"})
