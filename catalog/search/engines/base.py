"""The full-text queries that both databases share; `sqlite` and `postgres` define the rest."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from django.db import connection

from catalog.models import imports
from catalog.models.search_index import PRICED, SOLD_OUT, clock, range_of
from catalog.search.memory import State
from shopmcp.db.batches import Pace
from shopmcp.db.prepared import kept_connection, look_up

# The searched parts of an entry; each contains the one before.
Field = Literal["name", "near", "anywhere"]
# The index marks the tokens of each part, so that a search in names does not read tokens of descriptions.
MARKS: dict[Field, str] = {"name": "=", "near": "+", "anywhere": ""}
# Shorter beginnings would match nearly every description, so they are searched in names only.
_SHORTEST_DESCRIBED = 3
VISIBLE = imports.VISIBLE.format("e")
_PRICED = PRICED.format("e")
# A longer list of values is one parameter: some builds of SQLite allow only 999 in a statement.
FEW = 8
# The columns of an entry, in the order of `Engine.add`.
ENTRY = (
    "key", "product_id", "store_id", "category", "group_key", "price", "title", "name", "meta", "digest", "arriving",
    "leaving",
    "begins", "ends", "reduced",
)  # fmt: skip
COLUMNS = "e.key, e.product_id, e.store_id, e.category, e.group_key, e.price, e.name, e.meta"
# The SQL type of a list of values.
Kind = Literal["text", "bigint"]


@dataclass(frozen=True, slots=True)
class Slot:
    """One word of a query, with the tokens that match it.

    Attributes:
        tokens: The matching tokens, with their points.
        prefixes: Beginnings of further matching tokens.
        begun: All words with these beginnings, if they are few; then they are searched instead of the beginnings.
        pinned: The part of an entry that must match, whatever part is searched.
        qualifies: Phrases in which the word only describes another thing.
        kept: What was made of the slot before; a word is in many queries.
    """

    tokens: dict[str, int]
    prefixes: tuple[str, ...] = ()
    begun: tuple[str, ...] = ()
    pinned: Field | None = None
    qualifies: tuple[str, ...] = ()
    kept: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def marked(self, field: Field) -> tuple[list[str], list[str]]:
        """Return the words and the beginnings, marked for a part of an entry."""
        field = self.pinned or field
        short = MARKS[field if field != "anywhere" else "near"]
        starts = () if self.begun else self.prefixes
        return (
            [MARKS[field] + word for word in dict.fromkeys((*self.tokens, *self.begun))],
            [(MARKS[field] if len(start) >= _SHORTEST_DESCRIBED else short) + start for start in starts],
        )

    @property
    def empty(self) -> bool:
        return not self.tokens and not self.prefixes


@dataclass(frozen=True, slots=True)
class Term:
    """One wish of a shopper, with its synonyms: a product fits if it fills every slot of one of the `ways`.

    A phrase also has its single `words`, in case no product fits the whole phrase. `kept` is as a slot's.
    """

    shown: str
    ways: tuple[tuple[Slot, ...], ...]
    words: tuple["Term", ...] = ()
    kept: dict[str, str] = field(default_factory=dict, init=False, compare=False, repr=False)


def indexed(name: str, meta: str, body: str) -> list[str]:
    """Return the tokens to index for an entry; those of name and meta also with their mark."""
    near = (name + meta).split()
    found = (
        *(f"{MARKS['name']}{token}" for token in name.split()),
        *(f"{MARKS['near']}{token}" for token in near),
        *near,
        *body.split(),
    )
    return list(dict.fromkeys(found))


class Candidate(NamedTuple):
    """A matching entry, with columns of `Entry`."""

    key: int
    product: int
    store: int
    category: str
    group: str
    price: int | None
    name: str
    meta: str


class KnownWord(NamedTuple):
    """A word of products, with columns of `Word`."""

    text: str
    stem: str
    named: bool
    sound: str


@dataclass(frozen=True, slots=True)
class Scope:
    """The bounds of a search; prices are in thousandths, and those of the moment `now` (see `clock`).

    `state` is that of the catalogue before the search, for what is remembered of entries and products.
    """

    stores: tuple[int, ...] | None = None
    categories: tuple[str, ...] | None = None
    min_price: int | None = None
    max_price: int | None = None
    in_stock_only: bool = False
    now: int = field(default_factory=clock, compare=False)
    state: State = field(default=(), compare=False)

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """Ranges of keys that contain all entries within the bounds; empty for all keys."""
        if self.min_price is None and self.max_price is None:
            return ((0, SOLD_OUT - 1),) if self.in_stock_only else ()
        sold_out = (False,) if self.in_stock_only else (False, True)
        return tuple(range_of(self.min_price, self.max_price, sold_out=out) for out in sold_out)

    @property
    def is_open(self) -> bool:
        """Whether it has no bounds."""
        bounds = (self.stores, self.categories, self.min_price, self.max_price)
        return not self.in_stock_only and bounds == (None,) * 4

    def holds(self, entry: "Candidate") -> bool:
        """Whether an entry that counts is within the bounds; the same as `ranges` and `conditions`."""
        price, low, high = entry.price, self.min_price, self.max_price
        return (
            (self.stores is None or entry.store in self.stores)
            and (self.categories is None or entry.category in self.categories)
            and (low is None or (price is not None and price >= low))
            and (high is None or (price is not None and price <= high))
            and not (self.in_stock_only and entry.key >= SOLD_OUT)
        )

    def conditions(self, index: "Engine") -> tuple[str, list[Any]]:
        """The other bounds as SQL over an entry `e`, with its parameters."""
        parts, params = [VISIBLE, _PRICED], list[Any]([self.now, self.now])
        bounds: tuple[tuple[str, Kind, Sequence[Any] | None], ...] = (
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


class Engine(ABC):
    """The search index on one database."""

    # The syntax of a full-text query: a word, a beginning, OR, AND.
    word: str
    start: str
    either: str
    both: str
    # SQL for the entries `e` that match a full-text query, and for their key.
    matching: str
    key: str

    def expression(self, choices: Sequence[Sequence[Term]], field: Field) -> str:
        """Return a full-text query for a part of an entry; it matches all terms of any of the choices."""
        return _joined(
            self.either, [_joined(self.both, [self.said(term, field) for term in terms]) for terms in choices]
        )

    def said(self, term: Term, field: Field) -> str:
        """Return the full-text query of one term."""
        kind = self.word + field

        def filled(slot: Slot) -> str:
            words, starts = slot.marked(field)
            # Tokens consist of marks, letters, digits, points and percent signs, so they need no escaping.
            return _joined(self.either, [*map(self.word.format, words), *map(self.start.format, starts)])

        if (known := term.kept.get(kind)) is None:
            ways = [_joined(self.both, [filled(slot) for slot in way]) for way in term.ways]
            known = term.kept[kind] = _joined(self.either, ways)
        return known

    @abstractmethod
    def candidates(
        self, expression: str, scope: Scope, limit: int, *, named: str = "", dearest_first: bool = False
    ) -> list[Candidate]:
        """Return up to `limit` entries: matches of `named` first, then in stock, then the cheaper ones."""

    def alive(self, expressions: Sequence[str], scope: Scope) -> list[bool]:
        """Return for each expression whether any entry matches."""
        where, params = self.bounds(scope)
        one = f"EXISTS (SELECT 1 FROM {self.matching} AND {where})"
        asked = [value for expression in expressions for value in (expression, *params)]
        return [bool(found) for found in rows_of(f"SELECT {', '.join([one] * len(expressions))}", asked)[0]]

    def bounds(self, scope: Scope) -> tuple[str, list[Any]]:
        """The bounds as SQL that follows `matching`, with its parameters."""
        conditions, params = scope.conditions(self)
        if not scope.ranges:
            return conditions, params
        ranges = " OR ".join([f"{self.key} BETWEEN %s AND %s"] * len(scope.ranges))
        return f"({ranges}) AND {conditions}", [*(edge for pair in scope.ranges for edge in pair), *params]

    @abstractmethod
    def among(self, column: str, kind: Kind = "bigint") -> str:
        """An SQL condition: the column has one of the values of a parameter of `many`."""

    @abstractmethod
    def each(self, kind: Kind) -> str:
        """A subquery that yields the values of a parameter of `many`."""

    @abstractmethod
    def many(self, values: Iterable[Any]) -> Any:
        """Return the values as one parameter, for `among` and `each`."""

    @abstractmethod
    def add(self, entries: Sequence[tuple[Sequence[Any], tuple[str, str, str]]]) -> None:
        """Insert entries: for each the values of `ENTRY`, and the texts of name, meta and description."""

    @abstractmethod
    def remove(self, keys: Sequence[int]) -> None:
        """Delete entries with their texts."""

    @abstractmethod
    def textless(self) -> set[int]:
        """Return the products, by the keys of their identities, of entries that no search can find."""

    @abstractmethod
    def unused(self) -> list[str]:
        """Return the words that no entry has."""

    def knows(self, word: str) -> bool:
        """Whether any entry has this word."""
        return bool(rows_of(f"SELECT 1 FROM {self.matching} LIMIT 1", [self.word.format(word)]))

    def words(self, texts: Sequence[str], stems: Sequence[str], sounds: Sequence[str] = ()) -> list[KnownWord]:
        """Return the known words among the texts, and all words with one of the stems or sounds."""
        wanted = {"text": texts, "stem": stems, **({"sound": sounds} if sounds else {})}
        select = "SELECT text, stem, named, sound FROM catalog_word WHERE"
        sql = " UNION ".join(f"{select} {self.among(column, 'text')}" for column in wanted)
        rows = look_up(sql, [self.many(values) for values in wanted.values()])
        return [KnownWord(text, stem, bool(named), sound) for text, stem, named, sound in rows]

    @abstractmethod
    def beginning(self, column: Literal["text", "reversed"], start: str, limit: int) -> list[str]:
        """Return words, or reversed words, with this beginning."""

    def within(self, index: str) -> str:
        """SQL after a table's name that makes the database use this index."""
        return ""

    def reading(self) -> AbstractContextManager[Any]:
        """A context for the statements of one search, which only read."""
        return nullcontext()

    def counting(self) -> AbstractContextManager[Any]:
        """A context for queries that read a large part of the entries."""
        return nullcontext()

    @abstractmethod
    def merge(self, pace: Pace, *, whole: bool = False) -> None:
        """Merge segments of the index if they are many; with `whole`, merge all."""

    @abstractmethod
    def optimise(self) -> None:
        """Optimise the index after bulk writing."""


def candidates_of(sql: str, params: Sequence[Any]) -> list[Candidate]:
    """Return the entries that a statement selects."""
    # Bypass the constructor, which takes as long as reading the row.
    return [tuple.__new__(Candidate, row) for row in rows_of(sql, params)]


def rows_of(sql: str, params: Sequence[Any] = ()) -> list[Any]:
    """Return the rows that a statement selects."""
    # Django's cursors cost more than many a statement. PostgreSQL would keep one plan for all values.
    if (kept_connection() or connection).vendor == "sqlite":
        return look_up(sql, params)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[Any] = cursor.fetchall()
        return rows


def _joined(operator: str, parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({operator.join(parts)})"
