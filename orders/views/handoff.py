"""The page of a cart by a signed link: what its shopper sees, changes and orders there."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.services.people import has_accounts
from carts.cart import CartState, Notice
from carts.services.linking import let_go
from carts.services.ordering import come_back, lock_session
from orders.handoff import codes, links, own_checkout, pages
from orders.models import CheckoutLink
from orders.refusals import OrderChanged
from orders.services import reminders
from orders.views import checkout
from orders.views.cart_page import number_in, quantities_in, show_cart, typed_quantities
from orders.views.online import leads_to_payment
from orders.views.orders import placed_here
from orders.views.shopper import network, shopper_page, speak
from shopmcp.errors import InvalidArguments, ShopError


@shopper_page
@leads_to_payment
@require_http_methods(["GET", "HEAD", "POST"])
def cart(request: HttpRequest, token: str) -> HttpResponse:
    """The cart of a link as it is now; with a link to buy it can be changed and ordered."""
    link = links.open_link(token)
    speak(request, link.language, link.cart.store)
    try:
        if request.method == "POST":
            return _act(request, link)
        links.mark_opened(link)
        state, notices = pages.cart_of(link), []
        if link.scope == CheckoutLink.Scope.BUY and link.cart.left_at is not None and come_back(link.cart_id):
            text = _(
                "You went to the shop's own checkout with this cart. It is open again; what you ordered there, remove."
            )
            notices.append(Notice("came_back", text))
        return _page(request, link, state, notices=notices, details=checkout.filled(request))
    except pages.Ordered:
        if (order := checkout.order_of(link, placed_here(request))) is None:
            raise
        return render(request, "orders/ordered.html", {"order": order, "page": checkout.path_of(order)})


def _act(request: HttpRequest, link: CheckoutLink) -> HttpResponse:
    """Do what the form of the page asks for."""
    wish = request.POST.get("do", "save")
    if wish == "end":
        is_buy = link.scope == CheckoutLink.Scope.BUY
        with transaction.atomic():
            lock_session(link.cart.session_id)
            if is_buy:
                # Somebody may keep the chat who got the link before.
                let_go(link.cart.session_id)
            links.end_links(link.cart_id, "" if is_buy else link.scope)
        return render(request, "orders/ended.html", {"is_buy": is_buy})
    if link.scope != CheckoutLink.Scope.BUY:
        raise InvalidArguments(
            _("This link shows the cart and changes nothing."), fix=_("Ask the chat for a link to buy.")
        )
    if wish == "forget":
        response = HttpResponse(status=303, headers={"Location": request.path})
        checkout.forget(response)
        return response
    if wish == "remind":
        return _remind(request, link)
    details = checkout.typed_in(request.POST)
    try:
        response = _done(request, link, wish, details)
    except pages.Ordered:
        # The same form again, such as by a double click, leads its browser to the order.
        if wish != "order" or (again := checkout.order(request, link, 0)) is None:
            raise
        return again
    except ShopError as refusal:
        typed = {} if wish == "undo" else typed_quantities(request.POST)
        more = {"typed_coupon": request.POST.get("coupon", "")[:100]}
        response = _page(
            request, link, pages.cart_of(link), refusal=refusal, typed=typed, details=details, context=more
        )
    if details and wish != "order":
        checkout.keep(response, details)
    return response


def _remind(request: HttpRequest, link: CheckoutLink) -> HttpResponse:
    """Keep the wish to be reminded of the cart, and say so."""
    state, details = pages.cart_of(link), checkout.filled(request)
    email = request.POST.get("remind_email", "")
    try:
        reminders.ask(state, email, agreed=request.POST.get("remind") == "on", language=get_language() or "en")
    except ShopError as refusal:
        more = {"typed_remind": email[:254]}
        return _page(request, link, state, refusal=refusal, details=details, context=more)
    said = [Notice("reminder", _("You get one mail if you leave this cart."))]
    return _page(request, link, state, notices=said, details=details)


def _done(request: HttpRequest, link: CheckoutLink, wish: str, details: Mapping[str, str]) -> HttpResponse:
    if wish == "code":
        code = codes.written(codes.new_code(link))
        return _page(request, link, pages.cart_of(link), details=details, context={"code": code})
    version = number_in(request.POST.get("version", ""), 2**31 - 1)
    if wish == "undo":
        outcome = pages.undo(link, version)
    else:
        outcome = pages.set_quantities(link, version, quantities_in(typed_quantities(request.POST)))
    # A code that was typed counts whichever button was pressed, as quantities do.
    code = "" if wish in ("undo", "no-coupon") else request.POST.get("coupon", "").strip()[:100]
    changes = list(outcome.changes)
    if code or wish in ("coupon", "no-coupon"):
        changes += pages.apply_coupon(link, outcome.version, code, network=network(request)).changes
    if wish in ("order", "leave"):
        if changes:
            raise OrderChanged(
                _("Quantities or coupon were changed, and with them the sum."),
                fix=_("Look at the sum, and order again."),
            )
        if wish == "leave":
            return _leave(request, link, version)
        if (response := checkout.order(request, link, version)) is None:
            raise pages.ordered()
        return response
    if outcome.notices:
        return _page(request, link, outcome.state, notices=outcome.notices, details=details)
    return HttpResponse(status=303, headers={"Location": request.path})


def _leave(request: HttpRequest, link: CheckoutLink, version: int) -> HttpResponse:
    """Lead to the store's own checkout, or tell which of its pages to open."""
    if address := own_checkout.leave(link, version).address:
        return HttpResponse(status=303, headers={"Location": address})
    said = [Notice("left", _("Open the products below at the shop, and order there."))]
    return _page(request, link, pages.cart_of(link), notices=said)


def _page(
    request: HttpRequest,
    link: CheckoutLink,
    state: CartState,
    *,
    refusal: ShopError | None = None,
    notices: Sequence[Notice] = (),
    typed: Mapping[str, str] | None = None,
    details: Mapping[str, str] | None = None,
    context: Mapping[str, Any] | None = None,
) -> HttpResponse:
    may_buy = link.scope == CheckoutLink.Scope.BUY
    keep = reverse("my-keep", args=[links.token_of(link)]) if may_buy and has_accounts() else ""
    facts = {"link": link, "may_buy": may_buy, "keep": keep, "refusal": refusal, **(context or {})}
    return show_cart(
        request, state, notices=notices, typed=typed, details=(details or {}) if may_buy else None, context=facts
    )
