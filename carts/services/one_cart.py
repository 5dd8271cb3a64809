"""The one cart of an account, which all chats of a person use once they switch it on.

A session of its own holds it (`Session.one_cart_of`), so that no chat takes it along when it expires or is unlinked. A
chat uses it while `carts.people` names the person of its call; nothing is kept that would have to be ended. Only a
call of a person reads that session, by its key, so anonymous calls cost nothing more.

A change locks the session of the chat first and that of the one cart after it. Whoever locks several sessions does it
in this order too (`SessionQuerySet.in_locking_order`), and locks an account before all of them.

Each `Change` names the chat that made it, and `OneCartUse` says which version a chat was told: its answers tell what
the others changed since.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.utils.translation import gettext

from carts import queries, unanswered
from carts.cart import CartState
from carts.models import Change, OneCartUse, Session
from carts.news import ONE_CART_BEGUN, ONE_CART_LEFT, TERMS, Moved, with_all, with_changes, with_news
from carts.queries import SessionRow
from carts.services.ordering import tell_chat
from carts.services.other_carts import name_of, offer_own
from carts.sources import ACCOUNT
from carts.terms import in_words

CHANGED: Final = "changed_in_other_chat"


def home_of(person: int) -> SessionRow | None:
    """Return the session that holds the one cart of a person; None where that is switched off."""
    row = queries.home_of_person.first(person=person)
    return None if row is None else SessionRow._make(row)


def locked_home(person: int, now: datetime) -> SessionRow | None:
    """Return the session that holds the one cart of a person, locked, and seen at that moment."""
    return home_of(person) if queries.touch_home.run(person=person, now=now) else None


def lent(state: CartState, row: SessionRow | None, home: SessionRow, news: str | None = None) -> CartState:
    """Make the one cart that of a chat, whose answers tell what others changed in it.

    Args:
        state: Loaded from `home`.
        row: The chat's session; None if it has none yet.
        home: The session that holds the cart.
        news: What is told of the news of `home`; None for all.
    """
    state.holder = home.id
    state.news = with_all(_told_to(state, row, home), home.news if news is None else news)
    state.session_id, state.session_public_id = (row.id, row.public_id) if row else (0, "")
    state.expiry_untold = row is not None and row.expiry_untold
    state.unanswered = unanswered.read(row.unanswered) if row else ()
    return state


def mark_told(state: CartState) -> None:
    """Note that the chat was told all there is to tell of the one cart; call it in the change's transaction."""
    assert state.holder is not None
    Session.objects.filter(pk=state.holder).exclude(news="").update(news="")
    told = {"person_id": state.person, "cart_key": state.id, "version": state.version}
    OneCartUse.objects.update_or_create(session_id=state.session_id, defaults=told)


def leave(sessions: Iterable[int]) -> None:
    """Tell chats that they use the one cart no longer; their sessions are locked in this transaction."""
    uses = OneCartUse.objects.filter(session__in=list(sessions))
    for session in list(uses.exclude(session__source=ACCOUNT).values_list("pk", flat=True)):
        tell_chat(session, ONE_CART_LEFT, "")
    uses.delete()


def _told_to(state: CartState, row: SessionRow | None, home: SessionRow) -> str:
    """The news of the chat, with what was done to the one cart since it was told last."""
    if row is None:
        return with_news("", ONE_CART_BEGUN)
    news = "" if row.id == home.id else row.news
    use = OneCartUse.objects.filter(session=row.id, person=home.person_id).first()
    if use is not None:
        after = use.version if use.cart_key == state.id else 0
        return _with_changes_of_others(news, state, row.id, after) if state.version > after else news
    if row.id == home.id:
        return news
    news = with_news(news, ONE_CART_BEGUN)
    if row.cart_id is not None and (own := offer_own(row.cart_id)) is not None:
        news = with_news(news, own.code, own.text)
    return news


def _with_changes_of_others(news: str, state: CartState, chat: int, after: int) -> str:
    sums: dict[int | None, dict[int, Moved]] = {}
    words: dict[int | None, list[str]] = {}
    locale = state.store.language if state.store else "en"
    changes = Change.objects.filter(cart=state.id).after(after).exclude(chat=chat)
    for by, delta, terms in changes.values_list("chat", "delta", "terms"):
        moved = sums.setdefault(by, {})
        for entry in delta:
            first = moved[entry["product"]].before if entry["product"] in moved else entry["before"]
            moved[entry["product"]] = Moved(entry["product"], entry["name"], first, entry["after"])
        words.setdefault(by, []).extend(in_words(terms, state.currency, locale) if terms else ())
    names = Session.objects.in_bulk([by for by in sums if by is not None])
    for by, moved in sums.items():
        if by is None:
            news = with_changes(news, moved.values())
            for change in words[by]:
                text = gettext("The shopper changed in the browser: %(change)s.") % {"change": change}
                news = with_news(news, TERMS, text)
            continue
        told = [f"{one.name}: {one.before} → {one.after}" for one in moved.values() if one.before != one.after]
        if told := [*told, *words[by]]:
            name = name_of(names[by]) if by in names else gettext("A chat")
            text = gettext("Changed in another chat of the shopper (%(chat)s): %(changes)s.")
            news = with_news(news, CHANGED, text % {"chat": name, "changes": "; ".join(told)})
    return news
