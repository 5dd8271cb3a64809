"""The order of the products found."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from catalog.models.search_index import SOLD_OUT
from catalog.search.engines import Candidate, Slot, Term
from catalog.search.query import Sort
from catalog.search.understanding import BEGINS, SYNONYM, Understood

_LESS_NEARBY = 5  # points that a word loses in brand, category, options and SKU
_DESCRIBED = 2  # points for a word in a description
# Points that a word loses if it only describes: for "milk", "milk chocolate" comes after a synonym of milk.
_QUALIFYING = 8
_WHOLE_NAME, _PHRASE, _FIRST_WORD = 10, 4, 2
_NO_PRICE = 1 << 60

# Sorts ascending; it ends with the product's primary key, so no two are equal.
Position = tuple[Any, ...]


class Ranking:
    """Gives each candidate of a search its position.

    By relevance, exact matches come first, then products with every word in name, brand, category or options, then
    those with a word only in the description. Within each group: in stock first, then the better match, then the
    cheaper. A position depends on query and candidate only, so paging stays stable while products change.
    """

    def __init__(self, understood: Understood, terms: Sequence[Term], exact: Iterable[int], sort: Sort) -> None:
        self.position: Callable[[Candidate], Position] = _ORDERS.get(sort, self._relevance)
        self._exact = frozenset(exact)
        self._whole = f" {' '.join(understood.tokens)} " if understood.tokens else ""
        self._phrase = self._whole if len(understood.tokens) > 1 else ""
        # By term and way.
        self._ways = [[[_Filling(slot) for slot in way] for way in term.ways] for term in terms]

    def _relevance(self, candidate: Candidate) -> Position:
        score, weak = self._score(candidate.name, candidate.meta)
        return (
            candidate.product not in self._exact,
            weak,
            candidate.key >= SOLD_OUT,
            -score,
            _NO_PRICE if candidate.price is None else candidate.price,
            candidate.product,
        )

    def _score(self, name: str, meta: str) -> tuple[int, bool]:
        score, weak, first = 0, False, False
        for ways in self._ways:
            points, whole, begins = ways[0][0].filled(name, meta)
            if len(ways) > 1 or len(ways[0]) > 1:
                # The best way counts; it must fill all its slots.
                filled = [[slot.filled(name, meta) for slot in way] for way in ways]
                begins = any(first_ for way in filled for _, _, first_ in way)
                points, whole = max(_together(way) for way in filled)
            score += points or _DESCRIBED
            weak = weak or not (points and whole)
            first = first or begins
        if first:
            score += _FIRST_WORD
        if self._whole and name.startswith(self._whole):
            score += _WHOLE_NAME if name == self._whole else _PHRASE
        elif self._phrase and self._phrase in name:
            score += _PHRASE
        return score, weak


class _Filling:
    """Rates how well an entry fills a slot."""

    def __init__(self, slot: Slot) -> None:
        # An entry has a space before and after each token.
        ordered = sorted(slot.tokens.items(), key=lambda item: -item[1])
        self._tokens = [(f" {token} ", points, points >= SYNONYM) for token, points in ordered]
        self._beginnings = [f" {prefix}" for prefix in slot.prefixes]
        self._qualifies = [f" {phrase} " for phrase in slot.qualifies]
        # A beginning is a weaker match if the slot has whole words too.
        self._worded = bool(ordered)

    def filled(self, name: str, meta: str) -> tuple[int, bool, bool]:
        """Return the points (0 without a match), whether a whole word matched, and whether the name begins with it."""
        for token, points, well in self._tokens:
            if token in name:
                if self._qualifies and any(token in phrase and phrase in name for phrase in self._qualifies):
                    return max(points - _QUALIFYING, 1), True, False
                return points, True, well and name.startswith(token)
        for prefix in self._beginnings:
            if prefix in name:
                return BEGINS, not self._worded, False
        for token, points, _ in self._tokens:
            if token in meta:
                return points - _LESS_NEARBY, True, False
        for prefix in self._beginnings:
            if prefix in meta:
                return BEGINS - _LESS_NEARBY, not self._worded, False
        return 0, False, False


def _together(way: Sequence[tuple[int, bool, bool]]) -> tuple[int, bool]:
    if not all(points for points, _, _ in way):
        return 0, False
    return sum(points for points, _, _ in way) // len(way), all(whole for _, whole, _ in way)


_ORDERS: dict[Sort, Callable[[Candidate], Position]] = {
    "price_asc": lambda found: (found.price is None, found.price or 0, found.product),
    "price_desc": lambda found: (found.price is None, -(found.price or 0), found.product),
    "name": lambda found: (found.name, found.product),
    "newest": lambda found: (-found.product,),
}
