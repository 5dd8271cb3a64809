"""Refusals in words. Any other exception is a bug."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext, ngettext


class ShopError(Exception):
    """A refusal that tells its reader what to do; each surface renders it in one place.

    Args:
        message: What is wrong, one or two sentences.
        fix: What to do instead.
        candidates: What the caller may have meant, in the surface's own shapes.
        retry_after: In how many seconds the same request may succeed; None where waiting does not help.

    Attributes:
        complete: Returns the refusal with candidates; None where it has them, or has none. It may take long, so it is
            called when the transaction has ended.
    """

    code = "refused"
    complete: Callable[[], "ShopError"] | None = None

    def __init__(
        self,
        message: str,
        *,
        fix: str = "",
        candidates: Sequence[Mapping[str, Any]] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.candidates = list(candidates)
        self.retry_after = retry_after

    @property
    def text(self) -> str:
        """What is wrong and what to do, as one text."""
        return f"{self.message} {self.fix}".rstrip()


class InvalidArguments(ShopError):
    code = "invalid_arguments"


class Taken(InvalidArguments):
    code = "taken"  # another row has this name already


class NotFound(ShopError):
    code = "not_found"


class Ambiguous(ShopError):
    code = "ambiguous"  # the candidates are what the reference fits


class NotForSale(ShopError):
    code = "not_for_sale"  # withdrawn, without a price or sold out


class CartLimit(ShopError):
    code = "cart_limit"  # the cart is full, or has another store or currency


class CouponRefused(ShopError):
    code = "coupon_refused"  # it is unknown, over, used up, or of another store


class SessionNeeded(ShopError):
    code = "session_needed"  # the call must say which conversation it belongs to


class UnknownCart(ShopError):
    code = "unknown_cart"  # the `cart_id` opens no cart here


class CartExpired(ShopError):
    code = "cart_expired"


class RequestIdReused(ShopError):
    code = "request_id_reused"  # for another request


class RequestLimit(ShopError):
    code = "request_limit"  # the session has as many request_ids as the shop remembers


class Busy(ShopError):
    code = "busy"  # nothing was done


class Uncertain(ShopError):
    """Whether the change was made is not known; the cart tells."""

    code = "uncertain"


class LinkedElsewhere(ShopError):
    code = "linked_elsewhere"  # the conversation is another account's


class Unauthorized(ShopError):
    code = "unauthorized"  # the caller did not prove who they are


class Forbidden(ShopError):
    code = "forbidden"  # the caller may not do this


class Kept(ShopError):
    code = "kept"  # something was ordered in the row, so it is not deleted


class WrongState(ShopError):
    code = "wrong_state"  # what it is about has gone on meanwhile


class NotProven(ShopError):
    code = "not_proven"  # no call shows that what the warning tells has ended


class DiskFull(ShopError):
    code = "disk_full"  # or nearly: nothing was done


class TooMany(ShopError):
    """The caller sent too many requests, and may send more in `seconds`."""

    code = "too_many_requests"

    def __init__(self, seconds: int, message: str = "", fix: str = "") -> None:
        message = message or gettext("Too many requests were sent.")
        fix = fix or ngettext("Wait %(seconds)d second, then go on.", "Wait %(seconds)d seconds, then go on.", seconds)
        super().__init__(message, fix=fix % {"seconds": seconds}, retry_after=seconds)
