"""Finding, making, locking and renaming sessions."""

import secrets
from base64 import b32encode
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from carts import limits, queries, unanswered
from carts.caller import (
    WITHOUT_HANDLE,
    Caller,
    another_persons,
    expired_cart,
    expired_widget,
    foreign_cart,
    session_needed,
    unknown_cart,
)
from carts.conversation import BY_HANDLE, Conversation
from carts.digests import digests_of, public_id_of
from carts.looks import row_of
from carts.models import Session, SessionWarning
from carts.queries import SessionRow
from carts.services import once
from carts.sources import ELSEWHERE
from carts.untold import read_anew
from carts.widget_handles import named_by
from shopmcp.errors import ShopError
from shopmcp.mcp.call import Call, WriteNeeded

_Kind = SessionWarning.Kind


def new_public_id(prefix: str) -> str:
    """A public id such as `s_` and 16 letters and digits: 80 random bits."""
    return prefix + b32encode(secrets.token_bytes(10)).decode().lower()


def find(caller: Caller) -> SessionRow | None:
    """Return the caller's session for a read; None if the call names none, or a conversation that has none yet.

    Raises:
        WriteNeeded: If the session must be renamed first, and the call may not write.
        UnknownCart: If the cart_id is not genuine, or another conversation's. It opens no session of a conversation
            that has an id: whoever reads its answers must not get its cart.
        CartExpired: If the cart_id's session was deleted.
    """
    if caller.home is not None:
        return _enter(caller, caller.home)
    digests, handle = way_in(caller)
    if digests:
        row = row_of(caller, digests[0]) or find_by_digests(digests[1:])
        if row is not None and _is_outdated(row, caller.conversation, digests[:1]):
            row = _write_first(caller)
        elif row is not None and caller.conversation.is_another(row):
            row = find_by_digests(caller.conversation.with_subject)
            caller.call.notes.warn(_Kind.SUBJECT_CHANGED.value)
        if row is None:
            caller.speak()
            _refuse_outdated(caller)
            if caller.cart_id is not None:
                _check_handle(caller, caller.cart_id, None)
            return None
        return _enter(caller, row)
    if handle is not None:
        return _enter(caller, find_by_public_id(handle))
    caller.speak()
    return None


def find_for_cart(caller: Caller) -> SessionRow | None:
    """Return the caller's session for a read of its cart; None for a conversation without one, whose cart is empty.

    Raises:
        SessionNeeded: If the call names none.
        WriteNeeded, UnknownCart, CartExpired: As `find`.
    """
    if (row := find(caller)) is None and not way_in(caller)[0]:
        raise session_needed()
    return row


def has_expired(caller: Caller) -> bool:
    """Whether a conversation without a session had one that expired."""
    return any(queries.tombstone.first(digest=digest) for digest in way_in(caller)[0])


def lock(caller: Caller) -> SessionRow:
    """Return the caller's session for a change, locked; an unkeyed call gets a new one.

    Raises:
        SessionNeeded: If the call names none and the shop refuses such calls.
        UnknownCart, CartExpired: As `find`.
    """
    if caller.home is not None:
        if queries.touch_public_id.run(public_id=caller.home.public_id, now=caller.now):
            return _enter(caller, find_by_public_id(caller.home.public_id), is_locked=True)
        caller.home = None  # it was deleted meanwhile
    conversation = caller.conversation
    digests, handle = way_in(caller)
    if digests:
        row = _lock(caller, digests)
        if conversation.is_another(row):
            row = _lock(caller, conversation.with_subject)
            caller.call.notes.warn(_Kind.SUBJECT_CHANGED.value)
        if _is_outdated(row, conversation, (*digests[:1], *conversation.with_subject[:1])):
            row = _rename(row, conversation, digests)
        return _enter(caller, row, is_locked=True)
    if handle is None:
        if settings.SHOPMCP_UNKEYED_CALLS == "refuse":
            caller.speak()
            raise session_needed()
        handle = _make(caller, (), BY_HANDLE)
        caller.call.remark = WITHOUT_HANDLE
    queries.touch_public_id.run(public_id=handle, now=caller.now)
    return _enter(caller, find_by_public_id(handle), is_locked=True)


