"""Searches on PostgreSQL: a `tsvector` of our own tokens beside each entry, under a GIN index."""

from collections.abc import Sequence
from typing import Literal

from django.db import connection

from catalog.search.engines.base import COLUMNS, Candidate, Field, Scope, Slot, Term, rows_of

# Where a token stands is part of the token: weights are not in the index, and would be looked up row by row.
_MARKS: dict[Field, str] = {"name": "=", "near": "+", "anywhere": ""}


class Postgres:
    """See `Engine`."""

    def expression(self, terms: Sequence[Term], field: Field) -> str:
        return " & ".join(_term(term, _MARKS[field]) for term in terms)

    def candidates(self, expression: str, scope: Scope, limit: int, *, dearest_first: bool = False) -> list[Candidate]:
        bounds, params = scope.conditions()
        ranges = " OR ".join(["e.key BETWEEN %s AND %s"] * len(scope.ranges))
        edges = [edge for pair in scope.ranges for edge in pair]
        # Several words: an order that no index has. How many products hold them together nobody can estimate, and
        # walking all keys until enough of them fit may take very long.
        order = f"e.key / {1 << 62}, e.key DESC" if dearest_first else "e.key + 0" if "&" in expression else "e.key"
        sql = (
            f"SELECT {COLUMNS} FROM catalog_entry e WHERE e.terms @@ %s::tsquery AND ({ranges}) AND {bounds} "
            f"ORDER BY {order} LIMIT %s"
        )
        return [Candidate._make(row) for row in rows_of(sql, [expression, *edges, *params, limit])]

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

    def beginning(
        self, column: Literal["text", "reversed"], start: str, limit: int, lengths: tuple[int, int] = (1, 40)
    ) -> list[str]:
        pattern = start.replace("%", r"\%") + "%"
        sql = (
            f"SELECT {column} FROM catalog_word WHERE {column} LIKE %s AND length({column}) BETWEEN %s AND %s LIMIT %s"
        )
        return sorted(word for (word,) in rows_of(sql, [pattern, *lengths, limit]))

    def optimise(self) -> None:
        rows_of("SELECT gin_clean_pending_list('entry_by_terms'::regclass)")


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
        [*(f"'{mark}{token}'" for token in slot.tokens), *(f"'{mark}{prefix}':*" for prefix in slot.prefixes)]
    )


def _either(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({' | '.join(parts)})"


def _all(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({' & '.join(parts)})"
