"""The databases that searches run on."""

from django.db import connection

from catalog.search.engines.base import Candidate, Engine, Field, Scope, Slot, Term, candidates_of, rows_of
from catalog.search.engines.postgres import Postgres
from catalog.search.engines.sqlite import Sqlite

__all__ = ["Candidate", "Engine", "Field", "Scope", "Slot", "Term", "candidates_of", "engine", "rows_of"]

_ENGINES: dict[str, Engine] = {"sqlite": Sqlite(), "postgresql": Postgres()}


def engine() -> Engine:
    """The engine of the database in use."""
    return _ENGINES[connection.vendor]
