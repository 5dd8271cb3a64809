"""Searches on PostgreSQL: a `tsvector` of our own tokens beside each entry, under a GIN index."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from django.db import connection, transaction

from catalog.models.search_index import SOLD_OUT
from catalog.search.engines.base import (
    COLUMNS,
    ENTRY,
    MARKS,
    Candidate,
    Field,
    Scope,
    Slot,
    Term,
    candidates_of,
    indexed,
    rows_of,
)
from shopmcp.db.batches import Pace
from shopmcp.db.prepared import look_up

_INSERT = (
    f"INSERT INTO catalog_entry ({', '.join(ENTRY)}, terms) VALUES ({', '.join(['%s'] * len(ENTRY))}, %s::tsvector) "
    "ON CONFLICT DO NOTHING"
)


class Postgres:
    """See `Engine`."""

    def expressions(self, choices: Sequence[Sequence[Term]]) -> Mapping[Field, str]:
        return {field: _either([_all([_term(term, field) for term in terms]) for terms in choices]) for field in MARKS}

    def candidates(
        self, expression: str, scope: Scope, limit: int, *, named: str = "", dearest_first: bool = False
    ) -> list[Candidate]:
        where, params = self._conditions(scope)
        # Several words: an order that no index has. How many products hold them together nobody can estimate, and
        # walking all keys until enough of them fit may take very long.
        order = f"e.key / {SOLD_OUT}, e.key DESC" if dearest_first else "e.key + 0" if "&" in expression else "e.key"
        sql = (
            f"SELECT {COLUMNS} FROM catalog_entry e WHERE e.terms @@ %s::tsquery AND {where} "
            f"ORDER BY {'NOT e.terms @@ %s::tsquery, ' if named else ''}{order} LIMIT %s"
        )
        return candidates_of(sql, [expression, *params, *([named] if named else []), limit])

    def alive(self, expressions: Sequence[str], scope: Scope) -> list[bool]:
        where, params = self._conditions(scope)
        one = f"EXISTS (SELECT 1 FROM catalog_entry e WHERE e.terms @@ %s::tsquery AND {where})"
        asked = [value for expression in expressions for value in (expression, *params)]
        return list(rows_of(f"SELECT {', '.join([one] * len(expressions))}", asked)[0])

    def _conditions(self, scope: Scope) -> tuple[str, list[Any]]:
        """The bounds as SQL; ranges of keys in words that no index knows, of which there would be half a catalogue."""
        bounds, params = scope.conditions(self)
        if not scope.ranges:
            return bounds, params
        ranges = " OR ".join(["e.key + 0 BETWEEN %s AND %s"] * len(scope.ranges))
        return f"({ranges}) AND {bounds}", [*(edge for pair in scope.ranges for edge in pair), *params]

    def among(self, column: str, kind: Literal["text", "bigint"] = "bigint") -> str:
        # Not the array itself: the planner would count it, and read a whole table rather than look up hundreds.
        return f"{column} = ANY(ARRAY({self.each(kind)}))"

    def each(self, kind: Literal["text", "bigint"]) -> str:
        return f"SELECT unnest(%s::{kind}[])"

    def many(self, values: Iterable[Any]) -> list[Any]:
        return list(values)

    def add(self, entries: Sequence[tuple[Sequence[Any], tuple[str, str, str]]]) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(_INSERT, [(*values, _vector(texts)) for values, texts in entries])

    def remove(self, keys: Sequence[int]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM catalog_entry WHERE {self.among('key')}", [self.many(keys)])

    def unused(self) -> list[str]:
        tokens = "SELECT word FROM ts_stat('SELECT terms FROM catalog_entry')"
        return [word for (word,) in rows_of(f"SELECT text FROM catalog_word EXCEPT {tokens}")]

    def knows(self, word: str) -> bool:
        return bool(rows_of("SELECT 1 FROM catalog_entry WHERE terms @@ %s::tsquery LIMIT 1", [f"'{word}'"]))

    def words(self, texts: Sequence[str], stems: Sequence[str]) -> list[tuple[str, str, bool]]:
        sql = (
            f"SELECT text, stem, named FROM catalog_word WHERE {self.among('text', 'text')} "
            f"UNION SELECT text, stem, named FROM catalog_word WHERE {self.among('stem', 'text')}"
        )
        return [(text, stem, named) for text, stem, named in look_up(sql, [self.many(texts), self.many(stems)])]

    def beginning(self, column: Literal["text", "reversed"], start: str, limit: int) -> list[str]:
        pattern = start.replace("%", r"\%") + "%"
        sql = f"SELECT {column} FROM catalog_word WHERE {column} LIKE %s LIMIT %s"
        return sorted(word for (word,) in look_up(sql, [pattern, limit]))

    def within(self, index: str) -> str:
        return ""

    @contextmanager
    def counting(self) -> Iterator[None]:
        if connection.in_atomic_block:  # what is set would stay until that ends
            yield
            return
        with transaction.atomic(), connection.cursor() as cursor:
            # Compiling such a query takes several times as long as answering it.
            cursor.execute("SET LOCAL jit = off")
            yield

    def merge(self, pace: Pace, *, whole: bool = False) -> None:
        pass  # whoever writes does that, and keeps nobody waiting

    def optimise(self) -> None:
        # What an import left behind doubles what a search reads, until autovacuum comes by. How frequent a word is
        # decides by which index it is looked for.
        tables = "catalog_entry, catalog_word, catalog_product"
        with connection.cursor() as cursor:
            # Within a transaction, as tests are, nothing can be cleared away.
            cursor.execute(f"ANALYZE {tables}" if connection.in_atomic_block else f"VACUUM (ANALYZE) {tables}")


def _vector(texts: Sequence[str]) -> str:
    # Tokens are marks, letters, digits, points and percent signs, and so need no escaping inside.
    return " ".join(f"'{token}'" for token in indexed(*texts))


def _term(term: Term, field: Field) -> str:
    return _either([_all([_slot(slot, field) for slot in way]) for way in term.ways])


def _slot(slot: Slot, field: Field) -> str:
    words, beginnings = slot.marked(field)
    return _either([*(f"'{word}'" for word in words), *(f"'{start}':*" for start in beginnings)])


def _either(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({' | '.join(parts)})"


def _all(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({' & '.join(parts)})"
