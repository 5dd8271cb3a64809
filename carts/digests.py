"""What only this server can make: digests and proofs under its secret keys.

A conversation's id is a bearer secret, so its digest is all that is kept of it. `SECRET_KEY` is the current key;
`SECRET_KEY_FALLBACKS` are earlier ones, under which things may still be found.
"""

import hmac
import re
from base64 import b32encode, urlsafe_b64encode
from functools import lru_cache
from hashlib import blake2b, sha256

from django.conf import settings


def digests_of(purpose: str, *parts: str) -> tuple[str, ...]:
    """Return a digest of the parts under each secret key, the current one first; 43 characters each."""
    # Lengths first: no part can pretend to be the end of the one before.
    message = "\0".join((purpose, *(f"{len(part)}:{part}" for part in parts))).encode()
    return tuple(
        urlsafe_b64encode(blake2b(message, key=_key(secret), digest_size=32).digest()).decode().rstrip("=")
        for secret in secret_keys()
    )


@lru_cache(maxsize=100_000)
def proof(secret: str, purpose: str, text: str) -> str:
    """Return a MAC of 128 bits over the text, as 26 small letters and digits."""
    mac = blake2b(f"{purpose}\0{text}".encode(), key=_key(secret), digest_size=16).digest()
    return b32encode(mac).decode().lower().rstrip("=")


def secret_keys() -> tuple[str, ...]:
    """The secret keys, the current one first."""
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=16)
def _key(secret: str) -> bytes:
    return sha256(b"shopmcp.sessions\0" + secret.encode()).digest()


_HANDLE = re.compile(r"cart_([a-z2-7]{16})([a-z2-7]{26})")
_PURPOSE = "cart_id"


def cart_id_of(public_id: str) -> str:
    """Return the handle of the session that has this public id."""
    return f"cart_{public_id[2:]}{proof(settings.SECRET_KEY, _PURPOSE, public_id)}"


def public_id_of(cart_id: str) -> str | None:
    """Return the public id that a handle names; None unless this server made it, with the present or an earlier key.

    Whether there is such a session is not asked.
    """
    if (found := _HANDLE.fullmatch(cart_id.strip())) is None:
        return None
    public_id = f"s_{found[1]}"
    proofs = [proof(secret, _PURPOSE, public_id) for secret in secret_keys()]
    return public_id if any(hmac.compare_digest(found[2], expected) for expected in proofs) else None
