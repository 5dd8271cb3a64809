"""Who is signed in in a browser, on pages that are not of the account: of a cart, of an order."""

from types import SimpleNamespace
from typing import Any, cast

from django.contrib.auth import get_user
from django.http import HttpRequest

from accounts.middleware import COOKIE, is_shoppers
from accounts.models import Person
from accounts.services.people import person_here
from accounts.sessions import SessionStore


def person_in(request: HttpRequest) -> Person | None:
    """Return the shopper who is signed in in the browser; one without the cookie costs no query."""
    if is_shoppers(request.path):
        return person_here(request)
    if not (key := request.COOKIES.get(COOKIE)):
        return None
    # The page's own session is the staff's; this reads the other one, and writes nothing.
    stub: Any = SimpleNamespace(session=SessionStore(key))
    stub.user = get_user(cast("HttpRequest", stub))
    return person_here(stub)
