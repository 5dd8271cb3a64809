"""Loading and saving a cart.

A change is one transaction. It locks the session's row first, so the changes of one conversation happen one after the
other. Then it loads the cart, changes it in memory, and saves the difference with a `Change`. A chat of a person may
use the one cart of the person's account, which is locked after the chat's session: see `one_cart`.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone
from django.utils.translation import gettext

from carts import memory, queries, sources, unanswered
from carts.caller import Caller, expired_cart, first_store
from carts.cart import CartState, LineState, Notice, Outcome
from carts.changes import LineChange
from carts.models import KEPT_BYTES, KEPT_VERSIONS, Cart, Change
from carts.news import ONCE, TERMS, Moved, with_changes, with_news, without
from carts.people import hold, person_of, proved
from carts.queries import LINE_WIDTH, SessionRow
from carts.services import once, one_cart
from carts.services.other_carts import is_offered, take_offer
from carts.services.requests import Request, remember, settle
from carts.services.sessions import find_by_public_id, lock, new_public_id
from carts.sold import SoldItem, StoreInfo
from carts.terms import CartTerms
from carts.unanswered import Told, digest_of
from carts.untold import news_for
from catalog.models import Product
from shopmcp.db.savepoint import after_commit, change
from shopmcp.mcp.call import WriteNeeded

# Old changes are deleted together, at every so many versions: a delete at each would make each change slower.
_PRUNED_EVERY = 50
# About the bytes of a change of coupon or budget.
_TERMS_SIZE = 200


@contextmanager
def locked_cart(caller: Caller) -> Iterator[CartState]:
    """Lock the caller's session in one transaction, and yield its open cart.

    Raises:
        SessionNeeded, UnknownCart, CartExpired: As `sessions.lock`.
        SignInNeeded: As `people.hold`.
    """
    with change():
        hold(caller.call)
        row = lock(caller)
        person = person_of(caller.call, row)
        state = load_cart(row, caller.now) if person is None else _persons_cart(caller, row, person)
        if state.unanswered:
            digest = digest_of(caller.call)
            state.unanswered = [lost._replace(is_same=lost.call == digest) for lost in state.unanswered]
        yield state
        settle(caller.call, state)


def shown_cart(caller: Caller, row: SessionRow | None, *, may_offer: bool = False) -> CartState:
    """Return the cart that the caller's chat uses, for a read: its own, or the one cart of its person.

    Args:
        row: The session of the caller's conversation; None if it has none.
        may_offer: Whether the answer tells a chat without a cart of its own, once, of another cart of its person.

    Raises:
        WriteNeeded: As `once.take`, and if there is such a cart to tell of.
    """
    person = person_of(caller.call, row)
    home = None if person is None else one_cart.home_of(person)
    if home is None:
        if person is not None and may_offer and is_offered(caller, row, person):
            if not caller.call.may_write:
                raise WriteNeeded
            with locked_cart(caller) as state:  # it begins the chat's session, so that it is told once
                return state
        return load_cart(row, caller.now) if row else CartState(0, "")
    news = without(home.news, ONCE)
    if home.news and row is not None and row.id != home.id:
        for code, text in once.take(caller.call, home.id, home.news, None):
            news = with_news(news, code, text)
        caller.call.notes.session = row.id
    return one_cart.lent(load_cart(home, caller.now), row, home, news)


def joined(state: CartState, person: int) -> CartState:
    """Return the cart that a chat uses from now on, which was proved for this person in the transaction at hand.

    Args:
        state: The chat's, loaded under its session's lock.
    """
    row, home = find_by_public_id(state.session_public_id), one_cart.locked_home(person, state.now)
    if home is not None and row is not None:
        lost, state = state.unanswered, one_cart.lent(load_cart(home, state.now), row, home)
        state.unanswered = lost
    state.person = person
    return state


def _persons_cart(caller: Caller, row: SessionRow, person: int) -> CartState:
    """Return the cart that a chat of a person changes, locked; `row` is the chat's session, locked before."""
    if (home := one_cart.locked_home(person, caller.now)) is not None:
        state = one_cart.lent(load_cart(home, caller.now), row, home)
    else:
        state = load_cart(row, caller.now)
        if (other := take_offer(caller, row, person)) is not None:
            state.news = with_news(state.news, other.code, other.text)
    state.person = person
    return state


