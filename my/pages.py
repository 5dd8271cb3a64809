"""What the pages of a signed-in shopper have in common."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.models import Person
from accounts.services.people import person_here
from carts.caller import first_store
from orders.views.shopper import account_page, speak

P = ParamSpec("P")


def my_page(
    view: Callable[Concatenate[HttpRequest, Person, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Make a page for whoever is signed in; others are sent to sign in first, and come back."""

    @account_page
    @wraps(view)
    def seen(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if (person := person_here(request)) is None:
            back = request.get_full_path() if request.method in ("GET", "HEAD") else request.path
            query = urlencode({"next": back})
            return HttpResponse(status=303, headers={"Location": f"{reverse('account_login')}?{query}"})
        speak(request, person.language or first_store().language)
        return view(request, person, *args, **kwargs)

    return seen
