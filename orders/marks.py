"""The mark by which this shop's own commands say that an order is a test. Nobody else can make it."""

from typing import Final

from django.core.signing import BadSignature, Signer

_SALT: Final = "orders.test_order"


def mark_of_test(token: str) -> str:
    """Return the mark of a test order of the cart whose page has this token."""
    return Signer(salt=_SALT).sign(token)


def is_test(token: str, mark: str) -> bool:
    """Whether the mark is that of this page."""
    try:
        return Signer(salt=_SALT).unsign(mark) == token
    except BadSignature:
        return False
