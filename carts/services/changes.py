"""What a shopper can do to a cart."""

from collections.abc import Sequence

from django.utils.translation import gettext

from carts.services.saving import Conversation, Outcome, Request, change_cart, find_item
from carts.state import CartState, Notice, SoldItem, StoreInfo
from catalog.models import Product
from shopmcp.errors import Ambiguous, NotForSale, NotFound, ShopError

_MOST_CANDIDATES = 10


def add_items(conversation: Conversation, wanted: Sequence[tuple[str, int]], request: Request | None = None) -> Outcome:
    """Add products, each a reference and a quantity; all of them or, where one is refused, none.

    Raises:
        NotFound, Ambiguous: If references name no product, or several; each of them is told.
        NotForSale: As `CartState.add`, with the variants that can be bought as candidates.
        CartLimit: As `CartState.add`.
        RequestIdReused: If the request's id was used for something else.
    """

    def change(state: CartState) -> list[Notice]:
        notices = []
        for item, store, quantity in _found(wanted):
            try:
                notice = state.add(item, quantity, store)
            except NotForSale as refusal:
                raise _with_siblings(refusal, item) from None
            if notice is not None:
                notices.append(notice)
        return notices

    return change_cart(conversation, "add_to_cart", change, request)


def set_quantity(conversation: Conversation, reference: str, quantity: int) -> Outcome:
    """Set the quantity of a product in the cart; 0 removes it.

    Raises:
        NotFound: If the cart does not hold it, unless the quantity is 0.
        NotForSale: If more are wanted of what cannot be bought.
    """

    def change(state: CartState) -> list[Notice]:
        item = _held(state, reference)
        if item.id not in state.lines:
            if not quantity:
                return []
            raise NotFound(
                gettext("The cart does not hold %(name)s.") % {"name": item.name},
                fix=gettext("Use add_to_cart to put it in."),
            )
        notice = state.set_quantity(item, quantity)
        return [notice] if notice else []

    return change_cart(conversation, "update_cart_item", change)


def remove_item(conversation: Conversation, reference: str) -> Outcome:
    """Take a product out of the cart; removing what is not in it changes nothing.

    Raises:
        NotFound, Ambiguous: If the reference names no product, or several.
    """

    def change(state: CartState) -> list[Notice]:
        state.remove(_held(state, reference).id)
        return []

    return change_cart(conversation, "remove_from_cart", change)


def clear_cart(conversation: Conversation) -> Outcome:
    """Empty the cart."""

    def change(state: CartState) -> list[Notice]:
        for pk in list(state.lines):
            state.remove(pk)
        return []

    return change_cart(conversation, "clear_cart", change)


def _found(wanted: Sequence[tuple[str, int]]) -> list[tuple[SoldItem, StoreInfo, int]]:
    """What the references name, each product once, with all that is wanted of it."""
    found: dict[int, tuple[SoldItem, StoreInfo, int]] = {}
    refusals: list[ShopError] = []
    for reference, quantity in wanted:
        try:
            item, store = find_item(reference)
        except (NotFound, Ambiguous) as refusal:
            refusals.append(refusal)
            continue
        before = found[item.id][2] if item.id in found else 0
        found[item.id] = item, store, before + quantity
    if refusals:
        raise _together(refusals)
    return list(found.values())


def _together(refusals: Sequence[ShopError]) -> ShopError:
    """One refusal that tells all of them, so that everything can be put right at once."""
    first = refusals[0]
    messages = dict.fromkeys(refusal.message for refusal in refusals)
    candidates = {str(candidate): candidate for refusal in refusals for candidate in refusal.candidates}
    return type(first)(" ".join(messages), fix=first.fix, candidates=list(candidates.values())[:_MOST_CANDIDATES])


def _with_siblings(refusal: NotForSale, item: SoldItem) -> NotForSale:
    siblings = Product.objects.select_related("store").get(pk=item.id).siblings()
    offered = [sibling.as_candidate() for sibling in siblings if sibling.for_sale and sibling.in_stock]
    if not offered:
        return refusal
    return NotForSale(
        refusal.message,
        fix=gettext("Offer the shopper one of those instead, or something similar by search_products."),
        candidates=offered[:_MOST_CANDIDATES],
    )


def _held(state: CartState, reference: str) -> SoldItem:
    """The product that the words name: one in the cart first, then one of the catalogue."""
    if (line := state.line_named(reference)) is not None:
        return line.product
    item, _ = find_item(reference)
    return item
