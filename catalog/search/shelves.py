"""What stores offer, by category."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from catalog.models import Product, Store
from catalog.search.engines import rows_of
from catalog.search.engines.base import VISIBLE
from catalog.search.remembered import remembered
from catalog.text import folded


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a store offers: how many products can be bought, and in which categories."""

    store: Store
    products: int
    categories: list[str]


def shelves() -> list[Shelf]:
    """Return every store with what it offers, which is counted once for each state of the catalogue."""
    counted = remembered("shelves", _counted)
    return [
        Shelf(store, sum(offered.values()), [category for category in offered if category])
        for store in Store.objects.all()
        for offered in [counted.get(store.pk, {})]
    ]


def _counted() -> dict[int, dict[str, int]]:
    """What can be bought by store and category; a query within one index."""
    buyable = Count("store", filter=Q(available=True, price__isnull=False))
    rows = Product.objects.listed().order_by("store", "category").values_list("store", "category").annotate(n=buyable)
    counted: dict[int, dict[str, int]] = {}
    for store, category, products in rows:
        counted.setdefault(store, {})[category] = products
    return counted


def categories(stores: Sequence[int] | None = None) -> list[str]:
    """Return the names of the categories that have products, in the order of the alphabet.

    Goes from one name to the next within an index: many products cost no more than few.
    """
    chosen = [pk for (pk,) in rows_of("SELECT id FROM catalog_store")] if stores is None else list(stores)
    if not chosen:
        return []
    following = f"SELECT MIN(e.category) FROM catalog_entry e WHERE e.store_id = s.id AND {VISIBLE} AND e.category > "
    sql = (
        f"WITH RECURSIVE s(id) AS (SELECT id FROM catalog_store WHERE id IN ({', '.join(['%s'] * len(chosen))})), "
        f"c(store, name) AS (SELECT s.id, ({following}'') FROM s "
        f"UNION ALL SELECT c.store, ({following.replace('s.id', 'c.store')}c.name) FROM c WHERE c.name IS NOT NULL) "
        "SELECT DISTINCT name FROM c WHERE name IS NOT NULL"
    )
    return sorted(name for (name,) in rows_of(sql, chosen))


def categories_like(text: str, stores: Sequence[int] | None = None) -> tuple[str, ...]:
    """Return the categories that a shopper's words name: the one that is called so, or else all that hold the words."""
    names = categories(stores)
    wanted = folded(text, 300)
    if same := tuple(name for name in names if folded(name, 300) == wanted):
        return same
    return tuple(name for name in names if wanted.strip() and wanted in folded(name, 300))
