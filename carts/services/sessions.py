"""Finding, making, locking and renaming sessions, by the rules of the contract."""

import secrets
from base64 import b32encode
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from carts import queries
from carts.caller import WITHOUT_HANDLE, Caller, expired_cart, foreign_cart, nameless, unknown_cart
from carts.digests import digests_of, public_id_of
from carts.identity import BY_HANDLE, Identity
from carts.models import SessionWarning
from carts.queries import SessionRow
from shopmcp.mcp.call import WriteNeeded

_Kind = SessionWarning.Kind


def new_public_id(prefix: str) -> str:
    """A public id such as `s_` and 16 letters and digits: 80 random bits."""
    return prefix + b32encode(secrets.token_bytes(10)).decode().lower()


def find(caller: Caller) -> SessionRow | None:
    """Return the caller's session for a read; None where an unkeyed chat has none.

    Raises:
        WriteNeeded: If it has to be made or renamed first, where writes do not belong.
        UnknownCart, CartExpired: If the cart_id opens nothing, or nothing of this conversation.
    """
    digests, handle = _way_in(caller)
    if digests:
        row = find_by_digests(digests)
        if row is None or _is_outdated(row, caller.identity, digests[:1]):
            row = _write_first(caller)
        elif caller.identity.is_another(row):
            row = find_by_digests(caller.identity.with_subject) or _write_first(caller)
            caller.call.notes.warn(_Kind.SUBJECT_CHANGED.value)
        return _entered(caller, row)
    if handle is not None:
        return _entered(caller, find_by_public_id(handle))
    caller.speak()
    return None


def find_for_cart(caller: Caller) -> SessionRow:
    """Return the caller's session for a read of its cart.

    Raises:
        SessionNeeded: If the call names none.
        WriteNeeded, UnknownCart, CartExpired: As `find`.
    """
    if (row := find(caller)) is None:
        raise nameless()
    return row


def lock(caller: Caller) -> SessionRow:
    """Return the caller's session for a change, locked; make it if it is new, or mint one for an unkeyed chat.

    Raises:
        SessionNeeded: If the call names none and the shop refuses such calls.
        UnknownCart, CartExpired: As `find`.
    """
    identity = caller.identity
    digests, handle = _way_in(caller)
    if digests:
        row = _locked(caller, digests)
        if identity.is_another(row):
            row = _locked(caller, identity.with_subject)
            caller.call.notes.warn(_Kind.SUBJECT_CHANGED.value)
        if _is_outdated(row, identity, (*digests[:1], *identity.with_subject[:1])):
            row = _renamed(row, identity, digests)
        return _entered(caller, row)
    if handle is None:
        if settings.SHOPMCP_UNKEYED_CALLS == "refuse":
            caller.speak()
            raise nameless()
        handle = _made(caller, (), BY_HANDLE)
        caller.call.remark = WITHOUT_HANDLE
    return _entered(caller, lock_by_public_id(handle))


def session_to_record(identity: Identity, client: str) -> int:
    """Return the primary key of the session that a browsing call belongs to, making it if it is new.

    Without an id it is the shared session. This takes no lock: a recorder writes many calls in one transaction, and two
    of them would wait for each other.
    """
    digests = identity.digests or digests_of("shared")
    row = find_by_digests(digests)
    if row is not None and identity.is_another(row):
        digests = identity.with_subject
        row = find_by_digests(digests)
    if row is None:
        _insert_session(
            digests=digests,
            source=identity.source,
            subject=identity.subject,
            client=client,
            is_check=identity.is_check and identity.keyed,
        )
        row = find_by_digests(digests)
    assert row is not None
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


def lock_by_digests(digests: Iterable[str]) -> SessionRow | None:
    """Mark the session that has one of the digests as seen now, which locks it, and return it."""
    for digest in digests:
        if queries.touch_digest.run(digest=digest, now=timezone.now()):
            return find_by_digests((digest,))
    return None


