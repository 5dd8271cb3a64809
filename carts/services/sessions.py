"""Finding, making, locking and renaming sessions."""

import secrets
from base64 import b32encode
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from carts import limits, queries
from carts.caller import WITHOUT_HANDLE, Caller, expired_cart, foreign_cart, session_needed, unknown_cart
from carts.digests import digests_of, public_id_of
from carts.identity import BY_HANDLE, Identity
from carts.models import SessionWarning
from carts.queries import SessionRow
from shopmcp.errors import ShopError
from shopmcp.mcp.call import WriteNeeded

_Kind = SessionWarning.Kind


def new_public_id(prefix: str) -> str:
    """A public id such as `s_` and 16 letters and digits: 80 random bits."""
    return prefix + b32encode(secrets.token_bytes(10)).decode().lower()


def find(caller: Caller, *, make: bool = True) -> SessionRow | None:
    """Return the caller's session for a read; None if the call names none.

    Args:
        make: Make a conversation's first session; else None is returned for it.

    Raises:
        WriteNeeded: If the session must be made or renamed first, and the call may not write.
        UnknownCart: If the cart_id is not genuine, or another conversation's. It opens no session of a conversation
            that has an id: whoever reads its answers must not get its cart.
        CartExpired: If the cart_id's session was deleted.
    """
    digests, handle = way_in(caller)
    if digests:
        row = find_by_digests(digests)
        if row is not None and _is_outdated(row, caller.identity, digests[:1]):
            row = _write_first(caller)
        elif row is not None and caller.identity.is_another(row):
            row = find_by_digests(caller.identity.with_subject)
            caller.call.notes.warn(_Kind.SUBJECT_CHANGED.value)
        if row is None and not make and caller.cart_id is None:
            caller.speak()
            return None
        return _enter(caller, row or _write_first(caller))
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
    if (row := find(caller, make=False)) is None and not way_in(caller)[0]:
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
    identity = caller.identity
    digests, handle = way_in(caller)
    if digests:
        row = _lock(caller, digests)
        if identity.is_another(row):
            row = _lock(caller, identity.with_subject)
            caller.call.notes.warn(_Kind.SUBJECT_CHANGED.value)
        if _is_outdated(row, identity, (*digests[:1], *identity.with_subject[:1])):
            row = _rename(row, identity, digests)
        return _enter(caller, row)
    if handle is None:
        if settings.SHOPMCP_UNKEYED_CALLS == "refuse":
            caller.speak()
            raise session_needed()
        handle = _make(caller, (), BY_HANDLE)
        caller.call.remark = WITHOUT_HANDLE
    queries.touch_public_id.run(public_id=handle, now=timezone.now())
    return _enter(caller, find_by_public_id(handle))


def session_to_record(identity: Identity, client: str, network: str) -> int | None:
    """Return the primary key of the session that a browsing call belongs to; make it if it is new.

    Return None where no more sessions may be made. A call without an id belongs to the shared session. This takes no
    lock: the call log writes many calls in one transaction, and two such transactions could deadlock.
    """
    digests = identity.digests or digests_of("shared")
    row = find_by_digests(digests)
    if row is not None and identity.is_another(row):
        digests = identity.with_subject
        row = find_by_digests(digests)
    if row is None:
        if identity.keyed:
            try:
                limits.admit_session(identity, network, keyed=True)
            except ShopError:
                return None
        _insert_session(identity, client, digests, identity.source)
        row = find_by_digests(digests)
    assert row is not None
    limits.know(identity)
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
    if caller.identity.keyed:
        return caller.identity.digests, None
    if caller.cart_id is not None:
        return (), _prove(caller, caller.cart_id)
    if settings.SHOPMCP_UNKEYED_CALLS == "shared":
        return digests_of("shared"), None
    return (), None


def _prove(caller: Caller, cart_id: str) -> str:
    if (public_id := public_id_of(cart_id)) is None:
        caller.call.notes.warn(_Kind.UNKNOWN_HANDLE.value)
        caller.speak()
        raise unknown_cart(keyed=caller.identity.keyed)
    return public_id


def _enter(caller: Caller, row: SessionRow | None) -> SessionRow:
    """Use the language of the session's store, check that the cart_id is the session's, and note the session."""
    notes = caller.call.notes
    if row is not None and row.digest is not None and caller.cart_id is not None and not caller.identity.keyed:
        notes.warn(_Kind.UNKNOWN_HANDLE.value)
        caller.speak()
        raise unknown_cart(keyed=False)
    caller.speak(row)
    if row is None:
        notes.warn(_Kind.EXPIRED_HANDLE.value)
        raise expired_cart()
    if caller.cart_id is not None and (public_id := _prove(caller, caller.cart_id)) != row.public_id:
        if find_by_public_id(public_id) is None:
            notes.warn(_Kind.EXPIRED_HANDLE.value)
            raise expired_cart()
        notes.warn(_Kind.FOREIGN_HANDLE.value)
        raise foreign_cart()
    notes.session = row.id
    limits.know(caller.identity)
    return row


def _write_first(caller: Caller) -> SessionRow:
    if not caller.call.may_write:
        raise WriteNeeded
    with transaction.atomic():
        return lock(caller)


def _lock(caller: Caller, digests: tuple[str, ...]) -> SessionRow:
    if (row := _touch(digests)) is None:
        # Another call may insert it first; then this insertion does nothing.
        _make(caller, digests, caller.source)
        row = _touch(digests)
    assert row is not None
    return row


def _touch(digests: Iterable[str]) -> SessionRow | None:
    """Mark the session that has one of the digests as seen now, which locks it, and return it."""
    for digest in digests:
        if queries.touch_digest.run(digest=digest, now=timezone.now()):
            return find_by_digests((digest,))
    return None


def _make(caller: Caller, digests: tuple[str, ...], source: str) -> str:
    if not caller.shares_cart:
        call = caller.call
        limits.admit_session(caller.identity, call.network, keyed=bool(digests), call=call)
    caller.call.notes.is_new_session = True
    # The shared session is never a check's, even if a check comes first.
    is_check = caller.identity.is_check and not caller.shares_cart
    return _insert_session(caller.identity, caller.call.client, digests, source, is_check=is_check)


def _is_outdated(row: SessionRow, identity: Identity, current: Sequence[str]) -> bool:
    """Whether the session or its person is stored under an earlier secret key, or its person is still unknown."""
    subjects = identity.subjects
    return row.digest not in current or (bool(subjects) and (not row.subject or row.subject in subjects[1:]))


def _rename(row: SessionRow, identity: Identity, digests: tuple[str, ...]) -> SessionRow:
    """Store the locked session under the current secret key, with the person who is calling."""
    digest = (identity.with_subject if row.digest in identity.with_subject else digests)[0]
    subject = identity.subject or row.subject
    queries.rename_session.run(id=row.id, digest=digest, subject=subject)
    return row._replace(digest=digest, subject=subject)


def _insert_session(
    identity: Identity, client: str, digests: Sequence[str], source: str, *, is_check: bool = False
) -> str:
    """Insert a session, unless one with its digest exists; return the public id that it would have.

    Args:
        identity: Names the person.
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
        subject=identity.subject,
        client=client,
        is_check=is_check,
        expiry_untold=expired > 0,
        created_at=now,
        last_seen_at=now,
    )
    return public_id
