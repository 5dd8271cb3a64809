"""The address of an order's page. It proves itself, and no row holds it.

A chat gets the link that shows state, lines and sum. The mailed one shows the buyer's details too: whoever forwards a
chat's answer must not give them away.
"""

from typing import Final

from django.conf import settings
from django.core.signing import BadSignature, Signer

_SALTS: Final = {False: "shopmcp.orders.seen", True: "shopmcp.orders.full"}


def token_of(number: str, *, full: bool) -> str:
    """Return the token of an order's page: its number, and a MAC of 256 bits."""
    return _signer(full=full).sign(number)


def number_of(token: str) -> tuple[str, bool] | None:
    """Return the number in a token, and whether it shows the buyer's details; None for a forged token."""
    found = None
    # Both, whichever fits: an answer must not tell by its time how near a token came.
    for full in _SALTS:
        try:
            found = _signer(full=full).unsign(token), full
        except BadSignature:
            continue
    return found


def link_of(number: str, *, full: bool) -> str:
    """Return the absolute address of an order's page."""
    return f"{settings.PUBLIC_URL}/orders/{token_of(number, full=full)}"


def _signer(*, full: bool) -> Signer:
    return Signer(sep=".", salt=_SALTS[full])
