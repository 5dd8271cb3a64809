"""Finding what fits a query: candidates from the index, fewer words where all of them fit nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations

from catalog.language.inflection import tokens
from catalog.models.search_index import SOLD_OUT
from catalog.search.engines import Candidate, Field, Scope, Slot, Term, candidates_of, engine
from catalog.search.engines.base import COLUMNS
from catalog.search.query import Search
from catalog.search.understanding import Understood

# How many are ranked: beyond, those whose names fit, in stock, the cheapest, and "more than so many" is said.
MOST = 250
# Where so many have the words in name, brand, category or options, as many as the longest page shows, descriptions are
# not looked at.
ENOUGH = 50
# Where descriptions are looked at, so many are ranked.
_PLENTY = 200
# So many words are seldom all in a name: what has them anywhere is looked for at once.
_MANY = 3
_MOST_LEFT_OUT = 6
_MOST_CATEGORIES, _MOST_OF_A_CATEGORY = 10, 5


@dataclass(slots=True)
class Found:
    """Candidates in no order, the terms they fit, the words that nothing fits; see `Page` for the rest."""

    candidates: list[Candidate] = field(default_factory=list)
    terms: Sequence[Term] = ()
    dropped: list[str] = field(default_factory=list)
    partly: bool = False
    at_least: bool = False


def scope_of(asked: Search) -> Scope:
    """The bounds of a search as the index keeps them."""
    low, high = _thousandths(asked.min_price), _thousandths(asked.max_price)
    return Scope(asked.stores, asked.categories, low, high, asked.in_stock_only)


def entries_of(products: Sequence[int], scope: Scope) -> list[Candidate]:
    """Return what searches see of these products within the bounds."""
    if not products:
        return []
    bounds, params = scope.conditions(engine())
    places = ", ".join(["%s"] * len(products))
    sql = f"SELECT {COLUMNS} FROM catalog_entry e WHERE e.product_id IN ({places}) AND {bounds}"
    rows = candidates_of(sql, [*products, *params])
    return [row for row in rows if not scope.in_stock_only or row.key < SOLD_OUT]


def find(understood: Understood, scope: Scope, *, dearest_first: bool) -> Found:
    """Return what fits every word; else every word that anything fits; else as many of them as any product fits."""
    found = Found(terms=understood.terms, dropped=list(understood.unknown))
    if not understood.terms:
        return found
    bounds = _bounds(scope)

    def gather(choices: Sequence[Sequence[Term]]) -> list[Candidate]:
        within = [[*terms, *bounds] for terms in choices]
        candidates, found.at_least = _gather(within, scope, dearest_first)
        return candidates

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
    near = engine().expressions([[*terms, *_bounds(scope)]])["near"]
    return engine().alive([near], scope)[0]


def _by_words(terms: Sequence[Term]) -> list[Term]:
    """The terms with every phrase by its words; none if no phrase is among them."""
    apart = [word for term in terms for word in term.words or (term,)]
    return apart if len(apart) > len(terms) else []


def _living(terms: Sequence[Term], bounds: Sequence[Term], scope: Scope) -> tuple[list[Term], list[str]]:
    """The terms that anything fits, a phrase that nothing fits by its words; and what nothing fits, in words."""
    lives = engine().alive([_anywhere([term, *bounds]) for term in terms], scope)
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


def _bounds(scope: Scope) -> list[Term]:
    """The categories of a search as words that stand near the name: without them all others would be read too."""
    named = [tokens(category, _MOST_OF_A_CATEGORY) for category in scope.categories or ()]
    if not 0 < len(named) <= _MOST_CATEGORIES or not all(named):
        return []
    ways = tuple(tuple(Slot({token: 0}, pinned="near") for token in words) for words in named)
    return [Term("", ways)]


def _gather(choices: Sequence[Sequence[Term]], scope: Scope, dearest_first: bool) -> tuple[list[Candidate], bool]:
    """What fits all terms of a choice, and whether there may be more; where there is plenty, names first."""
    index = engine()
    expressions = index.expressions(choices)

    def within(where: Field, limit: int, named: str = "") -> list[Candidate]:
        return index.candidates(expressions[where], scope, limit, named=named, dearest_first=dearest_first)

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
    near = _together(named, within("near", MOST, "" if single else expressions["name"]))[:MOST]
    if len(near) >= min(ENOUGH, MOST):
        return near, True
    wide = wide or within("anywhere", _PLENTY)
    return (wide, False) if len(wide) < _PLENTY else (_together(near, wide), True)


def _together(first: Sequence[Candidate], then: Sequence[Candidate]) -> list[Candidate]:
    return list({candidate.product: candidate for candidate in (*first, *then)}.values())


def _anywhere(terms: Sequence[Term]) -> str:
    return engine().expressions([terms])["anywhere"]


def _thousandths(price: Decimal | None) -> int | None:
    return None if price is None else int(price * 1000)
