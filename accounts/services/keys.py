"""Making, finding and revoking API keys."""

import secrets
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256

from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import ApiKey, ApiKeyQuerySet, Scope
from shopmcp.errors import InvalidArguments

# A key that turns up in a file can be recognised, by secret scanners too.
PREFIX = "shopmcp_"
_NOTED_EVERY = timedelta(minutes=1)
_LONGEST_NAME = 80


def create_key(
    name: str, *, read_only: bool = False, expires_in: timedelta | None = None, scopes: Iterable[Scope] = ()
) -> tuple[ApiKey, str]:
    """Make a key; return its record and the key, which is not stored.

    Args:
        name: What the key is for.
        read_only: Whether it can change nothing.
        expires_in: How long it is good; None for ever.
        scopes: What it opens; by default to read, and to change what is sold unless it is read-only.

    Raises:
        InvalidArguments: If the name is empty, too long, or holds control characters.
    """
    name = name.strip()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidArguments(
            gettext("The name of a key is plain text of 1 to %(most)s characters.") % {"most": _LONGEST_NAME},
            fix=gettext("Name it after what uses it."),
        )
    chosen = set(scopes) or ({Scope.READ} if read_only else {Scope.READ, Scope.CATALOGUE})
    key, now = PREFIX + secrets.token_urlsafe(32), timezone.now()
    record = ApiKey.objects.create(
        name=name,
        ending=key[-4:],
        digest=_digest(key),
        read_only=read_only,
        scopes=" ".join(scope.value for scope in Scope if scope in chosen),
        created_at=now,
        expires_at=now + expires_in if expires_in else None,
    )
    return record, key


def find_key(key: str) -> ApiKey | None:
    """Return the record of a valid key, or None."""
    if not key.startswith(PREFIX):
        return None
    return ApiKey.objects.valid().filter(digest=_digest(key)).first()


def note_use(key: ApiKey) -> None:
    """Store when the key was last used, at most once a minute."""
    now = timezone.now()
    if key.last_used_at is not None and key.last_used_at > now - _NOTED_EVERY:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - _NOTED_EVERY)
    # A locked database or a full disk must not fail a request that only reads.
    with suppress(DatabaseError):
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)


def revoke_keys(keys: ApiKeyQuerySet) -> int:
    """Revoke these keys; return how many were not revoked before."""
    return keys.filter(revoked_at=None).update(revoked_at=timezone.now())


def _digest(key: str) -> str:
    return sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
