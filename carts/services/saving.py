"""Loading and saving a cart.

A change is one transaction. It locks the session's row first, so the changes of one conversation happen one after the
other. Then it loads the cart, changes it in memory, and saves the difference with a `Change`.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from carts import queries
from carts.caller import Caller
from carts.cart import CartState, LineState, Notice, Outcome, SoldItem, StoreInfo
from carts.models import KEPT_VERSIONS, Change
from carts.queries import LINE_WIDTH, SessionRow
from carts.services.requests import Request, remember
from carts.services.sessions import find_by_public_id, lock, new_public_id
from catalog.models import Product
from shopmcp.db.savepoint import change

# Old changes are deleted together, at every so many versions: a delete at each would make each change slower.
_PRUNED_EVERY = 50


@contextmanager
def locked_cart(caller: Caller) -> Iterator[CartState]:
    """Lock the caller's session in one transaction, and yield its open cart.

    Raises:
        SessionNeeded, UnknownCart, CartExpired: As `sessions.lock`.
    """
    with change():
        yield load_cart(lock(caller))


def load_cart(row: SessionRow) -> CartState:
    """Return the session's open cart as it stands; `row` is read again where the cart changed since."""
    state = CartState(row.id, row.public_id, expiry_untold=row.expiry_untold)
    if row.cart_id is None:
        return state
    lines = queries.lines_and_version.all(cart_id=row.cart_id)
    if not lines or lines[0][-1] != row.version:
        found = find_by_public_id(row.public_id)
        return load_cart(found) if found else state
    state.id, state.public_id = row.cart_id, row.cart_public_id or ""
    state.version, state.currency = row.version or 0, row.currency or ""
    if row.store_id is not None:
        state.store = StoreInfo(
            row.store_id, row.store_slug or "", row.store_name or "", row.store_currency or "", row.store_language or ""
        )
    if lines[0][0] is None:
        return state
    gone = items_of([line[-2] for line in lines if line[LINE_WIDTH] is None])
    for line in lines:
        item = SoldItem._make(line[LINE_WIDTH:-2]) if line[LINE_WIDTH] is not None else gone[line[-2]]
        key, quantity, price_when_added, price_told, stock_told, withdrawal_told = line[:LINE_WIDTH]
        # An import may have changed the product's currency.
        state.lines[item.id] = LineState(
            item.counted_in(state.currency),
            quantity,
            price_when_added,
            price_told,
            stock_told,
            withdrawal_told,
            id=key,
        )
    return state


def items_of(identities: Iterable[int]) -> dict[int, SoldItem]:
    """Return products by the keys of their identities, also those of which no version counts any more."""
    return {pk: SoldItem.of(product) for pk, product in Product.versions.shown(identities).items()}


def save(
    state: CartState, tool: str, notices: Sequence[Notice], *, undo_to: int | None, request: Request | None = None
) -> Outcome:
    """Save the changes of a cart, and mark its notices as told.

    Args:
        state: Loaded in this transaction.
        tool: The tool that changed it.
        notices: Told beside the state's own notices.
        undo_to: The version that undoing this change leads to.
        request: The request that this answers.

    Raises:
        RequestLimit: If no more answers can be kept for the session.
    """
    now = timezone.now()
    changes = state.changes
    locale = state.store.language if state.store else settings.LANGUAGE_CODE
    notices = list({notice.text: notice for notice in (*notices, *state.notices(locale))}.values())
    if state.expiry_untold:
        queries.expiry_told.run(id=state.session_id)
    if changes:
        state.version += 1
        _save_cart(state, now)
        queries.insert_change.run(
            cart_id=state.id,
            version=state.version,
            tool=tool,
            delta=[vars(change) | {"price": str(change.price)} for change in changes],
            undo_to=undo_to,
            created_at=now,
        )
        if state.version % _PRUNED_EVERY == 0:
            # Of a history that is longer, the rest is left to the cleanup: the delete is bounded.
            end = state.version - KEPT_VERSIONS
            queries.delete_changes.run(cart_id=state.id, first=end - 2 * _PRUNED_EVERY, end=end)
    _save_lines(state)
    outcome = Outcome(
        state, [change.text for change in changes], notices, products=[change.product_id for change in changes]
    )
    if request is not None:
        remember(outcome, request, now)
    return outcome


def _save_cart(state: CartState, now: datetime) -> None:
    # An empty cart has no store and no currency: its next product may have others.
    store_id, currency = (state.store.id, state.currency) if state.lines and state.store else (None, "")
    values = {"store_id": store_id, "currency": currency, "version": state.version, "item_count": state.item_count}
    if state.id is not None:
        queries.update_cart.run(id=state.id, now=now, **values)
        return
    state.public_id = new_public_id("c_")
    state.id = queries.insert_cart.run(
        public_id=state.public_id,
        session_id=state.session_id,
        ordered_at=None,
        created_at=now,
        updated_at=now,
        **values,
    )


def _save_lines(state: CartState) -> None:
    told = state.mark_told()
    for pk, before in state.before.items():
        if pk not in state.lines and before.id is not None:
            queries.delete_line.run(id=before.id)
    for pk, line in state.lines.items():
        if line.id is None:
            line.id = queries.insert_line.run(cart_id=state.id, product_id=pk, **vars(line))
        elif pk in state.before or pk in told:
            queries.update_line.run(**vars(line))


def undo_of(state: CartState, version: int) -> int | None:
    """Return the version that undoing this one leads to; None if there is nothing to undo."""
    if state.id is None or not version:
        return None
    return Change.objects.values_list("undo_to", flat=True).get(cart_id=state.id, version=version)
