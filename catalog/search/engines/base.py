"""What a database has to do for searches; `sqlite` and `postgres` do it, each in its own words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from django.db import connection

# Where words are looked for; each wider than the one before.
Field = Literal["name", "near", "anywhere"]
FIELDS: tuple[Field, ...] = ("name", "near", "anywhere")
# What counts now: not what a running import adds, and still what it takes away.
_RUNNING = "(SELECT id FROM catalog_importrun WHERE state = 'staging')"
VISIBLE = f"(e.arriving IS NULL OR e.arriving NOT IN {_RUNNING}) AND (e.leaving IS NULL OR e.leaving IN {_RUNNING})"
COLUMNS = "e.key, e.product_id, e.store_id, e.category, e.group_key, e.price, e.name, e.meta"


@dataclass(frozen=True, slots=True)
class Slot:
    """One place that some word has to fill: which tokens do, how well each, and what a token may begin with."""

    tokens: dict[str, int]
    prefixes: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return not self.tokens and not self.prefixes


@dataclass(frozen=True, slots=True)
class Term:
    """One thing a shopper asked for, and the ways to say it; of each way every slot must be filled."""

    shown: str
    ways: tuple[tuple[Slot, ...], ...]


class Candidate(NamedTuple):
    """An entry that fits; the columns are those of `Entry`."""

    key: int
    product: int
    store: int
    category: str
    group: str
    price: int | None
    name: str
    meta: str


@dataclass(frozen=True, slots=True)
class Scope:
    """The bounds of a search: stores, categories and ranges of keys; the second range is of what is sold out."""

    ranges: tuple[tuple[int, int], ...]
    stores: tuple[int, ...] | None = None
    categories: tuple[str, ...] | None = None
    # In thousandths; `ranges` holds them too, coarsely.
    min_price: int | None = None
    max_price: int | None = None

    def conditions(self) -> tuple[str, list[Any]]:
        """The bounds but for the range of keys, as SQL over an entry `e`."""
        parts, params = [VISIBLE], list[Any]()
        for column, values in (("store_id", self.stores), ("category", self.categories)):
            if values is not None:
                parts.append(f"e.{column} IN ({', '.join(['%s'] * len(values))})" if values else "1 = 0")
                params += values
        for comparison, bound in ((">=", self.min_price), ("<=", self.max_price)):
            if bound is not None:
                parts.append(f"e.price {comparison} %s")
                params.append(bound)
        return " AND ".join(parts), params


class Engine(Protocol):
    """The full-text side of the index, and the words there are."""

    def expression(self, terms: Sequence[Term], field: Field) -> str:
        """The terms as the database's own full-text query: all of them, in that part of an entry."""

    def candidates(self, expression: str, scope: Scope, limit: int, *, dearest_first: bool = False) -> list[Candidate]:
        """Up to so many entries that fit, in stock before sold out, the cheaper first."""

    def add(self, rows: Sequence[tuple[int, str, str, str]]) -> None:
        """Index the text of entries that were just written: key, name, meta, description."""

    def remove(self, keys: Sequence[int]) -> None:
        """Forget the text of entries, before they are deleted."""

    def knows(self, word: str) -> bool:
        """Whether any entry is found by this word."""

    def beginning(
        self, column: Literal["text", "reversed"], start: str, limit: int, lengths: tuple[int, int] = (1, 40)
    ) -> list[str]:
        """Words of these lengths, or words turned around, that begin so."""

    def optimise(self) -> None:
        """Put the index in its best shape after it was made anew."""


def rows_of(sql: str, params: Sequence[Any] = ()) -> list[Any]:
    """Return what a statement selects."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[Any] = cursor.fetchall()
        return rows