def begin_elsewhere(client: str, network: str, call: Call | None = None) -> str:
    """Make a session that no chat can find, for a cart that begins outside of one; return its public id.

    Args:
        client: What asked for it.
        network: Where that is.
        call: The call that asked for it, if one did.

    Raises:
        TooMany, DiskFull: If no more sessions may be made.
    """
    conversation = Conversation(ELSEWHERE)
    limits.admit_session(conversation, network, keyed=False, call=call)
    return _insert_session(conversation, client, (), ELSEWHERE)


def session_to_record(conversation: Conversation, client: str, network: str, *, make: bool = True) -> int | None:
    """Return the primary key of the session that a browsing call belongs to; make it if it is new.

    Return None where none may be made, by `make` or because too many were. A call without an id belongs to the shared
    session. This takes no lock: the call log writes many calls in one transaction, and two such transactions could
    deadlock.
    """
    digests = conversation.digests or digests_of("shared")
    row = find_by_digests(digests)
    if row is not None and conversation.is_another(row):
        digests = conversation.with_subject
        row = find_by_digests(digests)
    if row is None and not make:
        return None
    if row is None:
        if conversation.keyed:
            try:
                limits.admit_session(conversation, network, keyed=True)
            except ShopError:
                return None
        _insert_session(conversation, client, digests, conversation.source)
        row = find_by_digests(digests)
    assert row is not None
    limits.know(conversation)
    return row.id


def find_by_digests(digests: Iterable[str]) -> SessionRow | None:
    """Return the session that has one of the digests, with its open cart."""
    for digest in digests:
        if (row := queries.session_by_digest.first(digest=digest)) is not None:
            return SessionRow._make(row)
    return None


def find_by_public_id(public_id: str) -> SessionRow | None:
    """Return the session with that public id, with its open cart."""
    row = queries.session_by_public_id.first(public_id=public_id)
    return None if row is None else SessionRow._make(row)


def way_in(caller: Caller) -> tuple[tuple[str, ...], str | None]:
    """The digests that find the session, or else the public id in a genuine cart_id."""
    if caller.conversation.keyed:
        return caller.conversation.digests, None
    if caller.cart_id is not None:
        return (), _prove(caller, caller.cart_id)
    if settings.SHOPMCP_UNKEYED_CALLS == "shared":
        return digests_of("shared"), None
    return (), None


def _prove(caller: Caller, cart_id: str) -> str:
    if (handle := named_by(cart_id)) is not None and handle.has_expired:
        # No sign that a chat lost its cart: an earlier message was clicked.
        caller.speak()
        raise expired_widget()
    if (public_id := public_id_of(cart_id)) is None:
        caller.call.notes.warn(_Kind.UNKNOWN_HANDLE.value)
        caller.speak()
        raise unknown_cart(keyed=caller.conversation.keyed)
    return public_id


def _enter(caller: Caller, row: SessionRow | None, *, is_locked: bool = False) -> SessionRow:
    """Use the language of the session's store, check that the cart_id is the session's, and note the session."""
    notes = caller.call.notes
    if row is not None and row.digest is not None and caller.cart_id is not None and not caller.conversation.keyed:
        notes.warn(_Kind.UNKNOWN_HANDLE.value)
        caller.speak()
        raise unknown_cart(keyed=False)
    caller.speak(row)
    if row is None:
        notes.warn(_Kind.EXPIRED_HANDLE.value)
        raise expired_cart()
    if caller.cart_id is not None:
        _check_handle(caller, caller.cart_id, row)
    person = caller.call.person
    if person is not None and row.person_id not in (None, person):
        notes.warn(_Kind.SUBJECT_CHANGED.value)
        if row.sees_person:
            raise another_persons()
        if not is_locked:
            return _write_first(caller)
        # Somebody with a link keeps it, who must not see what this person does here.
        Session.objects.filter(pk=row.id).update(person=None, linked_at=None)
        row = row._replace(person_id=None)
    notes.session = row.id
    if row.news or row.unanswered is not None:
        _note_untold(caller.call, row, is_locked=is_locked)
    limits.know(caller.conversation)
    return row


