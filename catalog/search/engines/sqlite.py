"""Searches on SQLite: an FTS5 table whose row ids are the keys of entries, in the order that results begin with."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

from django.db import connection

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

_MOST_MERGES = 10_000
_INSERT = (
    f"INSERT INTO catalog_entry ({', '.join(ENTRY)}) VALUES ({', '.join(['%s'] * len(ENTRY))}) ON CONFLICT DO NOTHING"
)
_HALVES = ((0, SOLD_OUT - 1), (SOLD_OUT, (1 << 63) - 1))
_ALL = ((0, (1 << 63) - 1),)


class Sqlite:
    """See `Engine`."""

    def expressions(self, choices: Sequence[Sequence[Term]]) -> Mapping[Field, str]:
        return {field: _either([_all([_term(term, field) for term in terms]) for terms in choices]) for field in MARKS}

    def candidates(
        self, expression: str, scope: Scope, limit: int, *, named: str = "", dearest_first: bool = False
    ) -> list[Candidate]:
        bounds, params = scope.conditions(self)
        # CROSS JOIN keeps the order of the tables: FTS5 yields row ids in order, so that LIMIT ends the work early.
        sql = (
            f"SELECT {COLUMNS} FROM catalog_entry_text t CROSS JOIN catalog_entry e ON e.key = t.rowid "
            f"WHERE t.catalog_entry_text MATCH %s AND t.rowid BETWEEN %s AND %s AND {bounds} "
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

    def alive(self, expressions: Sequence[str], scope: Scope) -> list[bool]:
        bounds, params = scope.conditions(self)
        ranges = " OR ".join(["t.rowid BETWEEN %s AND %s"] * len(scope.ranges or _ALL))
        edges = [edge for pair in scope.ranges or _ALL for edge in pair]
        one = (
            "EXISTS (SELECT 1 FROM catalog_entry_text t CROSS JOIN catalog_entry e ON e.key = t.rowid "
            f"WHERE t.catalog_entry_text MATCH %s AND ({ranges}) AND {bounds})"
        )
        asked = [value for expression in expressions for value in (expression, *edges, *params)]
        return [bool(found) for found in rows_of(f"SELECT {', '.join([one] * len(expressions))}", asked)[0]]

    def among(self, column: str, kind: Literal["text", "bigint"] = "bigint") -> str:
        # However many there are, the statement is one that was prepared before.
        return f"{column} IN ({self.each(kind)})"

    def each(self, kind: Literal["text", "bigint"]) -> str:
        return "SELECT value FROM json_each(%s)"

    def many(self, values: Iterable[Any]) -> str:
        return json.dumps(list(values))

    def add(self, entries: Sequence[tuple[Sequence[Any], tuple[str, str, str]]]) -> None:
        # In the order of their keys: at each that is lower than the one before, FTS5 begins another piece.
        entries = sorted(entries, key=lambda entry: entry[0][0])
        with connection.cursor() as cursor:
            cursor.executemany(_INSERT, [values for values, _ in entries])
            # What stands under the key already belonged to an entry that somebody deleted by other means.
            cursor.executemany(
                "INSERT OR REPLACE INTO catalog_entry_text (rowid, tokens) VALUES (%s, %s)",
                [(values[0], " ".join(indexed(*texts))) for values, texts in entries],
            )

    def remove(self, keys: Sequence[int]) -> None:
        with connection.cursor() as cursor:
            for table, column in (("catalog_entry_text", "rowid"), ("catalog_entry", "key")):
                cursor.executemany(f"DELETE FROM {table} WHERE {column} = %s", [(key,) for key in sorted(keys)])

    def unused(self) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE VIRTUAL TABLE IF NOT EXISTS temp.entry_tokens USING fts5vocab(main, catalog_entry_text, row)"
            )
        return [word for (word,) in rows_of("SELECT text FROM catalog_word EXCEPT SELECT term FROM temp.entry_tokens")]

    def knows(self, word: str) -> bool:
        return bool(
            rows_of("SELECT 1 FROM catalog_entry_text WHERE catalog_entry_text MATCH %s LIMIT 1", [_quoted(word)])
        )

    def words(self, texts: Sequence[str], stems: Sequence[str]) -> list[tuple[str, str, bool]]:
        sql = (
            f"SELECT text, stem, named FROM catalog_word WHERE {self.among('text')} "
            f"UNION SELECT text, stem, named FROM catalog_word WHERE {self.among('stem')}"
        )
        return [(text, stem, bool(named)) for text, stem, named in look_up(sql, [self.many(texts), self.many(stems)])]

    def beginning(self, column: Literal["text", "reversed"], start: str, limit: int) -> list[str]:
        sql = f"SELECT {column} FROM catalog_word WHERE {column} >= %s AND {column} < %s LIMIT %s"
        return [word for (word,) in look_up(sql, [start, f"{start}\U0010ffff", limit])]

    def within(self, index: str) -> str:
        # Bounds on prices would send it to the index of these, and from each row of that to the table.
        return f"INDEXED BY {index}"

    def counting(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def merge(self, pace: Pace, *, whole: bool = False) -> None:
        # Left to itself it merges in the transaction that writes, as long as that takes.
        if not rows_of("SELECT 1 FROM catalog_entry_text_config WHERE k = 'automerge' AND v = 0"):
            rows_of("INSERT INTO catalog_entry_text (catalog_entry_text, rank) VALUES ('automerge', 0)")
        # In small steps: one great merge would keep writers waiting.
        for step in range(_MOST_MERGES):
            size = pace.size
            with pace.turn():
                before = rows_of("SELECT total_changes()")
                pages = -pace.size if whole and not step else pace.size
                rows_of("INSERT INTO catalog_entry_text (catalog_entry_text, rank) VALUES ('merge', %s)", [pages])
                merged = rows_of("SELECT total_changes()")[0][0] - before[0][0]
            if merged < 2:
                pace.size = size  # there was nothing to learn from
                break

    def optimise(self) -> None:
        orphans = "SELECT rowid FROM catalog_entry_text WHERE rowid NOT IN (SELECT key FROM catalog_entry) LIMIT %s"
        pace = Pace()
        while left := [key for (key,) in rows_of(orphans, [pace.size])]:
            with pace.turn():
                self.remove(left)
        self.merge(pace, whole=True)


def _term(term: Term, field: Field) -> str:
    return _either([_all([_slot(slot, field) for slot in way]) for way in term.ways])


def _slot(slot: Slot, field: Field) -> str:
    words, beginnings = slot.marked(field)
    return _either([*map(_quoted, words), *(f"{_quoted(start)} *" for start in beginnings)])


def _either(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"


def _all(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({' AND '.join(parts)})"


def _quoted(token: str) -> str:
    # Tokens are marks, letters, digits, points and percent signs, and so need no escaping inside.
    return f'"{token}"'
