"""What the owner says of a file that the file does not say itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class FeedOptions:
    """The options of a file; the shop keeps them for later imports of the same source.

    Attributes:
        format: A name of `catalog.feeds.FORMATS`; empty if it is to be found.
        mapped: The column of the file for each field, as `catalog.feeds.names.NAMES` calls them; an empty one if no
            column of the file is that field.
        columns: The fields of a table without a heading, in their order; "" for a column that is not read.
        encoding: Python's name of the encoding; empty if it is to be found.
        decimal: The sign before the decimals of prices, a point or a comma; empty if it is to be found.
        allow_unpriced: Whether a file may come without prices.
        add_tax: What is added to prices before tax, in percent.
        currency: The store's, for files with prices in several; not kept.
    """

    format: str = ""
    mapped: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    encoding: str = ""
    decimal: str = ""
    allow_unpriced: bool = False
    add_tax: Decimal | None = None
    currency: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the options that were given."""
        given: dict[str, Any] = {
            "format": self.format,
            "mapped": dict(self.mapped),
            "columns": list(self.columns),
            "encoding": self.encoding,
            "decimal": self.decimal,
            "allow_unpriced": self.allow_unpriced,
            "add_tax": None if self.add_tax is None else str(self.add_tax),
        }
        return {name: value for name, value in given.items() if value or (name == "add_tax" and value is not None)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        tax = kept.get("add_tax")
        return cls(
            format=kept.get("format", ""),
            mapped=dict(kept.get("mapped", {})),
            columns=tuple(kept.get("columns", ())),
            encoding=kept.get("encoding", ""),
            decimal=kept.get("decimal", ""),
            allow_unpriced=bool(kept.get("allow_unpriced")),
            add_tax=None if tax is None else Decimal(tax),
        )

    def over(self, kept: Self) -> Self:
        """Return these options, and where they say nothing, the kept ones."""
        both = {**kept.as_json(), **self.as_json(), "mapped": {**kept.mapped, **self.mapped}}
        return type(self).from_json(both)
