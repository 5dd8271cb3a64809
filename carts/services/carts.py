"""What a shopper can do to a cart."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

from django.utils.translation import gettext

from carts.cart import CartState, LineState, Notice, Outcome
from carts.models import Cart, Change
from carts.queries import STORE_FIELDS
from carts.services.references import find_item, find_items, with_siblings
from carts.services.requests import Request
from carts.services.saving import items_of, save, undo_of
from carts.sold import SoldItem, StoreInfo
from catalog.models import Store
from shopmcp.errors import CartLimit, InvalidArguments, NotForSale, NotFound

Speak = Callable[[StoreInfo], None]


def _silent(store: StoreInfo) -> None:
    pass


def add_items(
    state: CartState,
    wanted: Sequence[tuple[str, int | None]],
    request: Request | None = None,
    *,
    replaces: str | None = None,
    budget: Decimal | None = None,
    speak: Speak = _silent,
) -> Outcome:
    """Add products, each a reference and a quantity, and save; if one is refused, none is added.

    Args:
        state: The cart.
        wanted: A quantity of None is that of the replaced product, or else 1.
        request: The request that this answers.
        replaces: A product in the cart that is taken out in the same change.
        budget: The shopper's from now on; None leaves it.
        speak: As `_add`.

    Raises:
        NotFound, Ambiguous: If references name no product, or several; the refusal tells all of them. Also if the cart
            does not hold what is to be replaced.
        NotForSale: As `CartState.add`, to be completed with the variants that can be bought.
        CartLimit: As `CartState.add`; also if the products are of several stores or currencies.
        InvalidArguments: If a product is to replace itself.
    """
    old = None if replaces is None else _line_held(state, replaces)
    usual = old.quantity if old else 1
    found = find_items([(reference, usual if n is None else n) for reference, n in wanted], state)
    if len(found) > 1:
        _check_together(found)
    if old is not None:
        if any(item.id == old.product.id for item, _, _ in found):
            raise InvalidArguments(
                gettext("%(name)s cannot replace itself.") % {"name": old.product.name},
                fix=gettext("Set its quantity with update_cart_item, or name another product to add."),
            )
        state.remove(old.product.id)
    notices = [_add(state, *each, speak) for each in found]
    if budget:
        state.terms.budget = budget
    return save(state, "add_to_cart", [*filter(None, notices)], undo_to=state.version, request=request)


def set_quantity(
    state: CartState,
    reference: str,
    quantity: int,
    request: Request | None = None,
    *,
    budget: Decimal | None = None,
    speak: Speak = _silent,
) -> Outcome:
    """Set the quantity of a product, whether or not it is in the cart, and save; 0 removes it. `budget` as `add_items`.

    Raises:
        NotFound, Ambiguous, NotForSale, CartLimit: As `add_items`; a smaller quantity is always accepted.
    """
    notice: Notice | None = None
    if (line := state.line_named(reference)) is not None:
        notice = state.set_quantity(line.product, quantity)
    else:
        item, store = find_item(reference, state.now)
        if item.id in state.lines:
            notice = state.set_quantity(item, quantity)
        elif quantity:
            notice = _add(state, item, store, quantity, speak)
    if budget:
        state.terms.budget = budget
    return save(state, "update_cart_item", [notice] if notice else [], undo_to=state.version, request=request)


def remove_item(state: CartState, reference: str, request: Request | None = None) -> Outcome:
    """Take a product out of the cart, if it is there, and save.

    Raises:
        NotFound, Ambiguous: If the reference names no product, or several.
    """
    state.remove(_named(state, reference).id)
    return save(state, "remove_from_cart", [], undo_to=state.version, request=request)


def clear_cart(state: CartState, request: Request | None = None) -> Outcome:
    """Empty the cart, end its budget, and save."""
    for pk in list(state.lines):
        state.remove(pk)
    state.terms.budget = None
    return save(state, "clear_cart", [], undo_to=state.version, request=request)


def _add(state: CartState, item: SoldItem, store: StoreInfo, quantity: int, speak: Speak) -> Notice | None:
    """Add a product; its refusal is to be completed with the variants that can be bought.

    Args:
        state: The cart.
        item: The product.
        store: The product's store.
        quantity: How many.
        speak: Called with the store before anything is said, if the cart is of no store yet.
    """
    if not state.lines:
        speak(store)
    try:
        return state.add(item, quantity, store)
    except NotForSale as refusal:
        refusal.complete = partial(with_siblings, refusal, item)
        raise


def _check_together(found: Sequence[tuple[SoldItem, StoreInfo, int]]) -> None:
    """Refuse products that no cart could hold together, whatever is in the cart."""
    stores = {store.id: f"{item.name} ({store.name})" for item, store, _ in reversed(found)}
    currencies = {item.currency: f"{item.name} ({item.currency})" for item, _, _ in reversed(found)}
    if len(stores) > 1:
        message, those = gettext("These are of different stores: %(those)s."), list(stores.values())
    elif len(currencies) > 1:
        message = gettext("These have prices in different currencies: %(those)s.")
        those = list(currencies.values())
    else:
        return
    raise CartLimit(
        message % {"those": ", ".join(reversed(those))},
        fix=gettext("A cart holds products of one store and one currency: ask the shopper which, and add those alone."),
    )


def _line_held(state: CartState, reference: str) -> LineState:
    """The line that the reference names.

    Raises:
        NotFound: If the cart does not hold that product.
        Ambiguous: If the reference names several.
    """
    item = _named(state, reference)
    if item.id not in state.lines:
        raise NotFound(
            gettext("The cart does not hold %(name)s, so nothing can replace it.") % {"name": item.name},
            fix=gettext("Look at the cart with view_cart, or call again without replaces."),
        )
    return state.lines[item.id]


def _named(state: CartState, reference: str) -> SoldItem:
    """The product that the reference names: one in the cart, else one of the catalogue."""
    if (line := state.line_named(reference)) is not None:
        return line.product
    item, _ = find_item(reference, state.now)
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
    if target < (oldest := _oldest_version(state)):
        raise NotFound(
            gettext("The shop keeps the last %(kept)s changes of a cart, and version %(asked)s is before them.")
            % {"kept": state.version - oldest, "asked": target},
            fix=gettext("Pass version %(oldest)s or a later one, or empty the cart with clear_cart.")
            % {"oldest": oldest},
        )
    return target


def _oldest_version(state: CartState) -> int:
    return Cart.objects.only("version", "history_from").get(pk=state.id).oldest_version if state.id else 0


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
        newer = list(Change.objects.filter(cart_id=state.id).after(target).values_list("delta", "terms"))
        for delta, _ in newer:
            for entry in delta:
                then.setdefault(entry["product"], entry)
        state.terms.bring_back([terms for _, terms in newer if terms])
    missing = [pk for pk, entry in then.items() if pk not in state.lines and entry["before"]]
    items = items_of(missing, state.now) | {pk: line.product for pk, line in state.lines.items()}
    undo_to = undo_of(state, target)
    for pk, entry in then.items():
        if not entry["before"]:
            state.remove(pk)
        elif pk in items:  # else its product was deleted for good
            state.restore(items[pk], entry["before"], Decimal(entry["price"]))
    if missing and state.lines:
        # The cart may have been another store's when it was cleared.
        first = next(iter(state.lines.values())).product
        state.store = StoreInfo._make(Store.objects.values_list(*STORE_FIELDS).get(pk=first.store_id))
        state.currency = first.currency
        for pk, line in state.lines.items():
            state.lines[pk] = replace(line, product=line.product.counted_in(state.currency))
    return save(state, "undo_cart_change", [], undo_to=undo_to, request=request)
