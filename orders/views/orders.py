"""The page of an order, and how its shopper cancels it or withdraws."""

from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from orders.links import link_of
from orders.models import Order, OrderEvent
from orders.paying import to_pay
from orders.receipt import Receipt
from orders.services.states import SHOPPER, cancel, withdraw
from orders.views.online import address_to_pay, leads_to_payment, online_context, order_of_token
from orders.views.shopper import shopper_page, speak
from shopmcp.errors import ShopError

# The orders that this browser placed; signed, and of no use without this shop's key.
COOKIE: Final = "orders"
_COOKIE_HOLDS: Final = 180 * 24 * 3600
_MOST_REMEMBERED: Final = 20
_STEPS: Final = ("cancel", "withdraw")
_DECLARED: Final = (OrderEvent.Kind.CANCELLED, OrderEvent.Kind.WITHDRAWN)


def remember_order(request: HttpRequest, response: HttpResponse, order: Order) -> None:
    """Let this browser see the details of the order that it has just placed."""
    numbers = [order.number, *(number for number in placed_here(request) if number != order.number)]
    response.set_signed_cookie(
        COOKIE,
        ".".join(numbers[:_MOST_REMEMBERED]),
        max_age=_COOKIE_HOLDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def forget_orders(response: HttpResponse) -> None:
    """Let the browser forget which orders it placed: the next who uses it may be somebody else."""
    response.delete_cookie(COOKIE, samesite="Lax")


def placed_here(request: HttpRequest) -> list[str]:
    """Return the numbers of the orders that this browser placed, the newest first."""
    text = request.get_signed_cookie(COOKIE, "", max_age=_COOKIE_HOLDS)
    return text.split(".") if text else []


@shopper_page
@leads_to_payment
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: HttpRequest, token: str) -> HttpResponse:
    """An order: its state, lines and sum. Its buyer's details and what its buyer can do are for its buyer alone.

    Whoever was given the link may pay: it tells nothing of the buyer.
    """
    found, is_full = order_of_token(token)
    speak(request, found.language, found.store)
    is_own = is_full or found.number in placed_here(request)
    refusal: ShopError | None = None
    pay = request.POST.get("do") == "pay"
    if request.method == "POST" and (is_own or pay):
        try:
            if pay and (address := address_to_pay(found)):
                return HttpResponse(status=303, headers={"Location": address})
            _act(request, found)
        except ShopError as error:
            refusal = error
        else:
            return HttpResponse(status=303, headers={"Location": request.path})
    step = request.GET.get("step", "") if is_own else ""
    return _shown(request, found, is_own=is_own, step=step if step in _STEPS else "", refusal=refusal)


def _act(request: HttpRequest, found: Order) -> None:
    """Do what the second step of the page asks for; the first only asks."""
    wish = request.POST.get("do", "")
    if wish == "cancel":
        cancel(found.number, SHOPPER, request.POST.get("reason", ""))
    elif wish == "withdraw":
        withdraw(found.number)


def _shown(request: HttpRequest, found: Order, *, is_own: bool, step: str, refusal: ShopError | None) -> HttpResponse:
    found.refresh_from_db()
    events = list(found.events.all())
    context: dict[str, Any] = {
        "order": found,
        "store": found.store,
        "receipt": Receipt.of(found, found.lines.all()),
        "to_pay": to_pay(found),
        "online": online_context(request, found, step),
        "events": events,
        # What the shopper did here, dated: their receipt.
        "declared": [event for event in events if event.kind in _DECLARED and event.actor == Order.Actor.SHOPPER],
        "is_own": is_own,
        "step": step,
        "refusal": refusal,
        "full_link": link_of(found.number, full=True) if is_own else "",
    }
    return render(request, "orders/order.html", context, status=409 if refusal else 200)
