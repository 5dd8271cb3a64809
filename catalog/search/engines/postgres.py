"""Searches on PostgreSQL: a `tsvector` of our own tokens beside each entry, under a GIN index."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from django.db import connection

from catalog.entries import SOLD_OUT
from catalog.search.engines.base import COLUMNS, Candidate, Field, Scope, Slot, Term, rows_of

# Where a token stands is part of the token: weights are not in the index, and would be looked up row by row.
_MARKS: dict[Field, str] = {"name": "=", "near": "+", "anywhere": ""}


class Postgres:
    """See `Engine`."""

    def expressions(self, choices: Sequence[Sequence[Term]]) -> Mapping[Field, str]:
        return {
            field: _either([_all([_term(term, mark) for term in terms]) for terms in choices])
            for field, mark in _MARKS.items()
        }

    def candidates(self, expression: str, scope: Scope, limit: int, *, dearest_first: bool = False) -> list[Candidate]:
        where, params = _conditions(scope)
        # Several words: an order that no index has. How many products hold them together nobody can estimate, and
        # walking all keys until enough of them fit may take very long.
        order = f"e.key / {SOLD_OUT}, e.key DESC" if dearest_first else "e.key + 0" if "&" in expression else "e.key"
        sql = (
            f"SELECT {COLUMNS} FROM catalog_entry e WHERE e.terms @@ %s::tsquery AND {where} ORDER BY {order} LIMIT %s"
        )
        return [Candidate._make(row) for row in rows_of(sql, [expression, *params, limit])]

    def alive(self, expressions: Sequence[str], scope: Scope) -> list[bool]:
        where, params = _conditions(scope)
        one = f"EXISTS (SELECT 1 FROM catalog_entry e WHERE e.terms @@ %s::tsquery AND {where})"
        asked = [value for expression in expressions for value in (expression, *params)]
        return list(rows_of(f"SELECT {', '.join([one] * len(expressions))}", asked)[0])

    def add(self, rows: Sequence[tuple[int, str, str, str]]) -> None:
        with connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE catalog_entry SET terms = %s::tsvector WHERE key = %s",
                [(_vector(name, meta, body), key) for key, name, meta, body in rows],
            )

    def remove(self, keys: Sequence[int]) -> None:
        """Nothing to do: the text goes with the entry's row."""

    def knows(self, word: str) -> bool:
        return bool(rows_of("SELECT 1 FROM catalog_entry WHERE terms @@ %s::tsquery LIMIT 1", [f"'{word}'"]))

    def words(self, texts: Sequence[str], stems: Sequence[str]) -> list[tuple[str, str, bool]]:
        sql = (
            "SELECT text, stem, named FROM catalog_word WHERE text = ANY(%s) "
            "UNION SELECT text, stem, named FROM catalog_word WHERE stem = ANY(%s)"
        )
        return rows_of(sql, [list(texts), list(stems)])

    def beginning(self, column: Literal["text", "reversed"], start: str, limit: int) -> list[str]:
        pattern = start.replace("%", r"\%") + "%"
        sql = f"SELECT {column} FROM catalog_word WHERE {column} LIKE %s LIMIT %s"
        return sorted(word for (word,) in rows_of(sql, [pattern, limit]))

    def optimise(self) -> None:
        rows_of("SELECT gin_clean_pending_list('entry_by_terms'::regclass)")


def _conditions(scope: Scope) -> tuple[str, list[Any]]:
    """The bounds as SQL; ranges of keys in words that no index knows, of which there would be half a catalogue."""
    bounds, params = scope.conditions()
    if not scope.ranges:
        return bounds, params
    ranges = " OR ".join(["e.key + 0 BETWEEN %s AND %s"] * len(scope.ranges))
    return f"({ranges}) AND {bounds}", [*(edge for pair in scope.ranges for edge in pair), *params]


def _vector(name: str, meta: str, body: str) -> str:
    """The tokens, those of the name and of its surroundings again with their mark in front."""
    near = (name + meta).split()
    found = [
        *(f"{_MARKS['name']}{token}" for token in name.split()),
        *(f"{_MARKS['near']}{token}" for token in near),
        *near,
        *body.split(),
    ]
    # Tokens are letters, digits, points and percent signs, and so need no escaping inside.
    return " ".join(f"'{token}'" for token in dict.fromkeys(found))


def _term(term: Term, mark: str) -> str:
    return _either([_all([_slot(slot, mark) for slot in way]) for way in term.ways])


def _slot(slot: Slot, mark: str) -> str:
    return _either(
        [*(f"'{mark}{token}'" for token in slot.words), *(f"'{mark}{prefix}':*" for prefix in slot.beginnings)]
    )


def _either(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({' | '.join(parts)})"


def _all(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({' & '.join(parts)})"
