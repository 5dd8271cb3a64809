"""Which of the products found comes first."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from catalog.models.search_index import SOLD_OUT
from catalog.search.engines import Candidate, Slot, Term
from catalog.search.query import Sort
from catalog.search.understanding import BEGINS, SYNONYM, Understood

# A word counts so much less in brand, category, options and SKU, and is worth so little in a description.
_LESS_NEARBY = 5
_DESCRIBED = 2
# Milk chocolate is less of an answer to "milk" than what milk is called in another language, though it begins so.
_QUALIFYING = 8
_WHOLE_NAME, _PHRASE, _FIRST_WORD = 10, 4, 2
_NO_PRICE = 1 << 60

# Ascending; the product's number at its end makes every position different.
Position = tuple[Any, ...]


class Ranking:
    """Gives each candidate of one search its place.

    By relevance: what the query names exactly; then what has every word in its name, brand, category or options before
    what only mentions one; within these what is in stock, the better match, the cheaper. A place depends on the query
    and the candidate alone, so that it stays while others come and go.
    """

    def __init__(self, understood: Understood, terms: Sequence[Term], exact: Iterable[int], sort: Sort) -> None:
        self.position: Callable[[Candidate], Position] = _ORDERS.get(sort, self._relevance)
        self._exact = frozenset(exact)
        self._whole = f" {' '.join(understood.tokens)} " if understood.tokens else ""
        self._phrase = self._whole if len(understood.tokens) > 1 else ""
        # For each term the places of each of its ways.
        self._ways = [[[_Place(slot) for slot in way] for way in term.ways] for term in terms]

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
                # The best of the ways; every place of a way has to be filled.
                filled = [[place.filled(name, meta) for place in way] for way in ways]
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


class _Place:
    """How well an entry fills the place of a word."""

    def __init__(self, slot: Slot) -> None:
        # Spaces stand around every token of an entry.
        ordered = sorted(slot.tokens.items(), key=lambda item: -item[1])
        self._tokens = [(f" {token} ", points, points >= SYNONYM) for token, points in ordered]
        self._beginnings = [f" {prefix}" for prefix in slot.prefixes]
        self._qualifies = [f" {phrase} " for phrase in slot.qualifies]
        # Where whole words fill the place, a mere beginning is a weak match.
        self._worded = bool(ordered)

    def filled(self, name: str, meta: str) -> tuple[int, bool, bool]:
        """Return the points, none if only a description fills it, whether in whole, and whether the name begins so."""
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


def _by_price(candidate: Candidate) -> Position:
    return (candidate.price is None, candidate.price or 0, candidate.product)


def _by_price_downwards(candidate: Candidate) -> Position:
    return (candidate.price is None, -(candidate.price or 0), candidate.product)


def _by_name(candidate: Candidate) -> Position:
    return (candidate.name, candidate.product)


def _newest(candidate: Candidate) -> Position:
    return (-candidate.product,)


_ORDERS: dict[Sort, Callable[[Candidate], Position]] = {
    "price_asc": _by_price,
    "price_desc": _by_price_downwards,
    "name": _by_name,
    "newest": _newest,
}
