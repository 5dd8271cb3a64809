"""Refusals in words. Whatever is not a `ShopError` is a bug."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from django.utils.translation import gettext


class ShopError(Exception):
    """A refusal that its reader can act on; each surface translates it once.

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
    """The arguments do not say what to do."""

    code = "invalid_arguments"


class NotFound(ShopError):
    """What the caller named does not exist."""

    code = "not_found"


class Ambiguous(ShopError):
    """The caller's words fit several things; they are the candidates."""

    code = "ambiguous"


class NotForSale(ShopError):
    """The product exists and cannot be bought: withdrawn, without a price, sold out."""

    code = "not_for_sale"


class CartLimit(ShopError):
    """The cart cannot hold this: a bound, a second store or a second currency."""

    code = "cart_limit"


class SessionNeeded(ShopError):
    """The call does not say which conversation it belongs to, and has to."""

    code = "session_needed"


class UnknownCart(ShopError):
    """A `cart_id` that opens nothing here."""

    code = "unknown_cart"


class CartExpired(ShopError):
    """The cart was kept for its time and is gone."""

    code = "cart_expired"


class RequestIdReused(ShopError):
    """A `request_id` that was used before, for something else."""

    code = "request_id_reused"


class Busy(ShopError):
    """The database could not take the change now; nothing was done."""

    code = "busy"


class Unauthorized(ShopError):
    """The caller did not say who they are, or not in a way that counts."""

    code = "unauthorized"


class Forbidden(ShopError):
    """The caller is known and may not do this."""

    code = "forbidden"


class Kept(ShopError):
    """What was asked to go has to stay, such as what was ordered."""

    code = "kept"


class TooMany(ShopError):
    """The caller sent too many requests; `seconds` from now there may be more."""

    code = "too_many_requests"
    seconds = 60

    @classmethod
    def after(cls, seconds: int) -> Self:
        """The refusal that says when to come back."""
        error = cls(
            gettext("Too many requests within one minute."),
            fix=gettext("Wait %(seconds)d seconds, then go on.") % {"seconds": seconds},
        )
        error.seconds = seconds
        return error