@contextmanager
def locked_elsewhere(public_id: str) -> Iterator[CartState]:
    """Lock a session in one transaction, and yield its open cart to be changed outside of its chat.

    The session's own chat hears of it in its next answer.

    Raises:
        CartExpired: If the session was deleted.
    """
    now = timezone.now()
    with change():
        queries.touch_public_id.run(public_id=public_id, now=now)
        if (row := find_by_public_id(public_id)) is None:
            raise expired_cart()
        state = load_cart(row, now)
        state.person = proved(row)
        # A cart that belongs to no chat has nobody else to tell.
        state.is_elsewhere = row.source != sources.ELSEWHERE
        if row.source == sources.ACCOUNT:
            state.holder = row.id
        yield state
        news_for(row.digest or row.public_id)


def load_cart(row: SessionRow, now: datetime) -> CartState:
    """Return the session's open cart at that moment; `row` is read again where the cart changed since."""
    state = CartState(row.id, row.public_id, now=now, expiry_untold=row.expiry_untold, news=row.news)
    if row.unanswered is not None:
        state.unanswered = unanswered.read(row.unanswered)
    if row.cart_id is None:
        return state
    if (kept := memory.lines_of(row)) is not None:
        _fill(state, row)
        state.lines.update(kept)
        state.is_remembered = True
        return state
    lines = queries.lines_and_version.all(cart_id=row.cart_id, now=now)
    if not lines or lines[0][-1] != row.version:
        found = find_by_public_id(row.public_id)
        return load_cart(found, now) if found else state
    _fill(state, row)
    if lines[0][0] is not None:
        _read_lines(state, lines)
    # Not before the commit: this transaction may have changed the cart, and be rolled back.
    after_commit(partial(memory.keep, replace(state, lines=dict(state.lines))))
    return state


def _fill(state: CartState, row: SessionRow) -> None:
    """Fill in what the session's row says of its open cart."""
    state.id, state.public_id = row.cart_id, row.cart_public_id or ""
    state.version, state.currency = row.version or 0, row.currency or ""
    state.history_bytes, state.catalogue = row.history_bytes or 0, row.catalogue
    if row.store_id is not None:
        state.store = StoreInfo(
            row.store_id,
            row.store_slug or "",
            row.store_name or "",
            row.store_currency or "",
            row.store_language or "",
            row.store_revision,
            row.store_paused,
        )
    if row.coupon_id is not None or row.budget is not None:
        state.terms = CartTerms.loaded(row.coupon_id, row.budget)


def _read_lines(state: CartState, lines: Sequence[tuple[Any, ...]]) -> None:
    currency = state.currency
    removed = [line[-2] for line in lines if line[LINE_WIDTH] is None]
    gone = items_of(removed, state.now) if removed else {}
    for line in lines:
        item = SoldItem._make(line[LINE_WIDTH:-2]) if line[LINE_WIDTH] is not None else gone[line[-2]]
        key, quantity, price_when_added, price_told, stock_told, withdrawal_told = line[:LINE_WIDTH]
        # An import may have changed the product's currency.
        state.lines[item.id] = LineState(
            item if item.currency == currency else item.counted_in(currency),
            quantity,
            price_when_added,
            price_told,
            stock_told,
            withdrawal_told,
            id=key,
        )


def items_of(identities: Iterable[int], now: datetime) -> dict[int, SoldItem]:
    """Return products by the keys of their identities, also those of which no version counts any more."""
    return {pk: SoldItem.of(product, now) for pk, product in Product.versions.shown(identities).items()}


