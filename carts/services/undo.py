"""Going back to an earlier version of a cart."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from carts.models import Change
from carts.services.saving import Conversation, Outcome, as_switched, find_item, load, save, undo_of
from carts.state import CartState, SoldItem
from carts.statements import PRODUCT_FIELDS
from catalog.models import Product
from shopmcp.errors import NotFound


def undo_change(conversation: Conversation, version: int | None = None) -> Outcome:
    """Bring the cart back to a version; without one, to before the newest change that was not itself undone.

    Raises:
        NotFound: If there is no such version, or nothing to undo.
    """
    with transaction.atomic():
        state = load(conversation.lock())
        target = _undo_target(state, version)
        return _undo(state, target)


def _undo_target(state: CartState, version: int | None) -> int:
    if version is None:
        version = undo_of(state, state.version)
        if version is None:
            raise _nothing_to_undo(state)
    elif version > state.version:
        raise NotFound(
            gettext("The cart has no version %(asked)s; its newest is %(newest)s.")
            % {"asked": version, "newest": state.version},
            fix=gettext("Pass an earlier version, or none to undo the newest change."),
        )
    return version


def _nothing_to_undo(state: CartState) -> NotFound:
    if state.version:
        message = gettext("Every change of the cart is undone already.")
        fix = gettext("To take the newest undo back, pass version %(version)s.") % {"version": state.version - 1}
    else:
        message, fix = gettext("There is no change to undo."), gettext("Look at the cart with view_cart.")
    return NotFound(message, fix=fix)


def _undo(state: CartState, target: int) -> Outcome:
    # Of every product changed since, the first `before` is what the target version held.
    then: dict[int, Mapping[str, Any]] = {}
    if state.id is not None and target < state.version:
        for delta in Change.objects.filter(cart_id=state.id).after(target).values_list("delta", flat=True):
            for entry in delta:
                then.setdefault(entry["product"], entry)
    missing = [pk for pk, entry in then.items() if pk not in state.lines and entry["before"]]
    found = Product.objects.filter(pk__in=missing).order_by().values_list(*PRODUCT_FIELDS)
    items = {item.id: item for item in as_switched(SoldItem._make(row) for row in found)}
    items |= {pk: line.product for pk, line in state.lines.items()}
    undo_to = undo_of(state, target)
    for pk, entry in then.items():
        if not entry["before"]:
            state.remove(pk)
        elif pk in items:  # else its product was deleted for good
            state.restore(items[pk], entry["before"], Decimal(entry["price"]))
    if missing and state.lines:
        # The cart may have been another store's when it was cleared.
        first = next(iter(state.lines.values())).product
        _, state.store = find_item(first.public_id)
        state.currency = first.currency
        for line in state.lines.values():
            line.product = line.product.counted_in(state.currency)
    return save(state, "undo_cart_change", [], undo_to=undo_to)
