"""The entries that fit what is looked for; those of a small shop are found in memory.

All of its entries are read once, and those that fit a word once for each word, until the catalogue changes. A query of
several words then compares sets in place of asking the index several times.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from catalog.models.search_index import SOLD_OUT
from catalog.search.engines import Candidate, Field, Scope, Term, candidates_of, engine, rows_of
from catalog.search.engines.base import COLUMNS, VISIBLE
from catalog.search.memory import Memory, State

# A shop with at most so many entries is small.
SMALL = 5000
# So many keys in all are remembered of the words of a small shop.
_MOST_FITTING = 500_000


def candidates(
    choices: Sequence[Sequence[Term]],
    part: Field,
    scope: Scope,
    limit: int,
    *,
    named_first: bool = False,
    dearest_first: bool = False,
) -> list[Candidate]:
    """Return up to `limit` entries that fit all terms of any of the choices in a part of an entry.

    Those in stock come first, then the cheaper ones; with `named_first`, those whose names fit before all.
    """
    if (shop := _small_shop(scope.state)) is not None:
        return shop.candidates(choices, part, scope, limit, named_first=named_first, dearest_first=dearest_first)
    index = engine()
    named = index.expression(choices, "name") if named_first else ""
    expression = index.expression(choices, part)
    return index.candidates(expression, scope, limit, named=named, dearest_first=dearest_first)


def alive(terms: Sequence[Sequence[Term]], part: Field, scope: Scope) -> list[bool]:
    """Return for each list of terms whether any entry fits all of them in a part of it."""
    if (shop := _small_shop(scope.state)) is not None:
        return [shop.has(wanted, part, scope) for wanted in terms]
    index = engine()
    return index.alive([index.expression([wanted], part) for wanted in terms], scope)


def reading(state: State) -> AbstractContextManager[Any]:
    """A context for the statements of one search after its first. A shop in memory seldom needs any."""
    return nullcontext() if state and _shops.of(state).get("") is not None else engine().reading()


class SmallShop:
    """The entries of a small shop that count, and which of them fit each word."""

    def __init__(self, entries: Iterable[Candidate], state: State) -> None:
        self._entries = {entry.key: entry for entry in entries}
        self._every = Scope(state=state)
        self._fitting: dict[str, frozenset[int]] = {}
        self._kept = 0

    def candidates(
        self,
        choices: Sequence[Sequence[Term]],
        part: Field,
        scope: Scope,
        limit: int,
        *,
        named_first: bool,
        dearest_first: bool,
    ) -> list[Candidate]:
        """Return what `candidates` does."""
        keys = sorted(self._keys(choices, part))
        if dearest_first:
            keys.sort(key=lambda key: (key >= SOLD_OUT, -key))
        found = [self._entries[key] for key in keys]
        if not scope.is_open:
            found = list(filter(scope.holds, found))
        if named_first and len(found) > limit:
            named = self._keys(choices, "name")
            found.sort(key=lambda entry: entry.key not in named)
        return found[:limit]

    def has(self, terms: Sequence[Term], part: Field, scope: Scope) -> bool:
        """Whether any entry within the bounds fits all terms in a part of it."""
        return any(scope.holds(self._entries[key]) for key in self._keys([terms], part))

    def _keys(self, choices: Sequence[Sequence[Term]], part: Field) -> frozenset[int]:
        each = [frozenset.intersection(*(self._fits(term, part) for term in terms)) for terms in choices]
        return each[0] if len(each) == 1 else frozenset[int]().union(*each)

    def _fits(self, term: Term, part: Field) -> frozenset[int]:
        index = engine()
        expression = index.said(term, part)
        if (keys := self._fitting.get(expression)) is None:
            # Also of entries that an import has yet to publish.
            found = index.candidates(expression, self._every, SMALL + 1)
            keys = frozenset(entry.key for entry in found).intersection(self._entries)
            if self._kept + len(keys) > _MOST_FITTING:
                self._fitting, self._kept = {}, 0
            self._fitting[expression] = keys
            self._kept += len(keys) + 1
        return keys


_shops = Memory[str, SmallShop | None](2)


def _small_shop(state: State) -> SmallShop | None:
    """Return the shop, if its entries are few and none of them begins or ends to count by the clock."""
    if not state:
        return None
    shops = _shops.of(state)
    if "" not in shops:
        few, timed = (f"SELECT 1 FROM catalog_entry {what}" for what in ("LIMIT %s", "WHERE begins IS NOT NULL"))
        ((count, clocked),) = rows_of(f"SELECT (SELECT COUNT(*) FROM ({few}) AS few), EXISTS ({timed})", [SMALL + 1])
        is_small = count <= SMALL and not clocked
        every = candidates_of(f"SELECT {COLUMNS} FROM catalog_entry e WHERE {VISIBLE}", []) if is_small else []
        shops[""] = SmallShop(every, state) if is_small else None
    return shops[""]
