"""Where the next page begins, sealed so that nobody makes one up."""

from typing import Any

from django.core.signing import BadSignature, Signer
from django.utils.translation import gettext

from shopmcp.errors import InvalidArguments


def cursor(of: str, *values: Any) -> str:
    """Return a cursor for a kind of list, holding plain JSON values."""
    return Signer(salt=f"shopmcp.paging.{of}").sign_object(list(values), compress=True)


def position(of: str, cursor: str) -> list[Any]:
    """Return what the cursor holds.

    Raises:
        InvalidArguments: If it is none that such a list gave.
    """
    try:
        values: list[Any] = Signer(salt=f"shopmcp.paging.{of}").unsign_object(cursor)
    except BadSignature:
        raise InvalidArguments(
            gettext("This cursor is none that a page gave."), fix=gettext("Start again from the first page.")
        ) from None
    return values
