"""The way of a buyer to an online payment and back, the word of its outcome, and the page of the dummy."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec
from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from offers.online import takes_payments
from orders.links import link_of, number_of, token_of
from orders.models import OnlinePayment, Order, OrderState
from orders.paying import authorised_text
from orders.payments import pay_hosts
from orders.payments.provider import Paid, Told
from orders.receipt import amount
from orders.services.online import look_soon, settle, start_payment
from orders.views.shopper import shopper_page, speak
from shopmcp.errors import NotFound

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

# Seconds after which a page without a script looks again, and one whose buyer has just come back.
_REFRESH: Final = 20
_REFRESH_SOON: Final = 4


@dataclass(frozen=True, slots=True)
class Online:
    """What the page of an order tells of its payment online.

    Attributes:
        sum: What is to be paid, as people write it; empty if nothing can be paid.
        address: Where it is paid, if a form of this site cannot lead there; else a button does.
        until: When the order is cancelled if nobody has paid; None if it will not be.
        refresh: After how many seconds the page looks again; 0 for never.
        state: Where a script asks whether something has changed.
        is_back: Whether the buyer has just come back, and the provider has not told yet.
        owed: What the shop has to pay back, as people write it.
        authorised: What is authorised and not taken, as a sentence.
    """

    sum: str
    address: str
    until: Any
    refresh: int
    state: str
    is_back: bool
    owed: str
    authorised: str


def leads_to_payment(view: View[P]) -> View[P]:
    """Let the forms of a page lead on to the providers: browsers apply `form-action` to the redirect after a POST."""

    @wraps(view)
    def seen(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        # A page that leads on to the store's own checkout takes no payment here.
        hosts = [] if hasattr(response, "_csp_update") else pay_hosts()
        return csp_update({"form-action": hosts})(lambda _request: response)(request) if hosts else response  # type: ignore[return-value]  # it is given back as it is

    return seen


def order_of_token(token: str) -> tuple[Order, bool]:
    """Return the order that an address opens, and whether the address shows its buyer.

    Raises:
        NotFound: If it opens none.
    """
    proved = number_of(token)
    found = proved and Order.objects.select_related("store").filter(number=proved[0]).first()
    if not found or not proved:
        raise NotFound(
            _("This address opens no order."), fix=_("Use the link that the shop mailed, or ask the chat for it.")
        )
    return found, proved[1]


def address_to_pay(order: Order) -> str:
    """Return where a form may lead the buyer to pay; empty if the page has to give a link instead.

    Raises:
        WrongState, NotTaken: As `start_payment`.
    """
    address = start_payment(order.number)
    return address if _is_ours(address) or _origin(address) in pay_hosts() else ""


def online_context(request: HttpRequest, order: Order, step: str) -> Online | None:
    """Return what the page of an order tells of its payment; None if it is not paid online."""
    if not order.is_online:
        return None
    waits = order.state == OrderState.AWAITING
    can_pay = (
        order.awaits_payment and order.state != OrderState.CANCELLED and takes_payments(order.payment, order.store)
    )
    is_back = waits and "back" in request.GET
    payment = order.online_payments.filter(state=OnlinePayment.State.OPEN).order_by("-id").first()
    address = payment.address if payment and can_pay and payment.expires_at > timezone.now() else ""
    return Online(
        sum=amount(order, order.due) if can_pay else "",
        address="" if not address or _is_ours(address) or _origin(address) in pay_hosts() else address,
        until=order.hold_until if waits else None,
        # What somebody types on the page must not be lost.
        refresh=0 if step or not waits else _REFRESH_SOON if is_back else _REFRESH,
        state=reverse("payment-state", args=[token_of(order.number, full=False)]),
        is_back=is_back,
        owed=amount(order, order.owed) if order.owed else "",
        authorised=authorised_text(order),
    )


@shopper_page
@require_safe
def back(request: HttpRequest, token: str) -> HttpResponse:
    """Where a provider sends a buyer: to the order's page. What became of the payment, the provider alone says."""
    order, _is_full = order_of_token(token)
    look_soon(order)
    return HttpResponse(status=303, headers={"Location": f"/orders/{token}?back=1"})


@shopper_page
@require_safe
def state(request: HttpRequest, token: str) -> HttpResponse:
    """Tell an open page how far its order is."""
    order, _is_full = order_of_token(token)
    return JsonResponse({"state": order.state, "payment_state": order.payment_state, "version": order.version})


@shopper_page
@require_http_methods(["GET", "HEAD", "POST"])
def dummy(request: HttpRequest, key: str) -> HttpResponse:
    """The page of a provider that takes no money: its buyer says what becomes of the payment."""
    rows = OnlinePayment.objects.select_related("order__store").filter(provider="dummy", key=key)
    if (payment := rows.first()) is None or not takes_payments("dummy", payment.order.store):
        raise NotFound(_("There is no such payment."), fix=_("Go back to the page of the order."))
    speak(request, payment.order.language, payment.order.store)
    token = token_of(payment.order.number, full=False)
    if request.method == "POST":
        wish = request.POST.get("do", "")
        if wish == "pay":
            paid = Paid.AUTHORISED if payment.take_later else Paid.PAID
            told = Told(payment.session, paid, "", payment.amount, payment.currency, payment.session)
            settle(payment, told, event=f"{key} paid", kind="paid")
        elif wish == "end" and payment.state == OnlinePayment.State.AUTHORISED:
            settle(payment, Told(payment.session, Paid.RELEASED), event=f"{key} ended", kind="ended")
        elif wish == "fail":
            settle(payment, Told(payment.session, Paid.FAILED), event=f"{key} failed", kind="failed")
        where = f"/orders/{token}" if wish == "later" else reverse("payment-return", args=[token])
        return HttpResponse(status=303, headers={"Location": where})
    context = {
        "order": payment.order,
        "store": payment.order.store,
        "payment": payment,
        "sum": amount(payment.order, payment.amount),
        "page": link_of(payment.order.number, full=False),
    }
    return render(request, "orders/dummy.html", context)


def _is_ours(address: str) -> bool:
    return _origin(address) == settings.PUBLIC_URL


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
