"""Searches on SQLite: an FTS5 table whose row ids are the keys of entries."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from django.db import DEFAULT_DB_ALIAS, connection, connections

from catalog.models.search_index import SOLD_OUT
from catalog.search.engines.base import COLUMNS, ENTRY, Candidate, Engine, Kind, Scope, candidates_of, indexed, rows_of
from shopmcp.db.batches import Pace
from shopmcp.db.prepared import kept_connection, look_up

_MOST_MERGES = 10_000
_INSERT = (
    f"INSERT INTO catalog_entry ({', '.join(ENTRY)}) VALUES ({', '.join(['%s'] * len(ENTRY))}) ON CONFLICT DO NOTHING"
)
_HALVES = ((0, SOLD_OUT - 1), (SOLD_OUT, (1 << 63) - 1))
_ALL = ((0, (1 << 63) - 1),)


class Sqlite(Engine):
    word, start, either, both = '"{}"', '"{}" *', " OR ", " AND "
    # CROSS JOIN keeps the order of the tables: FTS5 yields row ids in order, so LIMIT ends the work early.
    matching = "catalog_entry_text t CROSS JOIN catalog_entry e ON e.key = t.rowid WHERE t.catalog_entry_text MATCH %s"
    key = "t.rowid"

    def candidates(
        self, expression: str, scope: Scope, limit: int, *, named: str = "", dearest_first: bool = False
    ) -> list[Candidate]:
        conditions, params = scope.conditions(self)
        sql = (
            f"SELECT {COLUMNS} FROM {self.matching} AND t.rowid BETWEEN %s AND %s AND {conditions} "
            f"ORDER BY t.rowid {'DESC' if dearest_first else 'ASC'} LIMIT %s"
        )
        found = list[Candidate]()
        for low, high in scope.ranges or (_HALVES if dearest_first else _ALL):
            found += candidates_of(sql, [expression, low, high, *params, limit - len(found)])
            if len(found) == limit:
                break
        if not named or len(found) < limit:
            return found
        first = self.candidates(named, scope, limit, dearest_first=dearest_first)
        return list({candidate.key: candidate for candidate in (*first, *found)}.values())[:limit]

    def among(self, column: str, kind: Kind = "bigint") -> str:
        # The same text for any number of values, so that SQLite prepares it once.
        return f"{column} IN ({self.each(kind)})"

    def each(self, kind: Kind) -> str:
        return "SELECT value FROM json_each(%s)"

    def many(self, values: Iterable[Any]) -> str:
        return json.dumps(list(values))

    def add(self, entries: Sequence[tuple[Sequence[Any], tuple[str, str, str]]]) -> None:
        # Sorted by key, because FTS5 begins a new segment at each lower key.
        entries = sorted(entries, key=lambda entry: entry[0][0])
        with connection.cursor() as cursor:
            cursor.executemany(_INSERT, [values for values, _ in entries])
            # Replace a text that is left from an entry that was not deleted by `remove`.
            cursor.executemany(
                "INSERT OR REPLACE INTO catalog_entry_text (rowid, tokens) VALUES (%s, %s)",
                [(values[0], " ".join(indexed(*texts))) for values, texts in entries],
            )

    def remove(self, keys: Sequence[int]) -> None:
        with connection.cursor() as cursor:
            for table, column in (("catalog_entry_text", "rowid"), ("catalog_entry", "key")):
                cursor.executemany(f"DELETE FROM {table} WHERE {column} = %s", [(key,) for key in sorted(keys)])

    def textless(self) -> set[int]:
        found = "SELECT product_id FROM catalog_entry WHERE key NOT IN (SELECT rowid FROM catalog_entry_text)"
        return {product for (product,) in rows_of(found)}

    def unused(self) -> list[str]:
        rows_of("CREATE VIRTUAL TABLE IF NOT EXISTS temp.entry_tokens USING fts5vocab(main, catalog_entry_text, row)")
        return [word for (word,) in rows_of("SELECT text FROM catalog_word EXCEPT SELECT term FROM temp.entry_tokens")]

    def beginning(self, column: Literal["text", "reversed"], start: str, limit: int) -> list[str]:
        sql = f"SELECT {column} FROM catalog_word WHERE {column} >= %s AND {column} < %s LIMIT %s"
        return [word for (word,) in look_up(sql, [start, f"{start}\U0010ffff", limit])]

    def within(self, index: str) -> str:
        # With bounds on prices SQLite would choose the index of prices, which does not cover the query.
        return f"INDEXED BY {index}"

    @contextmanager
    def reading(self) -> Iterator[None]:
        database = kept_connection() or connections[DEFAULT_DB_ALIAS]
        database.ensure_connection()
        driver = database.connection
        if driver.in_transaction:
            yield
            return
        # One snapshot for all statements: to take one and give it back is a tenth of the cost of a search.
        driver.execute("BEGIN")
        try:
            yield
        finally:
            if driver.in_transaction:  # an error may have ended it
                driver.execute("COMMIT")

    def merge(self, pace: Pace, *, whole: bool = False) -> None:
        # By default FTS5 merges inside the writing transaction, which may take long.
        if not rows_of("SELECT 1 FROM catalog_entry_text_config WHERE k = 'automerge' AND v = 0"):
            rows_of("INSERT INTO catalog_entry_text (catalog_entry_text, rank) VALUES ('automerge', 0)")
        # In small steps, because one large merge would block other writers.
        for step in range(_MOST_MERGES):
            size = pace.size
            with pace.turn():
                before = rows_of("SELECT total_changes()")
                pages = -pace.size if whole and not step else pace.size
                rows_of("INSERT INTO catalog_entry_text (catalog_entry_text, rank) VALUES ('merge', %s)", [pages])
                merged = rows_of("SELECT total_changes()")[0][0] - before[0][0]
            if merged < 2:
                pace.size = size  # a step without work says nothing about the right size
                break

    def optimise(self) -> None:
        orphans = "SELECT rowid FROM catalog_entry_text WHERE rowid NOT IN (SELECT key FROM catalog_entry) LIMIT %s"
        pace = Pace()
        while left := [key for (key,) in rows_of(orphans, [pace.size])]:
            with pace.turn():
                self.remove(left)
        self.merge(pace, whole=True)
