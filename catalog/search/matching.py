"""The candidates that fit a query; fewer words where nothing fits all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

from catalog.language.inflection import tokens
from catalog.models.search_index import SOLD_OUT
from catalog.search import entries
from catalog.search.engines import Candidate, Field, Scope, Slot, Term, candidates_of, engine
from catalog.search.engines.base import COLUMNS
from catalog.search.memory import State
from catalog.search.query import Search
from catalog.search.understanding import Understood

# So many candidates are ranked at most: those whose names fit first, then those in stock, then the cheaper ones.
MOST = 250
# If so many fit in name, brand, category or options, descriptions are not searched. The longest page shows as many.
ENOUGH = 50
# So many are ranked at most when descriptions are searched.
_PLENTY = 200
# A name seldom has so many words of a query, so all parts are searched at once.
_MANY = 3
_MOST_LEFT_OUT = 6
_MOST_CATEGORIES, _MOST_OF_A_CATEGORY = 10, 5


@dataclass(slots=True)
class Found:
    """Candidates in no order, the terms that they fit, and more that `Page` explains."""

    candidates: list[Candidate] = field(default_factory=list)
    terms: Sequence[Term] = ()
    dropped: list[str] = field(default_factory=list)
    partly: bool = False
    at_least: bool = False


def scope_of(asked: Search, state: State) -> Scope:
    """Return the bounds of a search as the index holds them, in this state of the catalogue."""
    low, high = (None if price is None else int(price * 1000) for price in (asked.min_price, asked.max_price))
    return Scope(asked.stores, asked.categories, low, high, asked.in_stock_only, state=state)


def entries_of(products: Sequence[int], scope: Scope) -> list[Candidate]:
    """Return the entries of these products that are within the bounds."""
    if not products:
        return []
    bounds, params = scope.conditions(engine())
    places = ", ".join(["%s"] * len(products))
    sql = f"SELECT {COLUMNS} FROM catalog_entry e WHERE e.product_id IN ({places}) AND {bounds}"
    rows = candidates_of(sql, [*products, *params])
    return [row for row in rows if not scope.in_stock_only or row.key < SOLD_OUT]


def find_candidates(understood: Understood, scope: Scope, *, dearest_first: bool) -> Found:
    """Return what fits all words; else all words that anything fits; else as many of these as possible."""
    found = Found(terms=understood.terms, dropped=list(understood.unknown))
    if not understood.terms:
        return found
    bounds = bounds_of(scope)

    def gather(choices: Sequence[Sequence[Term]]) -> list[Candidate]:
        within = [[*terms, *bounds] for terms in choices]
        gathered, found.at_least = _gather(within, scope, dearest_first)
        return gathered

    found.candidates = gather([found.terms])
    if found.candidates or (len(understood.terms) == 1 and not understood.terms[0].words):
        return found
    if apart := _by_words(found.terms):
        found.candidates = gather([apart])
        if found.candidates:
            found.terms = apart
            return found
    alive, dead = _living(understood.terms, bounds, scope)
    found.dropped += dead
    found.terms = alive
    if alive and alive != understood.terms:
        found.candidates = gather([alive])
    few = alive[:_MOST_LEFT_OUT]
    for size in range(min(len(alive) - 1, len(few)), 0, -1):
        if found.candidates:
            break
        found.partly = True
        found.candidates = gather(list(combinations(few, size)))
    return found


def fits_closely(terms: Sequence[Term], scope: Scope) -> bool:
    """Whether any product has all the words in name, brand, category or options."""
    return entries.alive([[*terms, *bounds_of(scope)]], "near", scope)[0]


def _by_words(terms: Sequence[Term]) -> list[Term]:
    """The terms with each phrase replaced by its words; none if there is no phrase."""
    apart = [word for term in terms for word in term.words or (term,)]
    return apart if len(apart) > len(terms) else []


def _living(terms: Sequence[Term], bounds: Sequence[Term], scope: Scope) -> tuple[list[Term], list[str]]:
    """The terms that any product fits, with single words in place of a phrase that none fits; and the other words."""
    lives = entries.alive([[term, *bounds] for term in terms], "anywhere", scope)
    alive, dead = list[Term](), list[str]()
    for term, living in zip(terms, lives, strict=True):
        if living:
            alive.append(term)
        elif term.words:
            words, missing = _living(term.words, bounds, scope)
            alive += words
            dead += missing if words else [term.shown]
        else:
            dead.append(term.shown)
    return alive, dead


def bounds_of(scope: Scope) -> list[Term]:
    """The categories of a search as words to look for, so that the index skips all other categories."""
    named = [tokens(category, _MOST_OF_A_CATEGORY) for category in scope.categories or ()]
    if not 0 < len(named) <= _MOST_CATEGORIES or not all(named):
        return []
    ways = tuple(tuple(Slot({token: 0}, pinned="near") for token in words) for words in named)
    return [Term("", ways)]


def _gather(choices: Sequence[Sequence[Term]], scope: Scope, dearest_first: bool) -> tuple[list[Candidate], bool]:
    """Return candidates that fit all terms of any choice, and whether there may be more; see `MOST` and `ENOUGH`."""

    def within(where: Field, limit: int, *, named_first: bool = False) -> list[Candidate]:
        return entries.candidates(choices, where, scope, limit, named_first=named_first, dearest_first=dearest_first)

    fewest, single = min(map(len, choices)), max(map(len, choices)) == 1
    named, wide = list[Candidate](), list[Candidate]()
    if single:
        named = within("name", MOST)
        if len(named) == MOST:
            return named, True
    if fewest >= _MANY or (single and len(named) < ENOUGH):
        wide = within("anywhere", _PLENTY)
        if len(wide) < _PLENTY:
            return wide, False
    near = _together(named, within("near", MOST, named_first=not single))[:MOST]
    if len(near) >= min(ENOUGH, MOST):
        return near, True
    wide = wide or within("anywhere", _PLENTY)
    return (wide, False) if len(wide) < _PLENTY else (_together(near, wide), True)


def _together(first: Sequence[Candidate], then: Sequence[Candidate]) -> list[Candidate]:
    return list({candidate.product: candidate for candidate in (*first, *then)}.values())
