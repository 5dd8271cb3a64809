"""The store's own checkout in another shop system: the address that takes a cart over.

None of these systems reports back what was ordered there.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.language.text import web_address
from offers.pay_links import https_address


class System(models.TextChoices):
    """What the store's own shop runs on."""

    SHOPIFY = "shopify", _("Shopify")
    WOOCOMMERCE = "woocommerce", _("WooCommerce")
    OPENCART = "opencart", _("OpenCart")
    PLAIN = "plain", _("another, by a template")


# Behind the address of the shop. OpenCart takes no cart by an address: its pages of products are opened one by one.
_TEMPLATES: Final = {
    System.SHOPIFY: "/cart/{items}",
    System.WOOCOMMERCE: "/checkout-link/?products={items}",
    System.OPENCART: "/index.php?route=product/product&product_id={id}",
}
_COUPONS: Final = {System.SHOPIFY: "?discount={coupon}", System.WOOCOMMERCE: "&coupon={coupon}"}
# What a template of the owner may name, each in braces.
PLACES: Final = ("items", "coupon", "sum", "currency")
_PLACE: Final = re.compile(r"\{([^{}]*)\}")
_NUMBER: Final = re.compile(r"[0-9]{1,19}")
# Longer addresses are cut off by some servers.
_LONGEST: Final = 4000


@dataclass(frozen=True, slots=True)
class Item:
    """A product to be taken over; `id` is the one that the other system knows, empty if there is none."""

    name: str
    sku: str
    id: str
    quantity: int
    url: str = ""


@dataclass(frozen=True, slots=True)
class Handover:
    """Where a cart goes on.

    Attributes:
        address: Takes the whole cart; empty where the system takes no cart by an address.
        pages: Products whose pages are opened instead, with their addresses.
        left_out: Products that do not go along: their id there is not known, or the address has no place for them.
        shop: The address of the other shop, where a shopper looks for what does not go along.
    """

    address: str = ""
    pages: Sequence[tuple[Item, str]] = ()
    left_out: Sequence[Item] = ()
    shop: str = ""

    @property
    def is_possible(self) -> bool:
        return bool(self.address or self.pages)

    @property
    def host(self) -> str:
        """Of the address: what the shopper sees before they go there."""
        return urlsplit(self.address or self.shop).hostname or ""

    @property
    def origin(self) -> str:
        """Scheme and host of the address, as a browser compares them."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def check_address(system: str, address: str) -> None:
    """Refuse what is no address of a shop, or for `PLAIN` no template of one.

    Raises:
        ValidationError: In words.
    """
    named = _PLACE.findall(address)
    if system != System.PLAIN and ("{" in address or "?" in address or "#" in address):
        raise ValidationError(_("Give the address of the shop alone, such as https://shop.example.com."))
    if wrong := sorted(set(named) - set(PLACES)):
        raise ValidationError(
            _("There is no place %(name)s. Use %(places)s."),
            params={"name": f"{{{wrong[0]}}}", "places": ", ".join(f"{{{name}}}" for name in PLACES)},
        )
    if any(brace in _PLACE.sub("", address) for brace in "{}"):
        raise ValidationError(_("A brace has no partner."))
    https_address(_PLACE.sub("1", address))
    # A host that a cart's values are part of could be anybody's.
    if "{" in urlsplit(address).netloc:
        raise ValidationError(_("Write the host as it is, without braces."))


def handover(
    system: str, address: str, items: Sequence[Item], *, coupon: str = "", sums: Mapping[str, str] | None = None
) -> Handover:
    """Return where these products go on.

    Args:
        system: A value of `System`.
        address: As `check_address` takes it.
        items: What can be bought, with quantities.
        coupon: The code of the cart's; the other system decides what it is worth there.
        sums: `sum` and `currency`, for a template that names them.
    """
    known = [item for item in items if _id_of(system, item)]
    left_out = [item for item in items if not _id_of(system, item)]
    parts = urlsplit(address)
    # A template may lead deep into a shop; its first page has a search.
    shop = f"{parts.scheme}://{parts.netloc}" if system == System.PLAIN else address
    if not known:
        return Handover(left_out=left_out, shop=shop)
    if system == System.OPENCART:
        template = address.rstrip("/") + _TEMPLATES[System.OPENCART]
        pages = [(item, web_address(template.replace("{id}", item.id))) for item in known]
        return Handover(pages=pages, left_out=left_out, shop=shop)
    template = address
    if system != System.PLAIN:
        template = address.rstrip("/") + _TEMPLATES[System(system)] + (_COUPONS[System(system)] if coupon else "")
    values = {
        "items": ",".join(f"{quote(_id_of(system, item), safe='')}:{item.quantity}" for item in known),
        **{name: quote(text, safe="") for name, text in {"coupon": coupon, **(sums or {})}.items()},
    }
    filled = web_address(_PLACE.sub(lambda place: values.get(place[1], ""), template))
    if len(filled) > _LONGEST:
        return Handover(left_out=items, shop=shop)
    return Handover(filled, left_out=left_out if "{items}" in template else items, shop=shop)


def _id_of(system: str, item: Item) -> str:
    """The id under which the system takes a product; a template of the owner takes SKUs too."""
    if system == System.PLAIN:
        return item.id or item.sku
    return item.id if _NUMBER.fullmatch(item.id) else ""