def save(
    state: CartState, tool: str, notices: Sequence[Notice], *, undo_to: int | None, request: Request | None = None
) -> Outcome:
    """Save the changes of a cart, and mark its notices as told; elsewhere they stay, and the changes become news.

    Args:
        state: Loaded in this transaction.
        tool: The tool that changed it.
        notices: Told beside the state's own notices.
        undo_to: The version that undoing this change leads to.
        request: The request that this answers.

    Raises:
        RequestLimit: If no more answers can be kept for the session.
    """
    now, changes = state.now, state.changes
    locale = state.store.language if state.store else settings.LANGUAGE_CODE
    if not state.lines:
        state.terms.coupon = None  # it is the coupon of a store, and the next goods may be another's
    lost, terms = state.unanswered, state.terms.delta()
    said = [change.text for change in changes]
    if terms is not None:
        said += state.terms.changes(state.currency or first_store().currency, locale)
    notices = list({notice.text: notice for notice in (*notices, *state.notices(locale))}.values())
    if state.is_elsewhere:
        if state.holder is None:  # else each chat reads the changes that the others made
            _write_news(state, changes, said[len(changes) :])
        tool = sources.ELSEWHERE
    else:
        _mark_session_told(state)
    if changes or terms is not None:
        state.version += 1
        state.history_bytes += sum(change.size for change in changes) + (_TERMS_SIZE if terms else 0)
        _save_cart(state, now)
        queries.insert_change.run(
            cart_id=state.id,
            version=state.version,
            tool=tool,
            delta=[vars(change) | {"price": str(change.price)} for change in changes],
            terms=terms,
            undo_to=undo_to,
            chat=None if state.holder is None or state.is_elsewhere else state.session_id,
            created_at=now,
        )
        if state.version % _PRUNED_EVERY == 0:
            # Of a history that is longer, the rest is left to the cleanup: the delete is bounded.
            end = state.version - KEPT_VERSIONS
            queries.delete_changes.run(cart_id=state.id, first=end - 2 * _PRUNED_EVERY, end=end)
        if state.history_bytes > KEPT_BYTES:
            _shorten(state)
    if state.holder is not None and not state.is_elsewhere:
        one_cart.mark_told(state)
    _save_lines(state)
    after_commit(partial(memory.keep, state))
    outcome = Outcome(state, said, notices, products=[change.product_id for change in changes])
    state.told = Told(state.id, state.version, outcome.changes, outcome.notices, lost)
    if request is not None:
        remember(outcome, request, now)
    return outcome


def _mark_session_told(state: CartState) -> None:
    if state.expiry_untold:
        queries.expiry_told.run(id=state.session_id)
    if state.news:
        queries.write_news.run(id=state.session_id, news="")
    if state.unanswered:
        queries.keep_unanswered.run(id=state.session_id, unanswered=None)


def _write_news(state: CartState, changes: Iterable[LineChange], others: Iterable[str]) -> None:
    moves = [Moved(change.product, change.name, change.before, change.after) for change in changes]
    news = with_changes(state.news, moves)
    for text in others:
        news = with_news(news, TERMS, gettext("The shopper changed in the browser: %(change)s.") % {"change": text})
    if news != state.news:
        state.news = news
        queries.write_news.run(id=state.session_id, news=news)


def _save_cart(state: CartState, now: datetime) -> None:
    # An empty cart has no store and no currency: its next product may have others.
    store_id, currency = (state.store.id, state.currency) if state.lines and state.store else (None, "")
    values = {
        "store_id": store_id,
        "currency": currency,
        "version": state.version,
        "item_count": state.item_count,
        "history_bytes": state.history_bytes,
        "coupon_id": state.terms.coupon and state.terms.coupon.pk,
        "budget": state.terms.budget,
    }
    if state.id is not None:
        queries.update_cart.run(id=state.id, now=now, left_at=None, **values)
        return
    state.public_id = new_public_id("c_")
    state.id = queries.insert_cart.run(
        public_id=state.public_id,
        session_id=state.session_id if state.holder is None else state.holder,
        history_from=0,
        ordered_at=None,
        created_at=now,
        updated_at=now,
        **values,
    )


def _shorten(state: CartState) -> None:
    """Delete the oldest changes, so that those that stay take at most half of KEPT_BYTES; the newest always stays."""
    assert state.id is not None  # a cart with changes was saved
    kept, oldest = 0, state.version
    newest_first = Change.objects.filter(cart_id=state.id).order_by("-version").values_list("version", "delta")
    for version, delta in newest_first:
        size = sum(LineChange(**entry).size for entry in delta)
        if version < state.version and kept + size > KEPT_BYTES // 2:
            break
        kept, oldest = kept + size, version
    Change.objects.filter(cart_id=state.id, version__lt=oldest)._raw_delete(DEFAULT_DB_ALIAS)
    state.history_bytes = kept
    Cart.objects.filter(pk=state.id).update(history_from=oldest - 1, history_bytes=kept)


def _save_lines(state: CartState) -> None:
    told = set[int]() if state.is_elsewhere else state.mark_told()
    for pk, before in state.before.items():
        if pk not in state.lines and before.id is not None:
            queries.delete_line.run(id=before.id)
    for pk, line in list(state.lines.items()):
        if line.id is None:
            new = queries.insert_line.run(cart_id=state.id, product_id=pk, **vars(line))
            state.lines[pk] = replace(line, id=new)
        elif pk in state.before or pk in told:
            queries.update_line.run(**vars(line))


def undo_of(state: CartState, version: int) -> int | None:
    """Return the version that undoing this one leads to; None if there is nothing to undo, or its change is gone."""
    if state.id is None or not version:
        return None
    found = Change.objects.filter(cart_id=state.id, version=version).values_list("undo_to", flat=True)
    return found.first()
