"""What an import tells of itself."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from catalog.feeds import Refused
from catalog.models import Store

T = TypeVar("T")
# Lines of each kind that are kept; all of them are counted.
KEPT_LINES = 300


def unwatched(steps: Iterable[T], what: str, total: int | None = None) -> Iterable[T]:
    return steps


@dataclass
class ImportReport:
    """What an import did, or would do.

    `unresolved` counts products whose relative address was left out, `without_image` those that have no picture in a
    file where others have one, `skipped` what the shop itself keeps off its shelves. `assumed_currency` is that of a
    new store whose owner named none, where prices name none either; `currencies` are those they name. `not_modified`
    says that the address held nothing new, `needs_force` that a dry run would stop.
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
    needs_force: bool = False

    @property
    def warned(self) -> int:
        return len(self.warnings) + self.without_image

    def details(self) -> dict[str, Any]:
        """The lines as the record of the import keeps them."""

        def plain(lines: list[Refused]) -> list[dict[str, Any]]:
            return [{"line": line.line, "sku": line.sku, "reason": line.reason} for line in lines[:KEPT_LINES]]

        return {
            "refused": plain(self.refused),
            "warnings": plain(self.warnings),
            "unresolved": self.unresolved,
            "without_image": self.without_image,
            "skipped": self.skipped,
            "assumed_currency": self.assumed_currency,
        }
