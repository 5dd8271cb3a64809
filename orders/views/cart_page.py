"""The page of a cart: its lines as shown, and the quantities of its form as read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _

from carts.caller import first_store
from carts.cart import MAX_QUANTITY, CartState, LineState, Notice
from carts.offers import offers_of
from catalog.models import Product, Store
from catalog.models.products import STATIC_IMAGE
from offers.own_checkouts import Handover
from orders import images
from orders.handoff import pages
from orders.refusals import InvalidDetails
from orders.services.reminders import reminds
from orders.texts import offers_said
from orders.views import checkout
from shopmcp.errors import InvalidArguments, ShopError
from shopmcp.money import Money, money

_QUANTITY: Final = "quantity:"
_STATUS: Final = {"too_many_requests": 429, "invalid_details": 422}


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line as its page shows it; `typed` is the quantity that a page which was behind sent."""

    line: LineState
    picture: str
    price: Money | None
    total: Money | None
    typed: str = ""

    @property
    def typed_quantity(self) -> int:
        """What was typed as a quantity; -1 if it is none."""
        return number_in(self.typed.strip(), MAX_QUANTITY)

    @property
    def fewer(self) -> int:
        return max(0, self.line.quantity - 1)

    @property
    def more(self) -> int:
        return min(MAX_QUANTITY, self.line.quantity + 1)


def show_cart(
    request: HttpRequest,
    state: CartState,
    *,
    notices: Sequence[Notice] = (),
    typed: Mapping[str, str] | None = None,
    details: Mapping[str, str] | None = None,
    context: Mapping[str, Any],
) -> HttpResponse:
    """Answer with the page of a cart.

    Args:
        request: Of the page.
        state: The cart as it is now.
        notices: Told beside those of the cart.
        typed: Quantities that were not taken.
        details: What the shopper typed to order it; None where nothing is ordered.
        context: For the template; a `refusal` in it decides the status.
    """
    store = state.store or first_store()
    locale, currency = store.language, state.currency or store.currency
    refusal: ShopError | None = context.get("refusal")
    row = Store.objects.select_related("merchant").filter(pk=store.id).first()
    to_order: dict[str, Any] = {}
    if details is not None and row is not None and state.lines:
        to_order = checkout.context(state, row, details, refusal)
    offers = offers_of(state)
    facts = {
        "store": row,
        "offers": offers_said(offers) if offers else [],
        "coupon": state.terms.coupon,
        "state": state,
        "lines": list(_lines(state.lines.values(), currency, locale, typed or {})),
        "total": money(offers.total if offers else state.total, currency, locale),
        "notices": pages.shown_notices(state, locale, notices),
        "most": MAX_QUANTITY,
        "reminds": bool(state.lines) and row is not None and reminds(row),
        "wrong": refusal.wrong if isinstance(refusal, InvalidDetails) else {},
        **to_order,
        **context,
    }
    status = 200 if refusal is None else _STATUS.get(refusal.code, 409)
    response = render(request, "orders/handoff.html", facts, status=status)
    if refusal is not None and refusal.retry_after:
        response["Retry-After"] = str(refusal.retry_after)
    own: Handover | None = to_order.get("own")
    if own is not None and own.origin:
        # Browsers apply `form-action` to the redirect after the form too.
        lead_on = csp_update({"form-action": [own.origin]})
        response = cast("HttpResponse", lead_on(lambda _request: response)(request))
    return response


def _lines(lines: Iterable[LineState], currency: str, locale: str, typed: Mapping[str, str]) -> Iterable[ShownLine]:
    for line in lines:
        price, total = line.product.price, line.total
        wish = typed.get(line.product.public_id, "").strip()
        yield ShownLine(
            line,
            _picture_of(line),
            None if price is None else money(price, currency, locale),
            money(total, currency, locale),
            "" if wish == str(line.quantity) else wish,
        )


def _picture_of(line: LineState) -> str:
    """The address of the line's image on this site; empty if there is none."""
    image = line.product.image
    if image.startswith(STATIC_IMAGE):
        return urlsplit(Product(image=image).image_url).path
    key = images.key_of(image)
    return f"/c/images/{line.product.id}-{key}.jpg" if key else ""


def typed_quantities(form: QueryDict) -> dict[str, str]:
    """The quantities of a form as they were typed, by product id; a button's own replaces what stands in its field.

    The fields are `quantity:<product id>`, the buttons `set:<product id>:<quantity>`.
    """
    typed = {name.removeprefix(_QUANTITY): str(text) for name, text in form.items() if name.startswith(_QUANTITY)}
    wish = form.get("do", "")
    if wish.startswith("set:"):
        product, _colon, text = wish.removeprefix("set:").rpartition(":")
        typed[product] = text
    return typed


def quantities_in(typed: Mapping[str, str]) -> dict[str, int]:
    """The quantities that were typed.

    Raises:
        InvalidArguments: If one is no number from 0 to 999.
    """
    quantities = {product: number_in(text.strip(), MAX_QUANTITY) for product, text in typed.items()}
    if -1 in quantities.values():
        raise InvalidArguments(
            _("A quantity is a whole number from 0 to %(most)s.") % {"most": MAX_QUANTITY},
            fix=_("Write it again; nothing was changed."),
        )
    return quantities


def number_in(text: str, most: int) -> int:
    """The whole number that the text is; -1 if it is none from 0 to `most`."""
    number = int(text) if text.isdecimal() and len(text) <= 10 else -1
    return number if number <= most else -1
