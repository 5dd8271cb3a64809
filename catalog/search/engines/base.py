"""What a database has to do for searches; `sqlite` and `postgres` do it, each in its own words."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from django.db import connection

from catalog.models.search_index import SOLD_OUT, range_of
from shopmcp.db.batches import Pace

# Where words are looked for; each wider than the one before.
Field = Literal["name", "near", "anywhere"]
# Where a token stands is part of the token: what a description says thousands of times is not in the way of a name.
MARKS: dict[Field, str] = {"name": "=", "near": "+", "anywhere": ""}
# What begins with fewer letters is looked for in names and their surroundings alone: everything has some such word.
_SHORTEST_DESCRIBED = 3
# What counts now: not what a running import adds, and still what it takes away.
_RUNNING = "(SELECT id FROM catalog_importrun WHERE state = 'staging')"
VISIBLE = f"(e.arriving IS NULL OR e.arriving NOT IN {_RUNNING}) AND (e.leaving IS NULL OR e.leaving IN {_RUNNING})"
# More values than these go as one parameter: some builds of SQLite take no more than 999 in a statement.
FEW = 8
# The columns of an entry, in the order in which they are written.
ENTRY = (
    "key", "product_id", "store_id", "category", "group_key", "price", "title", "name", "meta", "digest", "arriving",
    "leaving",
)  # fmt: skip
COLUMNS = "e.key, e.product_id, e.store_id, e.category, e.group_key, e.price, e.name, e.meta"


@dataclass(frozen=True, slots=True)
class Slot:
    """One place that some word has to fill: which tokens do, how well each, and what a token may begin with.

    Where few words begin so, they are `begun`, and nothing else has to be looked for. A slot that is `pinned` has to be
    filled in that part of an entry, wherever the others are looked for. In the phrases that a word `qualifies` it says
    what something else is like.
    """

    tokens: dict[str, int]
    prefixes: tuple[str, ...] = ()
    begun: tuple[str, ...] = ()
    pinned: Field | None = None
    qualifies: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        """What is looked for whole."""
        return list(dict.fromkeys((*self.tokens, *self.begun)))

    @property
    def beginnings(self) -> tuple[str, ...]:
        """What is looked for as a beginning."""
        return () if self.begun else self.prefixes

    def marked(self, field: Field) -> tuple[list[str], list[str]]:
        """The words and the beginnings as the index has them of that part of an entry."""
        field = self.pinned or field
        short = MARKS[field if field != "anywhere" else "near"]
        return (
            [MARKS[field] + word for word in self.words],
            [(MARKS[field] if len(start) >= _SHORTEST_DESCRIBED else short) + start for start in self.beginnings],
        )

    @property
    def empty(self) -> bool:
        return not self.tokens and not self.prefixes


@dataclass(frozen=True, slots=True)
class Term:
    """One thing a shopper asked for, and the ways to say it; of each way every slot must be filled.

    A phrase has its `words` too: where nothing fits it, they are looked for singly.
    """

    shown: str
    ways: tuple[tuple[Slot, ...], ...]
    words: tuple["Term", ...] = ()


def indexed(name: str, meta: str, body: str) -> list[str]:
    """The tokens of an entry: those of its name and of its surroundings again with their mark in front."""
    near = (name + meta).split()
    found = (
        *(f"{MARKS['name']}{token}" for token in name.split()),
        *(f"{MARKS['near']}{token}" for token in near),
        *near,
        *body.split(),
    )
    return list(dict.fromkeys(found))


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
    """The bounds of a search, prices in thousandths."""

    stores: tuple[int, ...] | None = None
    categories: tuple[str, ...] | None = None
    min_price: int | None = None
    max_price: int | None = None
    in_stock_only: bool = False

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """The ranges of keys that the bounds allow, coarsely; none where they allow every key."""
        if self.min_price is None and self.max_price is None:
            return ((0, SOLD_OUT - 1),) if self.in_stock_only else ()
        sold_out = (False,) if self.in_stock_only else (False, True)
        return tuple(range_of(self.min_price, self.max_price, sold_out=out) for out in sold_out)

    def conditions(self, index: "Engine") -> tuple[str, list[Any]]:
        """The bounds but for the ranges of keys, as SQL over an entry `e`."""
        parts, params = [VISIBLE], list[Any]()
        bounds: tuple[tuple[str, Literal["text", "bigint"], Sequence[Any] | None], ...] = (
            ("store_id", "bigint", self.stores),
            ("category", "text", self.categories),
        )
        for column, kind, values in bounds:
            if values is not None and len(values) > FEW:
                parts.append(index.among(f"e.{column}", kind))
                params.append(index.many(values))
            elif values is not None:
                parts.append(f"e.{column} IN ({', '.join(['%s'] * len(values))})" if values else "1 = 0")
                params += values
        for comparison, bound in ((">=", self.min_price), ("<=", self.max_price)):
            if bound is not None:
                parts.append(f"e.price {comparison} %s")
                params.append(bound)
        return " AND ".join(parts), params


class Engine(Protocol):
    """The full-text side of the index, and the words there are."""

    def expressions(self, choices: Sequence[Sequence[Term]]) -> Mapping[Field, str]:
        """Any of the choices, each of all its terms, as the database's own full-text query of each part of an entry."""

    def candidates(
        self, expression: str, scope: Scope, limit: int, *, named: str = "", dearest_first: bool = False
    ) -> list[Candidate]:
        """Up to so many entries that fit: if given what fits `named` too, then in stock, the cheaper first."""

    def alive(self, expressions: Sequence[str], scope: Scope) -> list[bool]:
        """Whether anything fits, for each of the expressions."""

    def among(self, column: str, kind: Literal["text", "bigint"] = "bigint") -> str:
        """A condition that the column has one of many values, which `many` makes one parameter."""

    def each(self, kind: Literal["text", "bigint"]) -> str:
        """A subquery that yields those values."""

    def many(self, values: Iterable[Any]) -> Any:
        """The parameter of `among`."""

    def add(self, entries: Sequence[tuple[Sequence[Any], tuple[str, str, str]]]) -> None:
        """Write entries, by the values of `ENTRY`, with their texts: of the name, what is near it, the description."""

    def remove(self, keys: Sequence[int]) -> None:
        """Delete entries with their texts."""

    def unused(self) -> list[str]:
        """The words by which no entry is found any longer."""

    def knows(self, word: str) -> bool:
        """Whether any entry is found by this word."""

    def words(self, texts: Sequence[str], stems: Sequence[str]) -> list[tuple[str, str, bool]]:
        """Those of the words, and all words with one of the stems: each with its stem, and whether names hold it."""

    def beginning(self, column: Literal["text", "reversed"], start: str, limit: int) -> list[str]:
        """Words, or words turned around, that begin so."""

    def within(self, index: str) -> str:
        """Behind the name of a table: that all is read from this index, where a database has to be told."""

    def counting(self) -> AbstractContextManager[Any]:
        """Around a query that reads a great part of the entries."""

    def merge(self, pace: Pace, *, whole: bool = False) -> None:
        """Merge the pieces that batches of writing leave, where they are many, or all of them."""

    def optimise(self) -> None:
        """Put the index in its best shape after a good part of it was written."""


def candidates_of(sql: str, params: Sequence[Any]) -> list[Candidate]:
    """Return the entries that a statement selects."""
    # Past the class's own constructor, which takes as long as reading the row.
    return [tuple.__new__(Candidate, row) for row in rows_of(sql, params)]


def rows_of(sql: str, params: Sequence[Any] = ()) -> list[Any]:
    """Return what a statement selects."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[Any] = cursor.fetchall()
        return rows
