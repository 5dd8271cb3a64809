"""The sentences of the widgets, in each language of the shop: a host tells its language only to the running widget."""

from collections.abc import Iterable

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.models import Order

_SHARED = {
    "loading": _("Loading…"),
    "error": _("This could not be shown."),
    "offline": _("No connection. What you see may be old."),
    "stale": _("This could not be looked up again. What you see may be old."),
    "unanswered": _("No answer came. Try again: nothing is done twice."),
    "again": _("Try again"),
    "undo": _("Undo"),
    "elsewhere": _("The cart was changed elsewhere. This is what it holds now."),
    "quantity": _("Quantity"),
    "unpriced": _("Without a price"),
}
_ONE_PRODUCT = {
    "add": _("Add to cart"),
    "inCart": _("In your cart: %(count)s"),
    "soldOut": _("Sold out"),
    "was": _("Before:"),
    "moreVariants": _("%(count)s more variants: ask for them in the chat."),
}
_LARGE = {"fullscreen": _("Enlarge"), "inline": _("Back to the chat")}
_TEXTS = {
    "products": _SHARED
    | _ONE_PRODUCT
    | {
        "title": _("Products"),
        "variant": _("Variant"),
        "more": _("Show more"),
        "close": _("Also close"),
        "none": _("Nothing was found."),
        "categories": _("Categories: %(names)s"),
    },
    "product": _SHARED
    | _ONE_PRODUCT
    | _LARGE
    | {
        "variant": _("Variant"),
        "inStock": _("In stock"),
        "left": _("%(count)s in stock"),
        "withdrawn": _("No longer sold"),
        "perKilo": _("%(price)s a kilo"),
        "perLitre": _("%(price)s a litre"),
    },
    "cart": _SHARED
    | _LARGE
    | {
        "title": _("Cart"),
        "empty": _("The cart is empty."),
        "less": _("One less"),
        "more": _("One more"),
        "remove": _("Remove"),
        "onlySome": _("Only %(count)s can be bought now"),
        "notNow": _("Cannot be bought now"),
        "showAll": _("Show all %(count)s"),
        "total": _("Total"),
        "coupon": _("Coupon %(code)s"),
        "code": _("Coupon code"),
        "apply": _("Apply"),
        "uncoupon": _("Take the coupon off"),
        "missing": _("%(sum)s more for free delivery"),
        "free": _("The delivery is free."),
        "checkout": _("Checkout"),
        "clear": _("Empty the cart"),
        "order": _("Order %(number)s"),
        "toPay": _("To pay: %(sum)s"),
        "held": _("Authorised, not taken"),
        "openOrder": _("Open the order"),
    }
    | {f"is_{state.value}": state.label for state in Order.State},
}


def texts_of(widget: str) -> dict[str, dict[str, str]]:
    """Return the sentences of a widget by language and key."""
    return {code: _in(code, _TEXTS[widget].items()) for code, _name in settings.LANGUAGES}


def _in(language: str, texts: Iterable[tuple[str, str | Promise]]) -> dict[str, str]:
    with translation.override(language):
        return {key: str(text) for key, text in texts}
