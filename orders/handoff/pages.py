"""What the page of a cart shows, and what its shopper may change there."""

from collections.abc import Mapping, Sequence
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext

from carts.cart import CartState, Notice, Outcome
from carts.services import carts, coupons
from carts.services.saving import load_cart, locked_elsewhere, save
from carts.services.sessions import find_by_public_id
from carts.sources import ELSEWHERE
from orders.handoff.links import not_usable
from orders.models import CheckoutLink
from shopmcp.errors import NotForSale, ShopError, TooMany
from shopmcp.throttle import Buckets, Rate

# Changes on the pages of one cart. The chat has a limit of its own.
page_changes: Final = Buckets("page-changes", lambda: Rate(2, 120))


class PageBehind(ShopError):
    """The cart changed since the page was made; nothing was done."""

    code = "page_behind"


class Ordered(ShopError):
    """The cart of the link was ordered, so the link opens nothing else."""

    code = "ordered"


def cart_of(link: CheckoutLink) -> CartState:
    """Return the cart of a link as it is now.

    Raises:
        Ordered: If it was ordered meanwhile.
        NotFound: If it was deleted.
    """
    if (row := find_by_public_id(link.cart.session.public_id)) is None:
        raise not_usable()
    return of_link(link, load_cart(row, timezone.now()))


def set_quantities(link: CheckoutLink, version: int, wanted: Mapping[str, int]) -> Outcome:
    """Set quantities of products in the cart, by product id, as one change; 0 removes a product.

    A page that sends the same again, such as by a double click, gets the cart as it is.

    Args:
        link: A link to buy.
        version: The version of the cart that the page showed.
        wanted: Quantities from 0 to 999; the products may have left the cart since.

    Raises:
        PageBehind: If the cart changed since, and these quantities would change it.
        NotForSale: If a quantity grows of a product that cannot be bought.
        Ordered, NotFound: As `cart_of`.
        TooMany: If too many changes were made lately.
    """
    _admit(link)
    with locked_elsewhere(link.cart.session.public_id) as state:
        of_link(link, state)
        held = {line.product.public_id: line for line in state.lines.values()}
        changed = {
            product: quantity
            for product, quantity in wanted.items()
            if (held[product].quantity if product in held else 0) != quantity
        }
        if not changed:
            return Outcome(state)
        if version != state.version or not changed.keys() <= held.keys():
            raise behind()
        notices = [state.set_quantity(held[product].product, quantity) for product, quantity in changed.items()]
        return save(state, ELSEWHERE, [notice for notice in notices if notice], undo_to=state.version)


def apply_coupon(link: CheckoutLink, version: int, code: str, *, network: str = "") -> Outcome:
    """Apply the coupon of this code to the cart in place of another; an empty code takes it off.

    Raises:
        PageBehind: If the cart changed since the page was made.
        CouponRefused: As `carts.services.coupons.apply_coupon`.
        Ordered, NotFound, TooMany: As `set_quantities`.
    """
    _admit(link)
    with locked_elsewhere(link.cart.session.public_id) as state:
        of_link(link, state)
        if version != state.version:
            raise behind()
        return coupons.apply_coupon(state, code, network=network)


def undo(link: CheckoutLink, version: int) -> Outcome:
    """Undo the newest change of the cart that was not itself undone.

    Raises:
        PageBehind: If the cart changed since the page was made.
        NotFound: If there is nothing to undo; also as `cart_of`.
        Ordered, TooMany: As `set_quantities`.
    """
    _admit(link)
    with locked_elsewhere(link.cart.session.public_id) as state:
        of_link(link, state)
        if version != state.version:
            raise behind()
        return carts.undo_change(state)


def copy_lines(source: CartState, target: CartState) -> list[Notice]:
    """Add the lines of one cart to another, as many as can be bought; return a notice for each that falls short.

    Raises:
        NotForSale, CartLimit: If nothing could be added; the first refusal.
    """
    notices, refusals, before = list[Notice](), list[ShopError](), target.item_count
    for line in source.lines.values():
        assert source.store is not None  # a cart with lines has a store
        try:
            notice = target.add(line.product, line.quantity, source.store)
        except ShopError as refusal:
            refusals.append(refusal)
            notices.append(Notice("not_added", left_out(line.product.name, refusal)))
        else:
            notices += [notice] if notice else []
    if refusals and target.item_count == before:
        raise refusals[0]
    return notices


def shown_notices(state: CartState, locale: str, more: Sequence[Notice] = ()) -> list[Notice]:
    """Return what a page tells beside its lines, which say themselves what is short: changed prices, and `more`."""
    found = {notice.text: notice for notice in more}
    found |= {notice.text: notice for notice in state.notices(locale) if notice.code == "price_changed"}
    return list(found.values())


def behind() -> PageBehind:
    return PageBehind(
        gettext("The cart was changed meanwhile, in the chat or on another page, so nothing was done."),
        fix=gettext("This is the cart as it is now. What you wanted stands beside it."),
    )


def ordered() -> Ordered:
    return Ordered(gettext("This cart was ordered."), fix=gettext("To order something else, go back to the chat."))


def left_out(name: str, refusal: ShopError) -> str:
    """Return the sentence that a product did not come into the cart."""
    if isinstance(refusal, NotForSale):
        return refusal.message
    return gettext("%(name)s was not added: %(reason)s") % {"name": name, "reason": refusal.message}


def of_link(link: CheckoutLink, state: CartState) -> CartState:
    """Return the session's open cart if it is that of the link.

    Raises:
        Ordered: If the link's was ordered.
    """
    if state.id != link.cart_id:
        raise ordered()
    return state


def _admit(link: CheckoutLink) -> None:
    if wait := page_changes.take(str(link.cart_id)):
        raise TooMany(wait, gettext("This cart was changed too often lately, so nothing was done."))
