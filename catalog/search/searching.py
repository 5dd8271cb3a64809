"""One page of the products that fit a shopper's words."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

from django.utils.translation import gettext as _

from catalog.language.inflection import as_written, is_measured, tokens
from catalog.language.price_words import PriceWords, price_words
from catalog.language.thesaurus import Thesaurus
from catalog.search.browsing import browse
from catalog.search.categories import categories_like
from catalog.search.closeness import FEW, lacking, next_best
from catalog.search.engines import Candidate, Scope, Slot, Term
from catalog.search.entries import reading
from catalog.search.loading import loaded
from catalog.search.matching import ENOUGH, Found, entries_of, find_candidates, fits_closely, scope_of
from catalog.search.query import Facets, Page, PriceBounds, Search
from catalog.search.ranking import Position, Ranking
from catalog.search.rows import Glance, currencies_of, glance
from catalog.search.synonyms import thesaurus
from catalog.search.understanding import Understood, understand
from shopmcp import paging
from shopmcp.errors import InvalidArguments

# A candidate with its position in the list of one wish.
Placed = tuple[Position, Candidate]
# The position on a page of several wishes begins so: each wish is a list of its own, or all are one list.
_EACH, _ALL = "each", "all"


def search(asked: Search, *, limit: int = 10, cursor: str | None = None, seen: Glance | None = None) -> Page:
    """Return one page of the products that fit, the best first; variants of one product are one result.

    Products that the query names exactly, by product id, SKU, barcode, address or name, come first. Every other word
    has to be found, in one of its forms, in name, brand, category, options, SKU or description. Words that nothing fits
    are ignored as long as others remain. An empty query fits everything, in the order of import. Where fifty products
    fit closely, those that only mention the words are left out. Of very many only the nearest are ranked, and
    `at_least` says so.

    A cursor holds the position at which its page ended, so it stays valid when products come and go. A caller that has
    `seen` the query already passes that.

    Raises:
        InvalidArguments: If the cursor is no cursor, or belongs to another search, or the prices are exchanged.
        NotFound: If there is no such category; see `categories_like`.
    """
    if asked.min_price is not None and asked.max_price is not None and asked.min_price > asked.max_price:
        raise InvalidArguments(
            _("`min_price` is more than `max_price`."), fix=_("Search again with the two exchanged.")
        )
    seen = seen or glance(asked.query)
    with reading(seen.state):
        return _found(asked, limit, cursor, seen)


def _found(asked: Search, limit: int, cursor: str | None, seen: Glance) -> Page:
    if asked.category.strip():
        asked = replace(asked, categories=categories_like(asked.category, asked.stores, existed=bool(cursor)))
    meant, bounds = _price_bounds(asked, seen)
    if bounds is None:
        return _page(asked, limit, cursor, seen)
    seen = glance(meant.query)
    if not bounds.sure and not _page(meant, 1, None, seen).total:
        # Nothing is that cheap, so the number may be an age or a size.
        meant, bounds = replace(asked, query=meant.query), PriceBounds(bounds.said)
    return replace(_page(meant, limit, cursor, seen), price_bounds=bounds)


def _price_bounds(asked: Search, seen: Glance) -> tuple[Search, PriceBounds | None]:
    """Return the search bounded by its words that speak of a price, and without these words.

    They stay words where a product has them in its name: "Air max 90".
    """
    price = price_words(asked.query)
    if price is None:
        return asked, None
    if seen.exact or _is_named(price, asked, seen):
        return asked, None
    meant = replace(asked, query=price.rest)
    # Arguments count before words.
    low = price.lowest if asked.min_price is None else None
    high = price.highest if asked.max_price is None else None
    if (low is None and high is None) or (price.currency and currencies_of(asked.stores) != {price.currency}):
        return meant, PriceBounds(price.said)
    bounded = replace(
        meant,
        min_price=asked.min_price if low is None else low,
        max_price=asked.max_price if high is None else high,
    )
    return bounded, PriceBounds(price.said, low, high, sure=price.sure)


def _is_named(price: PriceWords, asked: Search, seen: Glance) -> bool:
    """Whether a product has the words that may be a price in its name, brand, category or options."""
    if price.sure:
        return False
    said = [Term(word, ((Slot({word: 0}),),)) for word in tokens(price.said)]
    return fits_closely([*understand(price.rest, seen).terms, *said], scope_of(asked, seen.state))


def _page(asked: Search, limit: int, cursor: str | None, seen: Glance) -> Page:
    position = paging.unseal(asked.listed, cursor) if cursor else None
    if not asked.query.strip():
        return browse(asked, scope_of(asked, seen.state), limit, position)
    scope = scope_of(asked, seen.state)
    synonyms = thesaurus(seen.synonyms)
    understood = Understood() if seen.only else understand(asked.query, seen)
    if position is not None:
        # As on the page before, whatever products came since.
        several = bool(understood.wishes) and _is_of_several(position)
    else:
        # If one product fits all wishes together, they are one wish.
        several = bool(understood.wishes) and not seen.exact and not fits_closely(understood.terms, scope)
    found, lists = list[tuple[Understood, Found]](), list[list[Placed]]()
    for wish in understood.wishes if several else [understood]:
        finds, ranked = _ranked(wish, asked, scope, seen, synonyms)
        found.append((wish, finds))
        lists.append(ranked)
    if not any(lists):
        return Page()
    if several and asked.sort != "relevance":
        lists = [sorted(placed for ranked in lists for placed in ranked)]
    chosen = _one_of_each(lists)
    shown, following = _in_turn(chosen, position, limit, several=several)
    also = list[Candidate]()
    if position is None and not several and not found[0][1].partly:
        also = _also_close(*found[0], lists[0], scope, synonyms)
    every = [candidate for ranked in chosen for _, candidate in ranked]
    close = [candidate.product for candidate in also]
    products, variants = loaded([(c.product, c.group) for c in (*(c for _, c in shown), *also)], scope)
    dropped = tuple(dict.fromkeys([*understood.unknown, *(word for _, finds in found for word in finds.dropped)]))
    partly, at_least = any(finds.partly for _, finds in found), any(finds.at_least for _, finds in found)
    missing = dict[int, tuple[str, ...]]()
    if dropped or partly or also:
        wishes = {c.product: wish for wish, finds in reversed(found) for c in finds.candidates} if several else {}
        keys = [product.identity_id for product in products]
        missing, dropped = lacking(keys, lambda product: wishes.get(product, understood), dropped, scope.state)
    wishes_shown = tuple(wish.shown for wish in understood.wishes) if several else ()
    if any(map(is_measured, chain(dropped, wishes_shown, *missing.values()))):
        said = as_written(asked.query)
        missing = {key: _in_words(lacked, said) for key, lacked in missing.items()}
        dropped, wishes_shown = _in_words(dropped, said), _in_words(wishes_shown, said)
    return Page(
        [product for product in products if product.identity_id not in close],
        variants,
        len(every),
        at_least,
        paging.seal(asked.listed, *following) if following else None,
        dropped,
        partly,
        wishes_shown,
        facets=Facets.of_candidates(every, partial=at_least),
        also_close=[product for product in products if product.identity_id in close],
        lacking=missing,
    )


def _in_words(shown: Sequence[str], said: Mapping[str, str]) -> tuple[str, ...]:
    """Words and phrases with units and amounts as the shopper wrote them."""
    return tuple(" ".join(said.get(word, word) for word in phrase.split()) for phrase in shown)


def _ranked(
    wish: Understood, asked: Search, scope: Scope, seen: Glance, synonyms: Thesaurus
) -> tuple[Found, list[Placed]]:
    """What fits a wish, in the order asked for."""
    finds = find_candidates(wish, scope, dearest_first=asked.sort == "price_desc") if not seen.only else Found()
    if missing := set(seen.exact).difference(candidate.product for candidate in finds.candidates):
        finds.candidates += entries_of(sorted(missing), scope)
    position = Ranking(wish, finds.terms, seen.exact, asked.sort, synonyms.names, state=scope.state).position
    return finds, sorted((position(candidate), candidate) for candidate in finds.candidates)


def _also_close(
    wish: Understood, finds: Found, ranked: Sequence[Placed], scope: Scope, synonyms: Thesaurus
) -> list[Candidate]:
    """The next best products, where few have all the words in name, brand, category or options."""
    if len(finds.terms) < 2 or len(ranked) >= ENOUGH:
        return []
    fits = Ranking(wish, finds.terms, (), "relevance", state=scope.state).fits_closely
    close = {c.group or c.product for _, c in ranked if fits(c)}
    if len(close) >= FEW:
        return []
    seen = {key for _, c in ranked for key in (c.product, c.group) if key}
    return next_best(wish, finds.terms, scope, seen, synonyms.describes)


def _is_of_several(position: Position) -> bool:
    """Whether this is a position on a page of several wishes."""
    return position[:1] in ((_EACH,), (_ALL,))


def _one_of_each(lists: Sequence[Sequence[Placed]]) -> list[list[Placed]]:
    """The best variant of each product at its first place."""
    chosen, seen = list[list[Placed]](), set[int | str]()
    for ranked in lists:
        chosen.append([])
        for placed in ranked:
            group, product = placed[1].group, placed[1].product
            if product in seen or (group and group in seen):
                continue
            seen.update((product, group))
            chosen[-1].append(placed)
    return chosen


def _in_turn(
    lists: Sequence[Sequence[Placed]], position: Position | None, limit: int, *, several: bool
) -> tuple[list[Placed], Position | None]:
    """Return the page after a position, one result from each list in turn, and the position of the next page.

    The position in several lists holds the position in each, so that none depends on the length of another.
    """
    mark = position[:1] if position is not None and _is_of_several(position) else ()
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
