"""Permalinks: addresses that name products, for newsletters, posters and other sites.

Crawlers and previews follow them, so nothing is stored before a shopper does something. Then a cart of its own begins,
which no chat knows; its browser keeps a signed cookie, and the cart has a link as every other.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext

from carts.cart import MAX_LINES, MAX_QUANTITY, CartState
from carts.services.saving import locked_elsewhere, save
from carts.services.sessions import begin_elsewhere
from carts.sold import SoldItem, StoreInfo
from carts.sources import ELSEWHERE
from catalog.models import Product
from orders.handoff.links import link_for
from orders.handoff.pages import copy_lines, left_out
from orders.models import CheckoutLink, PermalinkCount
from shopmcp.db.savepoint import change
from shopmcp.errors import CartLimit, ShopError
from shopmcp.mcp.call import Call

DIRECT: Final = "direct"
# So many sources are told apart in a day; whoever makes up names must not fill the table.
MOST_SOURCES: Final = 100
OTHER_SOURCES: Final = "…"
_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9._:-]+")
_SOURCE: Final = re.compile(r"[^\w.-]+")
_LONGEST_ID: Final = 300
_LONGEST_SHOWN: Final = 120  # of an id that there is not


@dataclass(frozen=True, slots=True)
class Wanted:
    """A product that a permalink names, by its id, with a quantity."""

    product: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Offer:
    """What a permalink offers now.

    Attributes:
        state: A cart in memory with what can be bought.
        left_out: Why the other products are not in it, a sentence each.
    """

    state: CartState
    left_out: Sequence[str]


def read(items: str) -> list[Wanted]:
    """Read `weft:i281:2,~<base64url of an id>:1`, leniently: a part without a number means one piece.

    A product that is named twice is wanted as often. A text that is no id is kept, and no product is found by it.
    """
    wanted: dict[str, int] = {}
    for part in items.split(",")[: MAX_LINES + 1]:
        name, _, number = part.strip().rpartition(":")
        if not (name and number.isdecimal() and len(number) < 10):
            name, number = part.strip(), "1"
        if product := _decoded(name):
            wanted[product] = min(MAX_QUANTITY, wanted.get(product, 0) + int(number))
    return [Wanted(product, quantity) for product, quantity in wanted.items() if quantity]


def write(wanted: Iterable[Wanted]) -> str:
    """Return the products as they stand in a permalink."""
    return ",".join(f"{_encoded(each.product)}:{each.quantity}" for each in wanted)


def path_of(wanted: Iterable[Wanted]) -> str:
    """Return the path of the permalink of these products."""
    return f"/buy/{quote(write(wanted), safe=':,~')}"


def source_of(named: str, referrer_host: str) -> str:
    """Return where a shopper comes from: what the address says, or else the site that has the link."""
    return _SOURCE.sub("-", named or referrer_host)[:40].strip("-") or DIRECT


def offer(wanted: Sequence[Wanted]) -> Offer:
    """Return what can be bought of the products; one query."""
    rows = Product.objects.filter(public_id__in=[each.product for each in wanted]).select_related("store", "identity")
    found = {product.public_id: product for product in rows}
    state, missing = CartState(0, ""), list[str]()
    for each in wanted[:MAX_LINES]:
        if (product := found.get(each.product)) is None:
            missing.append(gettext("The shop has no product “%(id)s”.") % {"id": each.product[:_LONGEST_SHOWN]})
            continue
        of = product.store
        store = StoreInfo(of.pk, of.slug, of.name, of.currency, of.language)
        try:
            notice = state.add(SoldItem.of(product), each.quantity, store)
        except ShopError as refusal:
            missing.append(left_out(product.name, refusal))
        else:
            missing += [notice.text] if notice else []
    if len(wanted) > MAX_LINES:
        missing.append(gettext("A cart holds at most %(most)s different products.") % {"most": MAX_LINES})
    return Offer(state, missing)


def begin_cart(
    offered: Offer, quantities: Mapping[str, int], *, language: str, source: str, network: str
) -> CheckoutLink:
    """Begin a cart of its own with what is offered, in the quantities that the shopper chose; return a link to it.

    Raises:
        NotForSale: If a quantity grows of a product that cannot be bought.
        CartLimit: If nothing is left.
        TooMany, DiskFull: If no more carts may begin.
    """
    state = offered.state
    for line in list(state.lines.values()):
        state.set_quantity(line.product, quantities.get(line.product.public_id, line.quantity))
    if not state.lines:
        raise CartLimit(gettext("Nothing is left in the cart."), fix=gettext("Open the link again to start over."))
    with change():
        link = keep(state, scope=CheckoutLink.Scope.BUY, language=language, network=network, source=source)
        _count(source)
    return link


def keep(
    state: CartState, *, scope: str, language: str, network: str, source: str = "", call: Call | None = None
) -> CheckoutLink:
    """Copy a cart with its coupon into a session of its own, which no chat can find; return a link to it.

    Raises:
        NotForSale, CartLimit: If nothing of it can be bought.
        TooMany, DiskFull: If no more carts may begin.
    """
    with change(), locked_elsewhere(begin_elsewhere(ELSEWHERE, network, call)) as own:
        notices = copy_lines(state, own)
        own.terms.coupon = state.terms.coupon
        save(own, ELSEWHERE, notices, undo_to=None)
        assert own.id is not None
        return link_for(own.id, scope, language, source)


def _count(source: str) -> None:
    """Count a cart that began by a permalink."""
    day = timezone.localdate()
    if PermalinkCount.objects.filter(day=day, source=source).update(carts=F("carts") + 1):
        return
    if PermalinkCount.objects.filter(day=day).count() >= MOST_SOURCES:
        source = OTHER_SOURCES
    PermalinkCount.objects.get_or_create(day=day, source=source)
    PermalinkCount.objects.filter(day=day, source=source).update(carts=F("carts") + 1)


def _decoded(name: str) -> str:
    """The id that stands in a permalink; empty if it cannot be one."""
    if name.startswith("~"):
        try:
            name = urlsafe_b64decode(name[1:] + "=" * (-len(name[1:]) % 4)).decode()
        except ValueError:
            return ""
    return name if name.isprintable() and len(name) <= _LONGEST_ID else ""


def _encoded(product: str) -> str:
    if _PLAIN_ID.fullmatch(product):
        return product
    return f"~{urlsafe_b64encode(product.encode()).decode().rstrip('=')}"
