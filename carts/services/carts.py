"""What a shopper can do to a cart."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from django.utils.translation import gettext

from carts.cart import CartState, Notice, Outcome, SoldItem, StoreInfo
from carts.models import KEPT_VERSIONS, Change
from carts.services.references import find_item, find_items, with_siblings
from carts.services.requests import Request
from carts.services.saving import items_of, save, undo_of
from catalog.models import Store
from shopmcp.errors import NotForSale, NotFound


def add_items(state: CartState, wanted: Sequence[tuple[str, int]], request: Request | None = None) -> Outcome:
    """Add products, each a reference and a quantity, and save; if one is refused, none is added.

    Raises:
        NotFound, Ambiguous: If references name no product, or several; the refusal tells all of them.
        NotForSale: As `CartState.add`, to be completed with the variants that can be bought.
        CartLimit: As `CartState.add`.
    """
    notices = list[Notice]()
    for item, store, quantity in find_items(wanted):
        try:
            notice = state.add(item, quantity, store)
        except NotForSale as refusal:
            refusal.complete = partial(with_siblings, refusal, item)
            raise
        if notice is not None:
            notices.append(notice)
    return save(state, "add_to_cart", notices, undo_to=state.version, request=request)


def set_quantity(state: CartState, reference: str, quantity: int, request: Request | None = None) -> Outcome:
    """Set the quantity of a product in the cart, and save; 0 removes it.

    Raises:
        NotFound: If the cart does not hold it, unless the quantity is 0.
        NotForSale: If the quantity grows and the product cannot be bought.
    """
    item, notice = _held(state, reference), None
    if item.id in state.lines:
        notice = state.set_quantity(item, quantity)
    elif quantity:
        raise NotFound(
            gettext("The cart does not hold %(name)s.") % {"name": item.name},
            fix=gettext("Use add_to_cart to put it in."),
        )
    return save(state, "update_cart_item", [notice] if notice else [], undo_to=state.version, request=request)


def remove_item(state: CartState, reference: str, request: Request | None = None) -> Outcome:
    """Take a product out of the cart, if it is there, and save.

    Raises:
        NotFound, Ambiguous: If the reference names no product, or several.
    """
    state.remove(_held(state, reference).id)
    return save(state, "remove_from_cart", [], undo_to=state.version, request=request)


def clear_cart(state: CartState, request: Request | None = None) -> Outcome:
    """Empty the cart, and save."""
    for pk in list(state.lines):
        state.remove(pk)
    return save(state, "clear_cart", [], undo_to=state.version, request=request)


def _held(state: CartState, reference: str) -> SoldItem:
    """The product that the reference names: one in the cart, else one of the catalogue."""
    if (line := state.line_named(reference)) is not None:
        return line.product
    item, _ = find_item(reference)
    return item


def undo_change(state: CartState, version: int | None = None, request: Request | None = None) -> Outcome:
    """Bring the cart back to a version, and save; without one, to before the newest change that was not itself undone.

    Raises:
        NotFound: If there is no such version, it is before the kept history, or there is nothing to undo.
    """
    return _undo(state, _undo_target(state, version), request)


def _undo_target(state: CartState, version: int | None) -> int:
    target = undo_of(state, state.version) if version is None else version
    if target is None:
        raise _nothing_to_undo(state)
    if target > state.version:
        raise NotFound(
            gettext("The cart has no version %(asked)s; its newest is %(newest)s.")
            % {"asked": target, "newest": state.version},
            fix=gettext("Pass an earlier version, or none to undo the newest change."),
        )
    if target < state.version - KEPT_VERSIONS:
        raise NotFound(
            gettext("The shop keeps the last %(kept)s changes of a cart, and version %(asked)s is before them.")
            % {"kept": KEPT_VERSIONS, "asked": target},
            fix=gettext("Pass version %(oldest)s or a later one, or empty the cart with clear_cart.")
            % {"oldest": state.version - KEPT_VERSIONS},
        )
    return target


def _nothing_to_undo(state: CartState) -> NotFound:
    if state.version > 1:
        message = gettext("Every change of the cart is undone already.")
        fix = gettext("To take the newest undo back, pass version %(version)s.") % {"version": state.version - 1}
    else:
        message, fix = gettext("There is no change to undo."), gettext("Look at the cart with view_cart.")
    return NotFound(message, fix=fix)


def _undo(state: CartState, target: int, request: Request | None) -> Outcome:
    # Of every product changed since, the first `before` is what the target version held.
    then: dict[int, Mapping[str, Any]] = {}
    if state.id is not None and target < state.version:
        for delta in Change.objects.filter(cart_id=state.id).after(target).values_list("delta", flat=True):
            for entry in delta:
                then.setdefault(entry["product"], entry)
    missing = [pk for pk, entry in then.items() if pk not in state.lines and entry["before"]]
    items = items_of(missing) | {pk: line.product for pk, line in state.lines.items()}
    undo_to = undo_of(state, target)
    for pk, entry in then.items():
        if not entry["before"]:
            state.remove(pk)
        elif pk in items:  # else its product was deleted for good
            state.restore(items[pk], entry["before"], Decimal(entry["price"]))
    if missing and state.lines:
        # The cart may have been another store's when it was cleared.
        first = next(iter(state.lines.values())).product
        state.store = StoreInfo._make(Store.objects.values_list(*StoreInfo._fields).get(pk=first.store_id))
        state.currency = first.currency
        for line in state.lines.values():
            line.product = line.product.counted_in(state.currency)
    return save(state, "undo_cart_change", [], undo_to=undo_to, request=request)
