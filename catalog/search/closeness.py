"""What products lack of a query, and the next best products where few fit all of it."""

from collections.abc import Callable, Collection, Iterable, Sequence

from catalog.language.inflection import is_number, stem
from catalog.models.imports import VISIBLE
from catalog.search.engines import Candidate, Scope, Slot, Term, engine
from catalog.search.entries import candidates
from catalog.search.matching import bounds_of
from catalog.search.memory import Memory, State
from catalog.search.ranking import Ranking
from catalog.search.understanding import Understood
from shopmcp.db.prepared import look_up

# Where fewer products have all the words, the next best are told too, up to so many.
FEW = MOST_CLOSE = 5
# So many of them are left to the commoner of two words: which one is generic is a guess.
_LEFT_TO_THE_COMMONER = 2
# How many products with all words but one are looked at.
_LOOKED_AT = 40
# Each word that is left out is a query.
_MOST_WORDS = 6


def next_best(
    understood: Understood,
    terms: Sequence[Term],
    scope: Scope,
    seen: Collection[int | str],
    describes: Callable[[str], bool],
) -> list[Candidate]:
    """Return products that have all words but one in name, brand, category or options, at most `MOST_CLOSE`.

    Those that lack the commonest word come first: for "flax seeds", whole flax comes before other seeds. In a small
    shop the commonest may be the one that matters, so neither word hides the other. Words that only describe are no
    reason to show a product.

    Args:
        understood: The query.
        terms: What the products found have.
        scope: The bounds of the search.
        seen: The keys and groups of the products found, which are left out.
        describes: Whether a word only describes, as colours do.
    """
    known, found = set(seen), list[Candidate]()
    choices = list[tuple[list[Term], list[Candidate]]]()
    for left_out in terms[:_MOST_WORDS]:
        rest = [term for term in terms if term is not left_out]
        if all(_only_describes(term, describes) for term in rest):
            continue
        near = candidates([[*rest, *bounds_of(scope)]], "near", scope, _LOOKED_AT)
        choices.append((rest, [c for c in near if c.product not in known and c.group not in known]))
    sizes = [len({candidate.group or candidate.product for candidate in others}) for _, others in choices]
    ordered = [pair for _, pair in sorted(zip(sizes, choices, strict=True), key=lambda pair: pair[0]) if pair[1]]
    left = min(max(sizes, default=0), _LEFT_TO_THE_COMMONER) if len(terms) == 2 and len(ordered) == 2 else 0
    for number, (rest, others) in enumerate(ordered):
        most = MOST_CLOSE - left if number == 0 else MOST_CLOSE
        position = Ranking(understood, rest, (), "relevance", state=scope.state).position
        for candidate in sorted(others, key=position):
            if candidate.product in known or candidate.group in known:
                continue
            if len(found) == most:
                break
            known.update(filter(None, (candidate.product, candidate.group)))
            found.append(candidate)
    return found


def lacking(
    products: Iterable[int], wanted: Callable[[int], Understood], dropped: Iterable[str], state: State
) -> tuple[dict[int, tuple[str, ...]], tuple[str, ...]]:
    """Return the words that each of the products lacks, and those of the dropped words that none of them has.

    Args:
        products: The keys of their identities.
        wanted: Returns what a product was looked for by.
        dropped: The words that no product was found for.
        state: Of the catalogue before the search.
    """
    missing, left = dict[int, tuple[str, ...]](), list(dropped)
    for product, text in _texts(list(products), state):
        wish = wanted(product)
        had = [term.shown for term in wish.terms if _fits(term, text)]
        words = [term.shown for term in wish.terms if term.shown not in had]
        words += [word for word in wish.unknown if not _holds(word, text)]
        if words:
            missing[product] = tuple(dict.fromkeys(words))
        left = [word for word in left if word not in had and not _holds(word, text)]
    return missing, tuple(left)


_known = Memory[int, str](2000)


def _texts(products: Sequence[int], state: State) -> list[tuple[int, str]]:
    """The tokens of each product, with a space around each."""
    known = _known.of(state)
    if unread := [product for product in products if product not in known]:
        among = engine().among("p.identity_id")
        sql = f"SELECT p.identity_id, p.search_text FROM catalog_product p WHERE {among} AND {VISIBLE.format('p')}"
        known.update(look_up(sql, [engine().many(unread)]))
    return [(product, known[product]) for product in products if product in known]


def _fits(term: Term, text: str) -> bool:
    for way in term.ways:
        if all(_fills(slot, text) for slot in way):
            return True
    return bool(term.words) and all(_fits(word, text) for word in term.words)


def _fills(slot: Slot, text: str) -> bool:
    parts: tuple[str, ...] | None = slot.kept.get("parts")
    if parts is None:
        parts = slot.kept["parts"] = (
            *(f" {token} " for token in slot.tokens),
            *(f" {prefix}" for prefix in slot.prefixes),
        )
    return any(map(text.__contains__, parts))


def _holds(words: str, text: str) -> bool:
    """Whether the text has these words, or longer ones that hold them."""
    return all(
        f" {word} " in text if len(word) < 3 or is_number(word) else word in text or f" {stem(word)}" in text
        for word in words.split()
    )


def _only_describes(term: Term, describes: Callable[[str], bool]) -> bool:
    return all(is_number(word) or describes(word) for word in term.shown.split())
