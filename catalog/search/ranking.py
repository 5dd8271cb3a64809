"""Which of the products found comes first."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from catalog.entries import SOLD_OUT
from catalog.search.asking import Sort
from catalog.search.engines import Candidate, Term
from catalog.search.vocabulary import BEGINS, SYNONYM, Understood

# A word counts so much less in brand, category, options and SKU, and is worth so little in a description.
_LESS_NEARBY = 5
_DESCRIBED = 2
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
        self._tokens: dict[str, list[tuple[int, int]]] = {}
        # What a token fills, and whether in whole; most tokens are met again and again.
        self._hits: dict[str, list[tuple[int, int, bool]]] = {}
        self._prefixes: list[tuple[str, int]] = []
        # For each term the numbers of the slots of each of its ways.
        self._ways: list[list[list[int]]] = []
        # Slots that whole words fill: there a mere beginning is a weak match.
        self._worded: list[bool] = []
        for term in terms:
            ways = []
            for way in term.ways:
                numbers = []
                for slot in way:
                    number = len(self._worded)
                    numbers.append(number)
                    self._worded.append(bool(slot.tokens))
                    for token, points in slot.tokens.items():
                        self._tokens.setdefault(token, []).append((number, points))
                    self._prefixes += [(prefix, number) for prefix in slot.prefixes]
                ways.append(numbers)
            self._ways.append(ways)

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
        best = [0] * len(self._worded)
        whole = [False] * len(self._worded)
        first = self._fill(name.split(), 0, best, whole)
        if 0 in best:
            self._fill(meta.split(), _LESS_NEARBY, best, whole)
        score, weak = 0, False
        for ways in self._ways:
            if len(ways) == 1 and len(ways[0]) == 1:
                slot = ways[0][0]
                points, mentioned = best[slot], not best[slot] or (self._worded[slot] and not whole[slot])
            else:
                # The best of the ways; every slot of a way has to be filled.
                points, mentioned = max(
                    (
                        sum(best[slot] for slot in way) // len(way) if all(best[slot] for slot in way) else 0,
                        not all(best[slot] and (whole[slot] or not self._worded[slot]) for slot in way),
                    )
                    for way in ways
                )
            score += points or _DESCRIBED
            weak = weak or mentioned
        if first:
            score += _FIRST_WORD
        if self._whole and name.startswith(self._whole):
            score += _WHOLE_NAME if name == self._whole else _PHRASE
        elif self._phrase and self._phrase in name:
            score += _PHRASE
        return score, weak

    def _fill(self, tokens: Sequence[str], less: int, best: list[int], whole: list[bool]) -> bool:
        """Fill slots with these tokens; return whether the first of them fills one well."""
        first, known = False, self._hits
        for place, token in enumerate(tokens):
            hits = known.get(token)
            if hits is None:
                hits = known[token] = self._filled_by(token)
            for slot, points, in_whole in hits:
                if in_whole:
                    whole[slot] = True
                    first = first or (not place and points >= SYNONYM)
                best[slot] = max(best[slot], points - less)
        return first

    def _filled_by(self, token: str) -> list[tuple[int, int, bool]]:
        if token in self._tokens:
            return [(slot, points, True) for slot, points in self._tokens[token]]
        return [(slot, BEGINS, False) for prefix, slot in self._prefixes if token.startswith(prefix)]


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
