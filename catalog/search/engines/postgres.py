"""Searches on PostgreSQL: a `tsvector` of our own tokens beside each entry, under a GIN index."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from django.db import connection, transaction

from catalog.models.search_index import SOLD_OUT
from catalog.search.engines.base import COLUMNS, ENTRY, Candidate, Engine, Kind, Scope, candidates_of, indexed, rows_of
from shopmcp.db.batches import Pace
from shopmcp.db.prepared import look_up

_INSERT = (
    f"INSERT INTO catalog_entry ({', '.join(ENTRY)}, terms) VALUES ({', '.join(['%s'] * len(ENTRY))}, %s::tsvector) "
    "ON CONFLICT DO NOTHING"
)


class Postgres(Engine):
    word, start, either, both = "'{}'", "'{}':*", " | ", " & "
    matching = "catalog_entry e WHERE e.terms @@ %s::tsquery"
    # A sum prevents the use of the primary key: a range of keys may contain half of the catalogue.
    key = "e.key + 0"

    def candidates(
        self, expression: str, scope: Scope, limit: int, *, named: str = "", dearest_first: bool = False
    ) -> list[Candidate]:
        where, params = self.bounds(scope)
        # The planner misjudges how many entries match several words, and would walk the primary key until enough do,
        # which may take very long. A sum prevents that.
        order = f"e.key / {SOLD_OUT}, e.key DESC" if dearest_first else "e.key + 0" if "&" in expression else "e.key"
        sql = (
            f"SELECT {COLUMNS} FROM {self.matching} AND {where} "
            f"ORDER BY {'NOT e.terms @@ %s::tsquery, ' if named else ''}{order} LIMIT %s"
        )
        return candidates_of(sql, [expression, *params, *([named] if named else []), limit])

    def among(self, column: str, kind: Kind = "bigint") -> str:
        # For a plain array of hundreds the planner would scan the table; a subquery hides their number.
        return f"{column} = ANY(ARRAY({self.each(kind)}))"

    def each(self, kind: Kind) -> str:
        return f"SELECT unnest(%s::{kind}[])"

    def many(self, values: Iterable[Any]) -> list[Any]:
        return list(values)

    def add(self, entries: Sequence[tuple[Sequence[Any], tuple[str, str, str]]]) -> None:
        vectors = [" ".join(map(self.word.format, indexed(*texts))) for _, texts in entries]
        with connection.cursor() as cursor:
            cursor.executemany(
                _INSERT, [(*values, vector) for (values, _), vector in zip(entries, vectors, strict=True)]
            )

    def remove(self, keys: Sequence[int]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM catalog_entry WHERE {self.among('key')}", [self.many(keys)])

    def textless(self) -> set[int]:
        return {product for (product,) in rows_of("SELECT product_id FROM catalog_entry WHERE terms IS NULL")}

    def unused(self) -> list[str]:
        tokens = "SELECT word FROM ts_stat('SELECT terms FROM catalog_entry')"
        return [word for (word,) in rows_of(f"SELECT text FROM catalog_word EXCEPT {tokens}")]

    def beginning(self, column: Literal["text", "reversed"], start: str, limit: int) -> list[str]:
        pattern = start.replace("%", r"\%") + "%"
        sql = f"SELECT {column} FROM catalog_word WHERE {column} LIKE %s LIMIT %s"
        return sorted(word for (word,) in look_up(sql, [pattern, limit]))

    @contextmanager
    def counting(self) -> Iterator[None]:
        if connection.in_atomic_block:  # SET LOCAL would last until its end
            yield
            return
        with transaction.atomic(), connection.cursor() as cursor:
            # JIT compilation takes several times as long as the query.
            cursor.execute("SET LOCAL jit = off")
            yield

    def merge(self, pace: Pace, *, whole: bool = False) -> None:
        pass  # PostgreSQL merges a GIN index while it writes, without blocking other writers

    def optimise(self) -> None:
        # Until autovacuum runs, searches read the dead rows of an import, and the statistics of words are old.
        tables = "catalog_entry, catalog_word, catalog_product"
        with connection.cursor() as cursor:
            # VACUUM cannot run in a transaction, as tests do.
            cursor.execute(f"ANALYZE {tables}" if connection.in_atomic_block else f"VACUUM (ANALYZE) {tables}")
