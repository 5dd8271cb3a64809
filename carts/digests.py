"""Digests of conversation ids and proofs of handles, keyed with `SECRET_KEY` and `SECRET_KEY_FALLBACKS`.

A conversation's id is a bearer secret, so only its digest is stored.
"""

import hmac
import re
from base64 import b32encode, urlsafe_b64encode
from functools import lru_cache
from hashlib import blake2b, sha256
from typing import Final

from django.conf import settings

_HANDLE = re.compile(r"cart_([a-z2-7]{16})([a-z2-7]{26})")
_SEAL = 16  # bytes of a MAC
# For how many conversations a process remembers what is computed from their ids: those that go on at one time, not all
# of a day, so that the memory is level after minutes.
CHATS: Final = 2_000


def digests_of(purpose: str, *parts: str) -> tuple[str, ...]:
    """Return a digest of the parts under each secret key, the current one first; 43 characters each."""
    return _digests(_secrets(), purpose, *parts)


@lru_cache(maxsize=3 * CHATS)
def _digests(secrets: tuple[str, ...], purpose: str, *parts: str) -> tuple[str, ...]:
    # With their lengths, so that different parts never make the same message.
    message = "\0".join((purpose, *(f"{len(part)}:{part}" for part in parts))).encode()
    return tuple(
        urlsafe_b64encode(blake2b(message, key=_key(secret), digest_size=32).digest()).decode().rstrip("=")
        for secret in secrets
    )


def cart_id_of(public_id: str) -> str:
    """Return the handle of the session that has this public id."""
    return f"cart_{public_id[2:]}{_proof(settings.SECRET_KEY, public_id)}"


def public_id_of(cart_id: str) -> str | None:
    """Return the public id in a handle that this server made, even if the session is gone; None for other text."""
    if (found := _HANDLE.fullmatch(cart_id.strip())) is None:
        return None
    public_id = f"s_{found[1]}"
    proofs = [_proof(secret, public_id) for secret in _secrets()]
    return public_id if any(hmac.compare_digest(found[2], expected) for expected in proofs) else None


@lru_cache(maxsize=CHATS)
def _proof(secret: str, public_id: str) -> str:
    """A MAC of 128 bits, as 26 small letters and digits."""
    mac = blake2b(f"cart_id\0{public_id}".encode(), key=_key(secret), digest_size=16).digest()
    return b32encode(mac).decode().lower().rstrip("=")


def sealed(purpose: str, content: bytes) -> bytes:
    """Return the content with a MAC of 128 bits, made with the current secret key."""
    return content + _seal(settings.SECRET_KEY, purpose, content)


def opened(purpose: str, told: bytes) -> tuple[bytes, bool] | None:
    """Return what was sealed, and whether with the current secret key; None for what this server did not seal."""
    content, seal = told[:-_SEAL], told[-_SEAL:]
    for secret in _secrets():
        if hmac.compare_digest(seal, _seal(secret, purpose, content)):
            return content, secret == settings.SECRET_KEY
    return None


def _seal(secret: str, purpose: str, content: bytes) -> bytes:
    return blake2b(purpose.encode() + b"\0" + content, key=_key(secret), digest_size=_SEAL).digest()


@lru_cache(maxsize=CHATS)
def origin_of(session: int, network: str) -> int:
    """Return 15 bits that are the same for calls of a session from one network.

    Thousands of networks share them, and those of two sessions have nothing to do with each other.
    """
    message = f"origin\0{session}\0{network}".encode()
    return int.from_bytes(blake2b(message, key=_key(settings.SECRET_KEY), digest_size=2).digest()) >> 1


def _secrets() -> tuple[str, ...]:
    """The secret keys, the current one first."""
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=16)
def _key(secret: str) -> bytes:
    return sha256(b"shopmcp.sessions\0" + secret.encode()).digest()
