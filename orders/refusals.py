"""The refusals of orders."""

from collections.abc import Sequence
from typing import Self

from django.utils.translation import gettext

from shopmcp.errors import ShopError, WrongState

__all__ = ["CodeNeeded", "InvalidDetails", "NotTaken", "OrderChanged", "WrongState"]


class OrderChanged(ShopError):
    """The cart, a price, the delivery or the sum is not what the shopper saw."""

    code = "order_changed"


class NotTaken(ShopError):
    """The store takes no orders now, or not such ones."""

    code = "not_taken"


class CodeNeeded(ShopError):
    """The order has to be confirmed by a code that is mailed to the buyer."""

    code = "code_needed"


class InvalidDetails(ShopError):
    """Something that somebody typed.

    Args:
        field: The name of the field.

    Attributes:
        wrong: What is wrong with each field, in words, in the order of the form.
    """

    code = "invalid_details"

    def __init__(self, field: str, message: str, *, fix: str = "") -> None:
        super().__init__(message, fix=fix or gettext("Correct it, and send it again. Nothing was done."))
        self.wrong = {field: f"{message} {fix}".strip()}

    @classmethod
    def several(cls, mistakes: Sequence[Self]) -> Self:
        """Return one refusal that tells them all; of a field the first.

        Args:
            mistakes: At least one.
        """
        first = mistakes[0]
        wrong = {field: text for mistake in reversed(mistakes) for field, text in mistake.wrong.items()}
        if len(wrong) == 1:
            return first
        told = cls("", gettext("Some of what you wrote has to be corrected."))
        told.wrong = dict(reversed(wrong.items()))
        return told
