"""The part of a cart's page on which it is ordered: what the shopper types, the sum, and the button that says it."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.browser import person_in
from carts.cart import CartState
from catalog.models import BuyerContact, Store
from offers.models import DeliveryOption
from orders.handoff.links import token_of as token_of_link
from orders.handoff.own_checkout import handover_of
from orders.links import token_of
from orders.marks import is_test
from orders.models import CheckoutLink, Order
from orders.refusals import CodeNeeded, NotTaken
from orders.services import confirming
from orders.services.accounts import known_of, remember
from orders.services.details import Details, ways_to_pay
from orders.services.placing import Seen, check_currency, check_open, place_order
from orders.services.quoting import Quote, quote, tax_of
from orders.views.online import address_to_pay
from orders.views.orders import remember_order
from orders.views.shopper import network
from shopmcp.errors import ShopError
from shopmcp.money import money

# What this browser typed; signed, and sent back to this browser alone.
COOKIE: Final = "buyer"
_COOKIE_HOLDS: Final = 30 * 24 * 3600
_MOST_KEPT: Final = 3800  # bytes; browsers drop larger cookies
_SALT: Final = "orders.buyer"
_FIELDS: Final = {
    "name": 100, "phone": 30, "email": 254, "delivery": 20, "street": 200, "street_more": 200, "city": 100,
    "postal_code": 20, "note": 1000, "payment": 20,
}  # fmt: skip
_SUM: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,3})?")
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{16,40}")


@dataclass(frozen=True, slots=True)
class ShownOption:
    """A delivery option as the page offers it, with what an order costs that is delivered so.

    Attributes:
        total: As a decimal; `sums` and `button` are written for people.
        missing: What the goods lack for it, in words; empty if it can be chosen.
    """

    option: DeliveryOption
    price: str
    hint: str
    missing: str
    total: Decimal
    total_shown: str
    tax: str
    button: str
    chosen: bool = False


def typed_in(form: QueryDict) -> dict[str, str]:
    """Return what the shopper typed, each text at most as long as its field."""
    # Browsers count the end of a line as one sign and send two.
    return {name: str(form[name]).replace("\r\n", "\n")[:most] for name, most in _FIELDS.items() if name in form}


def kept(request: HttpRequest) -> dict[str, str]:
    """Return what this browser typed before."""
    try:
        found = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=_COOKIE_HOLDS)
    except signing.BadSignature:
        return {}
    return {name: str(found[name]) for name in _FIELDS if name in found}


def filled(request: HttpRequest) -> dict[str, str]:
    """Return what the form begins with: what this browser typed before, else what the account knows."""
    typed = kept(request)
    if not typed and (person := person_in(request)) is not None:
        return known_of(person)
    return typed


def keep(response: HttpResponse, typed: Mapping[str, str]) -> None:
    """Let the browser keep what was typed; nothing of it is stored here."""
    parts = {name: text for name, text in typed.items() if text}
    cookie = signing.dumps(parts, salt=_SALT, compress=True)
    if len(cookie) > _MOST_KEPT:
        parts.pop("note", None)
        cookie = signing.dumps(parts, salt=_SALT, compress=True)
    response.set_cookie(
        COOKIE,
        cookie,
        max_age=_COOKIE_HOLDS,
        path="/c/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def forget(response: HttpResponse) -> None:
    """Let the browser forget what was typed."""
    response.delete_cookie(COOKIE, path="/c/", samesite="Lax")


def order(request: HttpRequest, link: CheckoutLink, version: int) -> HttpResponse | None:
    """Order the cart of a link as the form says; return the way to the order's page.

    None if another browser, or another form, has ordered the cart: its order's page is not for whoever has the link.

    Raises:
        CodeNeeded: When the code has been mailed.
        InvalidDetails, OrderChanged, NotTaken, TooMany: As `place_order`.
    """
    form, typed = request.POST, typed_in(request.POST)
    key = form.get("key", "")
    if not _KEY.fullmatch(key):
        key = secrets.token_urlsafe(16)
    details = Details(
        **{name: typed.get(name, "") for name in _TEXTS},
        delivery=_whole(typed.get("delivery", "")),
        payment=typed.get("payment", ""),
        language=get_language() or "en",
    )
    code, store = form.get("code", "").strip()[:20], link.cart.store
    # A buyer who has chosen another way to pay needs no code.
    if code and store is not None and confirming.is_needed(store, details.payment):
        confirming.confirm(link.cart_id, details.email.strip(), code)
    seen, person = Seen(version, _decimal(form.get("total", ""))), person_in(request)
    try:
        placed = place_order(
            link.cart.public_id,
            details,
            key=key,
            seen=seen,
            network=network(request),
            is_test=is_test(token_of_link(link), form.get("test", "")[:200]),
            person=person.pk if person else None,
        )
    except CodeNeeded:
        assert store is not None  # a cart that can be ordered has one
        confirming.send_code(link.cart_id, store, details.email.strip(), network=network(request))
        raise
    if not placed.is_new and placed.order.request_key != f"{placed.order.session_id}:{key}"[:64]:
        return None
    if person is not None and placed.is_new:
        remember(person, placed.order)
    response = HttpResponse(status=303, headers={"Location": _next_of(placed.order)})
    remember_order(request, response, placed.order)
    keep(response, {name: text for name, text in typed.items() if name != "note"})
    return response


def _next_of(order: Order) -> str:
    """Where the buyer goes from here: to the payment, or to the order's page."""
    if order.state == Order.State.AWAITING:
        try:
            return address_to_pay(order) or path_of(order)
        except ShopError:
            pass  # the order's page says so, and lets them try again
    return path_of(order)


