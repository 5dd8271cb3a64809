"""The databases that searches run on."""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from catalog.search.engines.base import Candidate, Engine, Field, Kind, Scope, Slot, Term, candidates_of, rows_of
from catalog.search.engines.postgres import Postgres
from catalog.search.engines.sqlite import Sqlite
from shopmcp.db.prepared import kept_connection

__all__ = ["Candidate", "Engine", "Field", "Scope", "Slot", "Term", "candidates_of", "engine", "rows_among", "rows_of"]

_ENGINES: dict[str, Engine] = {"sqlite": Sqlite(), "postgresql": Postgres()}


def engine() -> Engine:
    # Django's look-up of the connection costs as much as a word's look-up in the index.
    return _ENGINES[(kept_connection() or connection).vendor]


def rows_among(table: str, columns: str, column: str, values: Sequence[Any]) -> list[Any]:
    """Return the columns of the rows that have one of many values, all texts or all numbers, in one column."""
    kind: Kind = "text" if values and isinstance(values[0], str) else "bigint"
    found = f"SELECT {columns} FROM {table} WHERE {engine().among(column, kind)}"
    return rows_of(found, [engine().many(values)])
