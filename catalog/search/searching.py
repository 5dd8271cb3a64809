"""One page of what a shopper's words find."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from catalog.language.inflection import tokens
from catalog.language.price_words import PriceWords, price_words
from catalog.models import Product
from catalog.search.browsing import browse
from catalog.search.engines import Candidate, Slot, Term
from catalog.search.matching import Found, entries_of, find, fits_closely, scope_of
from catalog.search.query import Budget, Facets, Page, Search, cursor_after, position_of
from catalog.search.ranking import Position, Ranking
from catalog.search.rows import Glance, currencies_of, glance, load
from catalog.search.understanding import Understood, understand


def within_budget(asked: Search) -> tuple[Search, Budget | None]:
    """Return the search that is meant, without words that speak of a price, and what was made of these.

    They stay words where they are in a product's name: "Air max 90".
    """
    price = price_words(asked.query)
    if price is None:
        return asked, None
    seen = glance(asked.query)
    if seen.exact or _is_named(price, asked, seen):
        return asked, None
    meant = replace(asked, query=price.rest)
    # A bound that came as an argument counts, whatever the words say.
    low = price.lowest if asked.min_price is None else None
    high = price.highest if asked.max_price is None else None
    if (low is None and high is None) or not _in_its_currency(price, asked):
        return meant, Budget(price.said)
    bounded = replace(
        meant,
        min_price=asked.min_price if low is None else low,
        max_price=asked.max_price if high is None else high,
    )
    return bounded, Budget(price.said, low, high, sure=price.sure)


def _is_named(price: PriceWords, asked: Search, seen: Glance) -> bool:
    """Whether a product has these very words near its name."""
    if price.sure:
        return False
    said = [Term(word, ((Slot({word: 0}),),)) for word in tokens(price.said)]
    return fits_closely([*understand(price.rest, seen).terms, *said], scope_of(asked))


def _in_its_currency(price: PriceWords, asked: Search) -> bool:
    """Whether all prices that are searched are in the currency that was named, if one was."""
    if price.currency is None:
        return True
    return currencies_of(asked.stores) == {price.currency}


# A candidate with its place among those of one wish.
Placed = tuple[Position, Candidate]
# How the position of a page of several wishes begins: each was read for itself, or all as one list.
_EACH, _ALL = "each", "all"


def is_of_several(position: Position) -> bool:
    """Whether a page of several wishes ended at this position."""
    return position[:1] in ((_EACH,), (_ALL,))


def in_turn(
    lists: Sequence[Sequence[Placed]], position: Position | None, limit: int, *, several: bool = False
) -> tuple[list[Placed], Position | None]:
    """Return a page of what comes after a position, from each list in turn, and the position of the next page.

    Of several lists the position holds how far each was read, so that none depends on the length of another. One list
    of `several` wishes has a position that says so.
    """
    mark = position[:1] if position is not None and is_of_several(position) else ()
    each = mark == (_EACH,)
    if len(lists) == 1:
        last = None if each or position is None else position[len(mark) :]
        after = [placed for placed in lists[0] if last is None or placed[0] > last]
        following = after[limit - 1][0] if len(after) > limit else None
        return after[:limit], (_ALL, *following) if several and following else following
    turn, read = 0, list[Position | None]([None] * len(lists))
    if position is not None and each and len(position) == len(lists) + 2:
        turn, read = position[1], [None if ended is None else tuple(ended) for ended in position[2:]]
    left = [
        deque(placed for placed in ranked if ended is None or placed[0] > ended)
        for ranked, ended in zip(lists, read, strict=True)
    ]
    shown = list[Placed]()
    while len(shown) < limit and any(left):
        if left[turn]:
            shown.append(left[turn].popleft())
            read[turn] = shown[-1][0]
        turn = (turn + 1) % len(lists)
    return shown, (_EACH, turn, *read) if any(left) else None


_MOST_VARIANTS = 20
_MOST_FACETS = 20


def search(asked: Search, *, limit: int = 10, cursor: str | None = None) -> Page:
    """Return one page of the products that fit, the best first; variants of one product are one result.

    What the query names exactly, by product id, SKU, barcode, address or name, comes first. Every other word has to be
    found somewhere in name, brand, category, options, SKU or description, in one of its forms. Words that nothing fits
    are left out as long as others remain. An empty query fits everything, in the order it was imported. Where fifty
    fit more closely, those that only mention the words are left out; of very many the nearest are ranked: the page then
    says that there are more.

    A page goes on behind the position at which the last one ended, whatever was imported meanwhile.

    Raises:
        InvalidArguments: If the cursor is none, or belongs to another search.
    """
    meant, budget = within_budget(asked)
    if budget is None:
        return _page(asked, limit, cursor)
    if not budget.sure and not _page(meant, 1, None).total:
        # It may have been an age, or a size.
        meant, budget = replace(asked, query=meant.query), Budget(budget.said)
    return replace(_page(meant, limit, cursor), budget=budget)


def _page(asked: Search, limit: int, cursor: str | None) -> Page:
    position = position_of(cursor, asked) if cursor else None
    scope = scope_of(asked)
    if not asked.query.strip():
        return browse(asked, scope, limit, position)
    seen = glance(asked.query)
    exact, only = seen.exact, seen.only
    understood = Understood() if only else understand(asked.query, seen)
    if position is not None:
        several = bool(understood.wishes) and is_of_several(position)  # as on the page before, whatever came since
    else:
        # What one product is all of is one wish.
        several = bool(understood.wishes) and not exact and not fits_closely(understood.terms, scope)
    found, lists = list[Found](), list[list[Placed]]()
    for wish in understood.wishes if several else [understood]:
        finds = find(wish, scope, dearest_first=asked.sort == "price_desc") if not only else Found()
        if missing := set(exact).difference(candidate.product for candidate in finds.candidates):
            finds.candidates += entries_of(sorted(missing), scope)
        position_in = Ranking(wish, finds.terms, exact, asked.sort).position
        found.append(finds)
        lists.append(sorted((position_in(candidate), candidate) for candidate in finds.candidates))
    if not any(lists):
        return Page()
    if several and asked.sort != "relevance":
        lists = [sorted(placed for ranked in lists for placed in ranked)]
    chosen, variants = _grouped(lists)
    shown, following = in_turn(chosen, position, limit, several=several)
    products, others = _loaded([candidate for _, candidate in shown], variants)
    every = [candidate for ranked in chosen for _, candidate in ranked]
    return Page(
        products,
        others,
        len(every),
        any(finds.at_least for finds in found),
        cursor_after(asked, following) if following else None,
        tuple(
            dict.fromkeys(word for words in (understood.unknown, *(finds.dropped for finds in found)) for word in words)
        ),
        any(finds.partly for finds in found),
        tuple(wish.shown for wish in understood.wishes) if several else (),
        facets=replace(_facets(every), partial=any(finds.at_least for finds in found)),
    )


def _grouped(lists: Sequence[Sequence[Placed]]) -> tuple[list[list[Placed]], dict[str, list[Candidate]]]:
    """The best variant of each product, where it comes first, and the others by group."""
    chosen, variants, seen = list[list[Placed]](), dict[str, list[Candidate]](), set[int]()
    for ranked in lists:
        chosen.append([])
        for placed in ranked:
            group, product = placed[1].group, placed[1].product
            if product in seen:
                continue
            seen.add(product)
            if group in variants:
                variants[group].append(placed[1])
                continue
            chosen[-1].append(placed)
            if group:
                variants[group] = []
    return chosen, variants


def _loaded(
    shown: Sequence[Candidate], variants: dict[str, list[Candidate]]
) -> tuple[list[Product], dict[int, list[Product]]]:
    others = {c.product: [v.product for v in variants.get(c.group, ())[:_MOST_VARIANTS]] for c in shown}
    products = load([c.product for c in shown] + [pk for pks in others.values() for pk in pks])
    return (
        [products[c.product] for c in shown if c.product in products],
        {pk: [products[other] for other in pks if other in products] for pk, pks in others.items() if pks},
    )


def _facets(found: Sequence[Candidate]) -> Facets:
    counted = Counter(candidate.category for candidate in found if candidate.category)
    categories = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_FACETS]
    stores = {candidate.store for candidate in found}
    prices = [candidate.price for candidate in found if candidate.price is not None]
    if not prices or (len(stores) > 1 and len(currencies_of(stores)) > 1):
        return Facets(categories)
    return Facets(categories, Decimal(min(prices)) / 1000, Decimal(max(prices)) / 1000, min(stores))
