"""Records with the shop's own column names: the common result of all formats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from shopmcp.errors import ShopError


@dataclass(frozen=True, slots=True)
class Understood:
    """The names of a file's columns in their order, those that hold a field by field, and the options in force."""

    columns: Sequence[str] = ()
    held: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


class Unreadable(ShopError):
    """The whole file cannot be read; none of its entries counts.

    Attributes:
        understood: What was understood of its columns; None if that is not known.
    """

    code = "unreadable"
    understood: Understood | None = None


class RowRefused(Exception):
    """The row cannot become a product; the message is the reason."""


class PriceRefused(RowRefused):
    """The price of the row is not understood."""


class RowSkipped(Exception):
    """The shop itself does not offer this row."""


@dataclass(frozen=True, slots=True)
class Record:
    """One product from the file, not yet checked."""

    line: int  # from 1
    fields: Mapping[str, Any]  # by column: text, or JSON values with numbers as Decimal


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that cannot become a product, and the reason; `sku` if it is known."""

    line: int
    reason: str
    sku: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that the shop itself does not offer, such as a draft; it is not an error."""

    line: int


FeedEntry = Record | Refused | Skipped


def text_of(fields: Mapping[str, Any], column: str) -> str:
    """Return the text of a column; of a list of pictures or categories, the first.

    Raises:
        RowRefused: If it is neither text nor a number.
    """
    value = fields.get(column, "")
    if isinstance(value, list) and value and column in ("image", "category"):
        value = value[0]
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal) and value.is_finite() and abs(value) < Decimal(10) ** 64:
        return f"{value:f}"
    raise RowRefused(_("its %(column)s is not text") % {"column": column})