def lock_by_public_id(public_id: str) -> SessionRow | None:
    """Mark the session with that public id as seen now, which locks it, and return it."""
    queries.touch_public_id.run(public_id=public_id, now=timezone.now())
    return find_by_public_id(public_id)


def _way_in(caller: Caller) -> tuple[tuple[str, ...], str | None]:
    """The digests by which the session is found, or else the public id that a proven cart_id names."""
    if caller.identity.keyed:
        return caller.identity.digests, None
    if caller.cart_id is not None:
        return (), _proven(caller, caller.cart_id)
    if settings.SHOPMCP_UNKEYED_CALLS == "shared":
        return digests_of("shared"), None
    return (), None


def _proven(caller: Caller, cart_id: str) -> str:
    if (public_id := public_id_of(cart_id)) is None:
        caller.call.notes.warn(_Kind.UNKNOWN_HANDLE.value)
        caller.speak()
        raise unknown_cart(keyed=caller.identity.keyed)
    return public_id


def _entered(caller: Caller, row: SessionRow | None) -> SessionRow:
    """Speak the language of the session's store, check the cart_id against the session, and note the session."""
    caller.speak(row)
    notes = caller.call.notes
    if row is None:
        notes.warn(_Kind.EXPIRED_HANDLE.value)
        raise expired_cart()
    if caller.cart_id is not None and (public_id := _proven(caller, caller.cart_id)) != row.public_id:
        if find_by_public_id(public_id) is None:
            notes.warn(_Kind.EXPIRED_HANDLE.value)
            raise expired_cart()
        notes.warn(_Kind.FOREIGN_HANDLE.value)
        raise foreign_cart()
    notes.session = row.id
    return row


def _write_first(caller: Caller) -> SessionRow:
    if not caller.call.may_write:
        raise WriteNeeded
    with transaction.atomic():
        return lock(caller)


def _locked(caller: Caller, digests: tuple[str, ...]) -> SessionRow:
    for _ in range(2):
        if (row := lock_by_digests(digests)) is not None:
            return row
        # Another call may make it at the same moment; either way it is there now.
        _made(caller, digests, caller.source)
    raise AssertionError("a session that was just made cannot be found")


def _made(caller: Caller, digests: tuple[str, ...], source: str) -> str:
    caller.call.notes.is_new_session = True
    return _insert_session(
        digests=digests,
        source=source,
        subject=caller.identity.subject,
        client=caller.call.client,
        # The shared session is no check's, even if a check comes first.
        is_check=caller.identity.is_check and not caller.shares_cart,
    )


def _is_outdated(row: SessionRow, identity: Identity, current: Sequence[str]) -> bool:
    """Whether the session is kept under an earlier secret key, or its person is, or was not known before."""
    subjects = identity.subjects
    return row.digest not in current or (bool(subjects) and (not row.subject or row.subject in subjects[1:]))


def _renamed(row: SessionRow, identity: Identity, digests: tuple[str, ...]) -> SessionRow:
    """Keep the locked session under the current secret key, and under the person who is calling."""
    digest = (identity.with_subject if row.digest in identity.with_subject else digests)[0]
    subject = identity.subject or row.subject
    queries.rename_session.run(id=row.id, digest=digest, subject=subject)
    return row._replace(digest=digest, subject=subject)


def _insert_session(*, digests: Sequence[str], source: str, subject: str, client: str, is_check: bool) -> str:
    """Make a session, unless one with its digest exists; return the public id it would have.

    Args:
        digests: The conversation's, the one under the current secret key first; none for a session that is minted.
    """
    now, public_id = timezone.now(), new_public_id("s_")
    expired = sum(queries.delete_tombstone.run(digest=digest) for digest in digests)
    queries.insert_session.run(
        public_id=public_id,
        digest=digests[0] if digests else None,
        source=source,
        subject=subject,
        client=client,
        is_check=is_check,
        expiry_untold=expired > 0,
        created_at=now,
        last_seen_at=now,
    )
    return public_id
