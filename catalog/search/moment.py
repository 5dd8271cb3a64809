"""The moment of a search: all that a remembered answer depends on, read in one statement.

Each call reads it, so an answer from memory is never stale: the tokens of the catalogue, the owner's synonyms and the
stores by their rows, the stock of the products shown by their moves, and sales by the clock.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from catalog.models import Product, Store
from catalog.search.cache import current
from catalog.search.engines import engine
from catalog.search.rows import STATE, all_stores
from shopmcp.db.prepared import look_up

_STORES = "SELECT -3, id, slug || ' ' || currency || ' ' || language || ' ' || name FROM catalog_store"
_MOVED = "SELECT 0, id, CAST(stock_moved AS text) FROM catalog_productidentity WHERE "


@dataclass(frozen=True, slots=True)
class Moment:
    """What the shop was like when a search began.

    Attributes:
        state: Of catalogue, synonyms, stores and sales.
        moved: The moves of stock by the keys of the identities that were asked for.
    """

    state: Hashable
    moved: Mapping[int, int]
    stores: tuple[tuple[int, str], ...]
    is_known: bool  # whether every change of the catalogue would be seen

    def has_stock(self, stock: Mapping[int, tuple[int, int]]) -> bool:
        """Whether the stock of these products is still what was shown; see `stock_of`."""
        moved = self.moved
        return all(max(0, counted + moved.get(pk, 0)) == shown for pk, (counted, shown) in stock.items())


def now(products: Iterable[int] = ()) -> Moment:
    """Return the moment, with the moves of stock of these products, by the keys of their identities."""
    keys = list(products)
    text = f"{STATE} UNION ALL {_STORES}"
    rows = look_up(
        f"{text} UNION ALL {_MOVED}{engine().among('id')}" if keys else text, [engine().many(keys)] if keys else []
    )
    tokens, stores, moved, synonyms = list[tuple[int, int]](), list[tuple[int, str]](), dict[int, int](), ""
    for step, key, said in rows:
        if step == 0:
            moved[key] = int(said)
        elif step == -1:
            synonyms = said
        elif step == -2:
            tokens.append((int(said), key))
        else:
            stores.append((key, said))
    known = tuple(sorted(stores))
    return Moment((current(tuple(sorted(tokens))), synonyms, known), moved, known, bool(tokens))


def stock_of(products: Iterable[Product]) -> dict[int, tuple[int, int]]:
    """Return what was counted and what was shown of each product whose stock is counted."""
    return {
        product.identity_id: (product.counted, product.stock)
        for product in products
        if product.counted is not None and product.stock is not None
    }


@lru_cache(maxsize=4)
def stores_at(stores: tuple[tuple[int, str], ...]) -> list[Store]:
    """Return the stores of a moment, the oldest first, without their long texts."""
    known = dict(stores)
    return [store for store in all_stores() if store.pk in known]