def order_of(link: CheckoutLink, numbers: list[str]) -> Order | None:
    """Return the order that the cart of a link became, if it is one of these."""
    return Order.objects.filter(cart_id=link.cart_id, number__in=numbers).first() if numbers else None


def path_of(order: Order) -> str:
    """Return the path of the order's page, as its buyer sees it."""
    return f"/orders/{token_of(order.number, full=True)}"


def context(
    state: CartState, store: Store, typed: Mapping[str, str], refusal: ShopError | None = None
) -> dict[str, Any]:
    """Return what the page needs to order the cart; why not, where the store takes no orders.

    Args:
        state: A cart with lines.
        store: Its store.
        typed: What the shopper typed so far.
        refusal: Why the form was not taken.
    """
    if not store.paused and (own := handover_of(state, store)) is not None:
        return {"own": own}
    options = list(DeliveryOption.objects.offered().of_store(store))
    ways = ways_to_pay(store)
    try:
        check_open(store)
        if not options or not ways:
            raise NotTaken(_("The shop is not ready to take orders yet."), fix=_("The cart stays as it is."))
        for option in options:
            option.store = store
        check_currency(options, state.currency)
    except NotTaken as why:
        return {"closed": why}
    tax = tax_of(store)
    bare = quote(state, store, tax=tax)
    if not bare.lines:
        return {}
    fit = [option for option in options if option.is_for(state.currency)]
    shown = [_shown(option, quote(state, store, option, tax), state, store) for option in fit]
    chosen = next(
        (each for each in shown if str(each.option.pk) == typed.get("delivery")),
        next((each for each in shown if not each.missing), shown[0]),
    )
    currency, locale = state.currency or store.currency, store.language
    return {
        "checkout": True,
        "typed_details": typed,
        "options": [(each, each is chosen) for each in shown],
        "chosen": chosen,
        "goods": money(bare.sums.goods, currency, locale),
        "discount": money(bare.sums.discount, currency, locale) if bare.sums.discount else None,
        "ways": ways,
        "way": typed.get("payment") if typed.get("payment") in ways else next(iter(ways)),
        "needs_phone": store.buyer_contact in (BuyerContact.PHONE, BuyerContact.BOTH),
        "needs_email": store.buyer_contact in (BuyerContact.EMAIL, BuyerContact.BOTH),
        "needs_either": store.buyer_contact == BuyerContact.EITHER,
        "asks_code": state.id is not None and confirming.is_open(state.id, store),
        "key": secrets.token_urlsafe(16),
    }


def _shown(option: DeliveryOption, quoted: Quote, state: CartState, store: Store) -> ShownOption:
    currency, locale, sums = state.currency or store.currency, store.language, quoted.sums
    total = money(sums.total, currency, locale)
    missing = option.missing_for_minimum(quoted.after_discount)
    free = option.missing_for_free(quoted.after_discount)
    return ShownOption(
        option,
        price=option.shown(sums.delivery).formatted if sums.delivery else _("free"),
        hint=_("%(missing)s more for free delivery") % {"missing": option.shown(free).formatted} if free else "",
        missing=_("The cart lacks %(missing)s for it.") % {"missing": option.shown(missing).formatted}
        if missing
        else "",
        total=sums.total,
        total_shown=total.formatted,
        tax=_tax_text(quoted, money(sums.tax, currency, locale).formatted),
        button=_("Order and pay %(sum)s") % {"sum": total.formatted},
    )


def _tax_text(quoted: Quote, tax: str) -> str:
    rate = f"{quoted.tax.rate.normalize():f}"
    if not quoted.tax.rate:
        return ""
    if quoted.tax.included:
        return _("The sum includes %(tax)s of tax (%(rate)s %%).") % {"tax": tax, "rate": rate}
    return _("The sum includes %(tax)s of tax (%(rate)s %%), which the prices leave out.") % {"tax": tax, "rate": rate}


_TEXTS: Final = ("name", "phone", "email", "street", "street_more", "city", "postal_code", "note")


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _decimal(text: str) -> Decimal:
    """The sum that the button said; 0 if the form has none."""
    return Decimal(text) if _SUM.fullmatch(text) else Decimal(0)
