"""Loading and saving a cart.

A change is one transaction. It locks the session's row first, so the changes of one conversation happen one after the
other. Then it loads the cart, changes it in memory, and saves the difference with a `Change`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from carts import queries
from carts.caller import Caller
from carts.cart import CartState, LineChange, LineState, Notice, SoldItem, StoreInfo
from carts.models import Change
from carts.queries import LINE_WIDTH, PRODUCT_WIDTH, SessionRow
from carts.services.sessions import find_by_public_id, lock, new_public_id
from catalog.models import Product
from catalog.search.references import named
from shopmcp.errors import RequestIdReused


@dataclass(frozen=True, slots=True)
class Outcome:
    """The cart after a call, with what the call changed and has to tell."""

    state: CartState
    changes: Sequence[LineChange] = ()
    notices: Sequence[Notice] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """A write that its caller may repeat: for SHOPMCP_KEEP_ANSWERS it gets the first answer again.

    Attributes:
        id: The caller's id for it, unique within the session.
        fingerprint: A digest of the arguments, which must be the same again.
    """

    id: str
    fingerprint: str


@contextmanager
def locked_cart(caller: Caller) -> Iterator[CartState]:
    """Lock the caller's session in one transaction, and yield its open cart.

    Raises:
        SessionNeeded, UnknownCart, CartExpired: As `sessions.lock`.
    """
    with transaction.atomic():
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


def find_item(reference: str) -> tuple[SoldItem, StoreInfo]:
    """Return the product that a reference names, with its store.

    Raises:
        NotFound, Ambiguous: If it names no product, or several.
    """
    row = queries.product_by_public_id.first(public_id=reference)
    if row is None:
        product = named(reference)
        return SoldItem.of(product), StoreInfo._make(getattr(product.store, name) for name in StoreInfo._fields)
    return SoldItem._make(row[:PRODUCT_WIDTH]), StoreInfo._make(row[PRODUCT_WIDTH:])


def items_of(identities: Iterable[int]) -> dict[int, SoldItem]:
    """Return products by the keys of their identities, also those of which no version counts any more."""
    return {pk: SoldItem.of(product) for pk, product in Product.versions.shown(identities).items()}


def first_answer(state: CartState, request: Request | None) -> Mapping[str, Any] | None:
    """Return the stored answer of this request; None if it comes for the first time.

    Raises:
        RequestIdReused: If it came with other arguments before.
    """
    if request is None:
        return None
    since = timezone.now() - settings.SHOPMCP_KEEP_ANSWERS
    found = queries.answer_of_request.first(request_id=request.id, session_id=state.session_id, since=since)
    if found is None:
        if state.id is not None:
            queries.forget_request.run(cart_id=state.id, request_id=request.id)
        return None
    if found[0] != request.fingerprint:
        raise RequestIdReused(
            gettext("This request_id was used before, with other arguments."),
            fix=gettext("Use a new request_id for a new change."),
        )
    stored: Mapping[str, Any] = found[1]
    return stored


def store_answer(outcome: Outcome, answer: Mapping[str, Any]) -> None:
    """Keep the answer of a change that was saved for a request, in the same transaction."""
    queries.store_answer.run(cart_id=outcome.state.id, version=outcome.state.version, answer=answer)


def save(
    state: CartState, tool: str, notices: Sequence[Notice], *, undo_to: int | None, request: Request | None = None
) -> Outcome:
    """Save the changes of a cart, and mark its notices as told.

    Args:
        state: Loaded in this transaction.
        tool: The tool that changed it.
        notices: Told beside the state's own notices.
        undo_to: The version that undoing this change leads to.
        request: The request that this answers; follow with `store_answer`.
    """
    now = timezone.now()
    changes = state.changes
    locale = state.store.language if state.store else settings.LANGUAGE_CODE
    notices = list({notice.text: notice for notice in (*notices, *state.notices(locale))}.values())
    if state.expiry_untold:
        queries.expiry_told.run(id=state.session_id)
    if changes or request is not None:
        if not changes:
            # This version only remembers an answer, so undo steps over it.
            undo_to = undo_of(state, state.version)
        state.version += 1
        _save_cart(state, now)
        queries.insert_change.run(
            cart_id=state.id,
            version=state.version,
            tool=tool,
            delta=[vars(change) | {"price": str(change.price)} for change in changes],
            undo_to=undo_to,
            request_id=request.id if request else "",
            fingerprint=request.fingerprint if request else "",
            answer=None,
            created_at=now,
        )
    _save_lines(state)
    return Outcome(state, changes, notices)


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
