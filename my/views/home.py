"""The first page of a signed-in shopper: orders, open carts and linked chats."""

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import Person
from carts.marks import Marks, marks_of
from carts.models import Cart, Session
from carts.services.other_carts import day_of, name_of, open_carts
from my.pages import my_page
from orders.handoff import account_codes, codes, links
from orders.handoff.access import unlink
from orders.handoff.permalinks import Wanted, path_of
from orders.links import token_of
from orders.models import Order
from shopmcp.errors import NotFound, ShopError

MOST_ORDERS: Final = 20
_MOST_CARTS: Final = 20
_MOST_CHATS: Final = 100


@dataclass(frozen=True, slots=True)
class ShownOrder:
    """An order with the path of its page, and the path of a page with the same products; empty if none is left."""

    order: Order
    page: str
    again: str


@dataclass(frozen=True, slots=True)
class ShownCart:
    cart: Cart
    origin: str
    day: str
    marks: Marks


@dataclass(frozen=True, slots=True)
class ShownChat:
    session: Session
    name: str
    marks: Marks


@my_page
@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest, person: Person) -> HttpResponse:
    """What there is; its forms open a cart, show a code, or unlink a chat."""
    if request.method != "POST":
        return _shown(request, person)
    wish, which = request.POST.get("do", ""), request.POST.get("which", "")[:18].replace("\0", "")
    try:
        if wish == "code":
            code = codes.written(account_codes.new_code(person, which))
            return _shown(request, person, code=code, brings_cart=bool(which))
        if wish == "open":
            return redirect(_address_of(person, which))
        if wish == "unlink":
            unlink(which, person)
    except ShopError as refusal:
        refused = _shown(request, person, refusal=refusal, status=429 if refusal.retry_after else 409)
        if refusal.retry_after:
            refused["Retry-After"] = str(refusal.retry_after)
        return refused
    return redirect("my-home")


def _address_of(person: Person, cart: str) -> str:
    """The path of a link to buy an open cart of the person."""
    # Whoever ends the cart's link at the same time ends this one too, or there is none.
    if (link := links.link_to_buy(open_carts(person.pk).filter(public_id=cart), get_language() or "en")) is None:
        raise NotFound(_("This cart is not open any more."), fix=_("Look at your carts as they are now."))
    return f"/c/{links.token_of(link)}"


def _shown(request: HttpRequest, person: Person, status: int = 200, **told: Any) -> HttpResponse:
    before = request.GET.get("before", "")
    orders = Order.objects.of_person(person).newest_first()
    if before.isdecimal() and len(before) < 19:
        orders = orders.filter(pk__lt=int(before))
    page = list(orders.select_related("store").prefetch_related("lines")[: MOST_ORDERS + 1])
    carts = list(open_carts(person.pk).select_related("store")[:_MOST_CARTS])
    chats = list(Session.objects.of_person(person).chats()[:_MOST_CHATS])
    shown = [*chats, *(cart.session for cart in carts)]
    marks = marks_of(shown, searches_of=[session for session in shown if session.sees_person])
    context = {
        "person": person,
        "orders": [_order(order, person) for order in page[:MOST_ORDERS]],
        "older": page[MOST_ORDERS - 1].pk if len(page) > MOST_ORDERS else None,
        "carts": [ShownCart(cart, name_of(cart.session), day_of(cart), marks[cart.session_id]) for cart in carts],
        "chats": [ShownChat(session, name_of(session), marks[session.pk]) for session in chats],
        **told,
    }
    return render(request, "my/home.html", context, status=status)


def _order(order: Order, person: Person) -> ShownOrder:
    # Who only keeps the chat of an order does not get the details of its buyer.
    page = f"/orders/{token_of(order.number, full=order.person_id == person.pk)}"
    wanted = [Wanted(line.product_id_then, line.first_quantity) for line in order.lines.all() if line.first_quantity]
    return ShownOrder(order, page, path_of(wanted) if wanted else "")
