"""The report of an import."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from catalog.feeds import Refused
from catalog.feeds.records import Understood
from catalog.models import Store

T = TypeVar("T")
# At most so many lines of each kind are stored; all are counted.
KEPT_LINES = 300
# So many products of each kind are named.
NAMED = 20


def unwatched(steps: Iterable[T], what: str, total: int | None = None) -> Iterable[T]:
    return steps


@dataclass
class ImportReport:
    """What an import did, or would do in a dry run.

    Attributes:
        unresolved: The number of products whose relative address was left out.
        without_image: The number of products without an image, if other products of the file have one.
        skipped: The number of rows that the shop does not show.
        currencies: The currencies that prices of a new store name; "" for prices that name none.
        assumed_currency: The currency of a new store, if neither the owner nor all prices name one.
        not_modified: The address has nothing new.
        remarks: What the owner should know first.
        priced: The number of rows with a price other than 0.
        needs_force: The import would withdraw too many products.
        carried: The number of products that the store carried before.
        examples: The first products that are created, changed and withdrawn, each with its SKU, its name, and the
            fields that change.
        understood: What was understood of the columns.
    """

    store: Store
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    unresolved: int = 0
    without_image: int = 0
    skipped: int = 0
    refused: list[Refused] = field(default_factory=list)
    warnings: list[Refused] = field(default_factory=list)
    may_assume_currency: bool = False
    currencies: set[str] = field(default_factory=set)
    assumed_currency: str = ""
    not_modified: bool = False
    remarks: list[str] = field(default_factory=list)
    priced: int = 0
    needs_force: bool = False
    carried: int = 0
    examples: dict[str, list[tuple[str, str, list[str]]]] = field(default_factory=dict)
    understood: Understood = field(default_factory=Understood)

    def names_more(self, kind: str) -> bool:
        """Whether it has room for another example of the kind."""
        return len(self.examples.get(kind, ())) < NAMED

    def name(self, kind: str, sku: str, name: str, fields: Sequence[str] = ()) -> None:
        """Keep a product as an example of the kind, with the fields that change."""
        self.examples.setdefault(kind, []).append((sku, name, list(fields)))

    def begin_again(self) -> None:
        """Forget what was read, because the file is read once more."""
        self.refused, self.warnings, self.remarks, self.currencies = [], [], [], set()
        self.skipped = self.priced = 0

    @property
    def warned(self) -> int:
        return len(self.warnings) + self.without_image

    def details(self) -> dict[str, Any]:
        def plain(lines: list[Refused]) -> list[dict[str, Any]]:
            return [{"line": line.line, "sku": line.sku, "reason": line.reason} for line in lines[:KEPT_LINES]]

        return {
            "refused": plain(self.refused),
            "warnings": plain(self.warnings),
            "unresolved": self.unresolved,
            "without_image": self.without_image,
            "skipped": self.skipped,
            "assumed_currency": self.assumed_currency,
            "remarks": self.remarks,
        }
