"""What only this server can make: digests and proofs under its secret keys.

A conversation's id is a bearer secret, so its digest is all that is kept of it. `SECRET_KEY` is the current key;
`SECRET_KEY_FALLBACKS` are earlier ones, under which things may still be found.
"""

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
