"""A shopper's own data: all of it as a file, and the end of the account."""

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Person
from my.pages import my_page
from offers.buyers import Buyer
from orders.exporting import export
from orders.services.forgetting import forget
from orders.views import checkout
from orders.views.orders import forget_orders


@my_page
@require_http_methods(["GET", "HEAD", "POST"])
def data(request: HttpRequest, person: Person) -> HttpResponse:
    """Offer the file, and delete the account when its address was typed once more."""
    if request.method != "POST":
        return render(request, "my/data.html", {"person": person})
    if request.POST.get("email", "").strip().lower() != person.email.lower():
        return render(request, "my/data.html", {"person": person, "is_wrong": True}, status=422)
    done = forget(Buyer(email=person.email), account=person)
    logout(request)
    response = render(request, "my/deleted.html", {"left": done.left})
    checkout.forget(response)
    forget_orders(response)
    return response


@my_page
@require_POST
def download(request: HttpRequest, person: Person) -> HttpResponse:
    """All that is kept about the person, as one JSON file."""
    told = export(Buyer(email=person.email), person)
    response = JsonResponse(told, json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response
