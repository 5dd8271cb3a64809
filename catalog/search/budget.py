"""Words of a query that bound the price, taken for the bounds that they are."""

from dataclasses import replace

from catalog.forms import tokens
from catalog.price_words import PriceWords, price_words
from catalog.search.asking import Budget, Search
from catalog.search.engines import Slot, Term
from catalog.search.finding import fits_closely, scope_of
from catalog.search.glance import Glance, glance
from catalog.search.loading import currencies_of
from catalog.search.understanding import understand


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
