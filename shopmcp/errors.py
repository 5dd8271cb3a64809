"""Refusals in words. Any other exception is a bug."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from django.utils.translation import gettext


class ShopError(Exception):
    """A refusal that tells its reader what to do; each surface renders it in one place.

    Args:
        message: What is wrong, one or two sentences.
        fix: What to do instead.
        candidates: What the caller may have meant, in the surface's own shapes.
    """

    code = "refused"

    def __init__(self, message: str, *, fix: str = "", candidates: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.candidates = list(candidates)


class InvalidArguments(ShopError):
    """The arguments are missing, malformed or out of bounds."""

    code = "invalid_arguments"


class NotFound(ShopError):
    """No such thing exists."""

    code = "not_found"


class Ambiguous(ShopError):
    """The reference fits several things, which are the candidates."""

    code = "ambiguous"


class NotForSale(ShopError):
    """The product cannot be bought: it is withdrawn, has no price or is sold out."""

    code = "not_for_sale"


class CartLimit(ShopError):
    """The cart cannot hold this: it is full, or has another store or currency."""

    code = "cart_limit"


class SessionNeeded(ShopError):
    """The call must say which conversation it belongs to."""

    code = "session_needed"


class UnknownCart(ShopError):
    """The `cart_id` opens no cart here."""

    code = "unknown_cart"


class CartExpired(ShopError):
    """The cart was deleted after its time."""

    code = "cart_expired"


class RequestIdReused(ShopError):
    """The `request_id` was used before for another request."""

    code = "request_id_reused"


class Busy(ShopError):
    """The database does not answer; nothing was changed."""

    code = "busy"


class Unauthorized(ShopError):
    """The caller did not prove who they are."""

    code = "unauthorized"


class Forbidden(ShopError):
    """The caller may not do this."""

    code = "forbidden"


class Kept(ShopError):
    """The row must not be deleted, because something was ordered in it."""

    code = "kept"


class TooMany(ShopError):
    """The caller sent too many requests, and may send more in `seconds`."""

    code = "too_many_requests"
    seconds = 60

    @classmethod
    def after(cls, seconds: int) -> Self:
        """Return the refusal that says how long to wait."""
        error = cls(
            gettext("Too many requests within one minute."),
            fix=gettext("Wait %(seconds)d seconds, then go on.") % {"seconds": seconds},
        )
        error.seconds = seconds
        return error
