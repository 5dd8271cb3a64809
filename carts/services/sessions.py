"""Finding, making, locking and renaming sessions. Which one a call belongs to is decided in `carts.caller`."""

import secrets
from base64 import b32encode
from collections.abc import Iterable, Sequence

from django.utils import timezone

from carts import queries
from carts.queries import SessionRow


def new_public_id(prefix: str) -> str:
    """A public id such as `s_` and 16 letters and digits: 80 random bits."""
    return prefix + b32encode(secrets.token_bytes(10)).decode().lower()


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


def insert_session(*, digests: Sequence[str], source: str, subject: str, client: str, is_check: bool) -> str:
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


def rename_session(row: SessionRow, *, digest: str, subject: str) -> SessionRow:
    """Keep a locked session under another digest, and as that person's."""
    queries.rename_session.run(id=row.id, digest=digest, subject=subject)
    return row._replace(digest=digest, subject=subject)
