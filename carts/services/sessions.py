"""Making sessions. Which session a call belongs to is decided in `carts.sessions`, not here."""

import secrets
from base64 import b32encode
from collections.abc import Sequence

from django.utils import timezone

from carts import statements


def new_public_id(prefix: str) -> str:
    """A public id such as `s_` and 16 letters and digits: 80 random bits."""
    return prefix + b32encode(secrets.token_bytes(10)).decode().lower()


def insert_session(*, digests: Sequence[str], source: str, subject: str, client: str, is_check: bool) -> str:
    """Make a session, unless one with its digest exists; return the public id it would have.

    Args:
        digests: The conversation's, the one under the current secret key first; none for a session that is minted.
    """
    now, public_id = timezone.now(), new_public_id("s_")
    expired = sum(statements.delete_tombstone.run(digest=digest) for digest in digests)
    statements.insert_session.run(
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
