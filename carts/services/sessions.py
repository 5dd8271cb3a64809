"""Making sessions. Which session a call belongs to is decided in `carts.sessions`, not here."""

import secrets
from base64 import b32encode

from django.utils import timezone

from carts import statements


def new_public_id(prefix: str) -> str:
    """A public id such as `s_` and 16 letters and digits: 80 random bits."""
    return prefix + b32encode(secrets.token_bytes(10)).decode().lower()


def insert_session(*, digest: str | None, source: str, subject: str, client: str, is_check: bool) -> str:
    """Make a session, unless one with that digest exists; return the public id it would have."""
    now, public_id = timezone.now(), new_public_id("s_")
    statements.insert_session.run(
        public_id=public_id,
        digest=digest,
        source=source,
        subject=subject,
        client=client,
        is_check=is_check,
        expiry_untold=digest is not None and statements.delete_tombstone.run(digest=digest) > 0,
        created_at=now,
        last_seen_at=now,
    )
    return public_id
