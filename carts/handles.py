"""Handles: the `cart_id` by which a chat without an id of its own finds its cart again.

A handle is the public part of a session and the proof that this server gave it out. Nothing of the proof is stored: the
database opens no cart.
"""

import hmac
import re

from django.conf import settings

from carts.digests import proof, secret_keys

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
