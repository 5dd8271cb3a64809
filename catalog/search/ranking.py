"""The order of the products found."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from catalog.models.search_index import SOLD_OUT
from catalog.search.engines import Candidate, Slot, Term
from catalog.search.memory import Memory, State
from catalog.search.query import Sort
from catalog.search.understanding import Understood
from catalog.search.vocabulary import BEGINS, SYNONYM

_LESS_NEARBY = 5  # points that a word loses in brand, category, options and SKU
_DESCRIBED = 2  # points for a word in a description
# Points that a word loses if it only describes: for "milk", "milk chocolate" comes after a synonym of milk, and for
# "olive oil" a soap of it after each oil.
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

    def __init__(
        self,
        understood: Understood,
        terms: Sequence[Term],
        exact: Iterable[int],
        sort: Sort,
        names: Callable[[str], bool] = lambda word: False,
        *,
        state: State,
    ) -> None:
        self.position: Callable[[Candidate], Position] = _ORDERS.get(sort, self._relevance)
        self._exact = frozenset(exact)
        self._whole = f" {' '.join(understood.tokens)} " if understood.tokens else ""
        self._phrase = self._whole if len(understood.tokens) > 1 else ""
        others = dict.fromkeys((t for term in terms for way in term.ways for slot in way for t in slot.tokens), False)

        def is_another(word: str) -> bool:
            # Names of products have few different words.
            if (known := others.get(word)) is None:
                known = others[word] = names(word)
            return known

        self._is_another = is_another
        known = _ratings.of(state)
        # By term and way; each slot with the ratings of entries by their keys.
        self._ways = [
            [[(filling := _filling(slot), known.setdefault(filling, {})) for slot in way] for way in term.ways]
            for term in terms
        ]

    def fits_closely(self, candidate: Candidate) -> bool:
        """Whether it has each word in name, brand, category or options."""
        return not self._score(candidate)[1]

    def _relevance(self, candidate: Candidate) -> Position:
        score, weak = self._score(candidate)
        return (
            candidate.product not in self._exact,
            weak,
            candidate.key >= SOLD_OUT,
            -score,
            _NO_PRICE if candidate.price is None else candidate.price,
            candidate.product,
        )

    def _score(self, candidate: Candidate) -> tuple[int, bool]:
        score, weak, first, aside, fills, name = 0, False, False, False, self._filled, candidate.name
        for ways in self._ways:
            points, whole, begins, other = fills(ways[0][0], candidate)
            if len(ways) > 1 or len(ways[0]) > 1:
                # The best way counts; it must fill all its slots.
                filled = [[fills(slot, candidate) for slot in way] for way in ways]
                begins = any(first_ for way in filled for _, _, first_, _ in way)
                points, whole, other = max(map(_together, filled))
            score += points or _DESCRIBED
            weak = weak or not (points and whole)
            first = first or begins
            aside = aside or other
        if aside:
            return score, weak
        if first:
            score += _FIRST_WORD
        if self._whole and name.startswith(self._whole):
            score += _WHOLE_NAME if name == self._whole else _PHRASE
        elif self._phrase and self._phrase in name:
            score += _PHRASE
        return score, weak

    def _filled(self, slot: "_Slot", candidate: Candidate) -> tuple[int, bool, bool, bool]:
        """Return the points (0 without a match), and three facts.

        They are whether a whole word matched, whether the name begins with it, and whether it only describes: then a
        word beside it is another thing.
        """
        filling, known = slot
        if (rating := known.get(candidate.key)) is None:
            if len(known) >= _MOST_RATED:
                known.clear()
            rating = known[candidate.key] = filling.rated(candidate.name, candidate.meta)
        points, whole, begins, describes, beside = rating
        if describes or (beside and self._is_another(beside)):
            return max(points - _QUALIFYING, 1), True, False, True
        return points, whole, begins, False


# Points, whether a whole word matched, whether the name begins with it, whether it only describes in any case, and the
# word beside it: if that is another thing, it only describes too.
_Rating = tuple[int, bool, bool, bool, str]


class _Filling:
    """Rates how well an entry fills a slot."""

    def __init__(self, slot: Slot) -> None:
        # An entry has a space before and after each token.
        ordered = sorted(slot.tokens.items(), key=lambda item: -item[1])
        # With its points, whether it is well matched, and on which side stands what it may describe.
        self._tokens = [(f" {token} ", points, points >= SYNONYM, _side(token)) for token, points in ordered]
        self._beginnings = [f" {prefix}" for prefix in slot.prefixes]
        self._qualifies = [f" {phrase} " for phrase in slot.qualifies]
        # A beginning is a weaker match if the slot has whole words too.
        self._worded = bool(ordered)

    def rated(self, name: str, meta: str) -> _Rating:
        """Return the rating of an entry with these texts."""
        for token, points, well, side in self._tokens:
            if token in name:
                describes = any(token in phrase and phrase in name for phrase in self._qualifies)
                return points, True, well and name.startswith(token), describes, _beside(token, name, side)
        for prefix in self._beginnings:
            if prefix in name:
                return BEGINS, not self._worded, False, False, ""
        for token, points, _, _ in self._tokens:
            if token in meta:
                return points - _LESS_NEARBY, True, False, False, ""
        for prefix in self._beginnings:
            if prefix in meta:
                return BEGINS - _LESS_NEARBY, not self._worded, False, False, ""
        return 0, False, False, False, ""


def _beside(token: str, name: str, side: int) -> str:
    """The word on this side of the token."""
    if not side:
        return ""
    place = name.index(token)
    if side > 0:
        start = place + len(token)
        return name[start : name.find(" ", start)]
    return name[name.rfind(" ", 0, place) + 1 : place]


_Slot = tuple[_Filling, dict[int, _Rating]]
# A word is in many queries, and an entry takes longer to rate than its rating to find.
_MOST_SLOTS, _MOST_RATED = 500, 400
_ratings = Memory[_Filling, dict[int, _Rating]](_MOST_SLOTS)


def _filling(slot: Slot) -> _Filling:
    """What rates entries by the slot, made once."""
    found: _Filling | None = slot.kept.get("filling")
    if found is None:
        found = slot.kept["filling"] = _Filling(slot)
    return found


def _side(token: str) -> int:
    """Where the thing stands that a word may describe: after it in English, before it in Hebrew; 0 for a number."""
    return 0 if token[:1].isdigit() else 1 if token.isascii() else -1


def _together(way: Sequence[tuple[int, bool, bool, bool]]) -> tuple[int, bool, bool]:
    points = [each for each, *_ in way]
    if not all(points):
        return 0, False, False
    whole, aside = all(each[1] for each in way), any(each[3] for each in way)
    return min(points) if aside else sum(points) // len(points), whole, aside


_ORDERS: dict[Sort, Callable[[Candidate], Position]] = {
    "price_asc": lambda found: (found.price is None, found.price or 0, found.product),
    "price_desc": lambda found: (found.price is None, -(found.price or 0), found.product),
    "name": lambda found: (found.name, found.product),
    "newest": lambda found: (-found.product,),
}
