"""The moment of a search: all that a remembered answer depends on, read in one statement.

Each call reads it, so an answer from memory is never stale: the tokens of the catalogue, the owner's synonyms and the
stores by their rows, the stock of the products shown by their moves, and sales by the clock.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from catalog.models import Product, Store
from catalog.search.cache import current
from catalog.search.engines import engine
from catalog.search.memory import is_forgetting
from catalog.search.rows import STATE, Facts, all_stores
from shopmcp.db.prepared import look_up

_MOVED = "SELECT 0, id, CAST(stock_moved AS text) FROM catalog_productidentity WHERE "


@dataclass(frozen=True, slots=True)
class Moment:
    """What the shop was like when a search began.

    Attributes:
        state: Of catalogue, synonyms, stores and sales.
        moved: The moves of stock by the keys of the identities that were asked for.
        is_known: Whether every change of the catalogue would be seen.
    """

    state: Hashable
    moved: Mapping[int, int]
    facts: Facts
    is_known: bool

    @classmethod
    def of(cls, facts: Facts, moved: Mapping[int, int]) -> Self:
        tokens = facts.tokens
        return cls((current(tokens), facts), moved, facts, bool(tokens))

    def has_stock(self, stock: Mapping[int, tuple[int, int]]) -> bool:
        """Whether the stock of these products is still what was shown; see `stock_of`."""
        moved = self.moved
        return all(max(0, counted + moved.get(pk, 0)) == shown for pk, (counted, shown) in stock.items())


def now(products: Iterable[int] = ()) -> Moment:
    """Return the moment, with the moves of stock of these products, by the keys of their identities."""
    keys = list(products)
    if not keys:
        return Moment.of(Facts.of(look_up(STATE, [])), {})
    index = engine()
    rows = look_up(f"{STATE} UNION ALL {_MOVED}{index.among('id')}", [index.many(keys)])
    return Moment.of(Facts.of(rows), {key: int(said) for step, key, said in rows if step == 0})


def stock_of(products: Iterable[Product]) -> dict[int, tuple[int, int]]:
    """Return what was counted and what was shown of each product whose stock is counted."""
    return {
        product.identity_id: (product.counted, product.stock)
        for product in products
        if product.counted is not None and product.stock is not None
    }


def stores_at(facts: Facts) -> Sequence[Store]:
    """Return the stores of a moment, the oldest first, without their long texts; do not change them."""
    return all_stores() if is_forgetting() else _stores_at(facts)


@lru_cache(maxsize=4)
def _stores_at(facts: Facts) -> Sequence[Store]:
    return all_stores()
