"""Cached results, valid for one state of the catalogue.

Each transaction that changes which entries count draws a new token (`Revision`), so all processes see the change at
once. A sale that begins or ends by the clock changes which entries count too, so the period between two such moments is
a part of the state. Read the state before the work: then a result may be newer than its state, never older.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from django.conf import settings

from catalog.models.search_index import clock
from catalog.search.engines import engine, rows_of
from catalog.search.memory import Memory, State

T = TypeVar("T")

memory = Memory[Hashable, Any](200)


def remembered(what: Hashable, work: Callable[[], T]) -> T:
    """Return the result of `work`, cached until the catalogue changes."""
    if not settings.SHOPMCP_CACHE:
        with engine().counting():
            return work()
    kept = memory.of(current(tuple(rows_of("SELECT store_id, token FROM catalog_revision ORDER BY store_id"))))
    if what not in kept:
        with engine().counting():
            kept[what] = work()
    found: T = kept[what]
    return found


_edges = Memory[str, Sequence[int]](2)


def current(tokens: State) -> State:
    """Return the state of the catalogue now: the tokens of its stores, and the period between two edges of sales."""
    if not tokens:
        return ()
    kept = _edges.of(tokens)
    if (edges := kept.get("")) is None:
        edges = kept[""] = _sale_edges()
    return (*tokens, bisect_right(edges, clock())) if edges else tokens


def _sale_edges() -> Sequence[int]:
    """The moments at which sales begin or end, in order."""
    timed = "FROM catalog_entry WHERE begins IS NOT NULL"
    return array("q", sorted(edge for (edge,) in rows_of(f"SELECT begins {timed} UNION SELECT ends {timed}")))