def _note_untold(call: Call, row: SessionRow, *, is_locked: bool) -> None:
    """Have the answer tell what was lost, and the news of a read, unless its tool does."""
    lost = unanswered.read(row.unanswered)
    # The answer of a change tells all of them; a change that is refused takes nothing.
    news = () if is_locked else once.take(call, row.id, row.news, row.unanswered)
    call.untold = lambda: list(dict.fromkeys([*unanswered.told_of(lost), *news]))
    read_anew(call)


def _check_handle(caller: Caller, cart_id: str, row: SessionRow | None) -> None:
    """Refuse a cart_id of another session than the caller's."""
    notes, conversation = caller.call.notes, caller.conversation
    if conversation.keyed and (handle := named_by(cart_id)) is not None:
        # The conversation's own may have expired: its id is enough.
        if not handle.is_of(conversation.digests, conversation.subjects):
            notes.warn(_Kind.FOREIGN_HANDLE.value)
            raise foreign_cart()
        return
    public_id = _prove(caller, cart_id)
    if row is not None and public_id == row.public_id:
        return
    if find_by_public_id(public_id) is None:
        notes.warn(_Kind.EXPIRED_HANDLE.value)
        raise expired_cart()
    notes.warn(_Kind.FOREIGN_HANDLE.value)
    raise foreign_cart()


def _refuse_outdated(caller: Caller) -> None:
    """Refuse a widget handle of an earlier secret key that finds no session.

    Its conversation's session may have been renamed under the current key, and must not get a second one.
    """
    if caller.conversation.is_outdated:
        raise expired_widget()


def _write_first(caller: Caller) -> SessionRow:
    if not caller.call.may_write:
        raise WriteNeeded
    with transaction.atomic():
        return lock(caller)


def _lock(caller: Caller, digests: tuple[str, ...]) -> SessionRow:
    if (row := _touch(digests, caller.now)) is None:
        _refuse_outdated(caller)
        # Another call may insert it first; then this insertion does nothing.
        _make(caller, digests, caller.conversation.source)
        row = _touch(digests, caller.now)
    assert row is not None
    return row


def _touch(digests: Iterable[str], now: datetime) -> SessionRow | None:
    """Mark the session that has one of the digests as seen now, which locks it, and return it."""
    for digest in digests:
        if queries.touch_digest.run(digest=digest, now=now):
            return find_by_digests((digest,))
    return None


def _make(caller: Caller, digests: tuple[str, ...], source: str) -> str:
    if not caller.shares_cart:
        call = caller.call
        limits.admit_session(caller.conversation, call.network, keyed=bool(digests), call=call)
    caller.call.notes.is_new_session = True
    # The shared session is never a check's, even if a check comes first.
    is_check = caller.conversation.is_check and not caller.shares_cart
    return _insert_session(caller.conversation, caller.call.client, digests, source, is_check=is_check)


def _is_outdated(row: SessionRow, conversation: Conversation, current: Sequence[str]) -> bool:
    """Whether the session or its person is stored under an earlier secret key, or its person is still unknown."""
    subjects = conversation.subjects
    return row.digest not in current or (bool(subjects) and (not row.subject or row.subject in subjects[1:]))


def _rename(row: SessionRow, conversation: Conversation, digests: tuple[str, ...]) -> SessionRow:
    """Store the locked session under the current secret key, with the person who is calling."""
    digest = (conversation.with_subject if row.digest in conversation.with_subject else digests)[0]
    subject = conversation.subject or row.subject
    queries.rename_session.run(id=row.id, digest=digest, subject=subject)
    return row._replace(digest=digest, subject=subject)


def _insert_session(
    conversation: Conversation, client: str, digests: Sequence[str], source: str, *, is_check: bool = False
) -> str:
    """Insert a session, unless one with its digest exists; return the public id that it would have.

    Args:
        conversation: Names the person.
        client: The client that called.
        digests: The conversation's, the one under the current secret key first; none for an unkeyed chat.
        source: What named the conversation.
        is_check: An isolation check makes it.
    """
    now, public_id = timezone.now(), new_public_id("s_")
    expired = sum(queries.delete_tombstone.run(digest=digest) for digest in digests)
    queries.insert_session.run(
        public_id=public_id,
        digest=digests[0] if digests else None,
        source=source,
        subject=conversation.subject,
        client=client,
        is_check=is_check,
        expiry_untold=expired > 0,
        created_at=now,
        last_seen_at=now,
    )
    return public_id
