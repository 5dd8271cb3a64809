"""What a shopper can do to a cart."""

from collections.abc import Sequence

from django.utils.translation import gettext

from carts.services.saving import Conversation, Outcome, Request, change_cart, find_item
from carts.state import CartState, Notice, SoldItem
from shopmcp.errors import NotFound


def add_items(conversation: Conversation, wanted: Sequence[tuple[str, int]], request: Request | None = None) -> Outcome:
    """Add products, each a reference and a quantity; all of them or, where one is refused, none.

    Raises:
        NotFound, Ambiguous: If a reference names no product, or several.
        NotForSale, CartLimit: As `CartState.add`.
        RequestIdReused: If the request's id was used for something else.
    """

    def change(state: CartState) -> list[Notice]:
        notices = []
        for reference, quantity in wanted:
            item, store = find_item(reference)
            if (notice := state.add(item, quantity, store)) is not None:
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


def _held(state: CartState, reference: str) -> SoldItem:
    """The product that the words name: one in the cart first, then one of the catalogue."""
    if (line := state.line_named(reference)) is not None:
        return line.product
    item, _ = find_item(reference)
    return item
