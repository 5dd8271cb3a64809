"""Products by their primary keys, as pages of results show them; the SQL is built once."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import connection

from catalog.models import ImportRun, Product, Store
from shopmcp.prepared import Param, Select

# What no list shows, and what takes long to read.
_LEFT_OUT = {"description", "name_key", "url_key", "search_text", "created_at", "updated_at"}
_PRODUCT = [field.attname for field in Product._meta.concrete_fields if field.attname not in _LEFT_OUT]
_STORE = [field.attname for field in Store._meta.concrete_fields]
# How many are asked for at once; where fewer are wanted the last is asked for again.
_SIZES = (12, 60)


def _select(size: int) -> Select:
    return Select(
        lambda: (
            Product.objects.filter(pk__in=[Param(f"pk{place}", Product, "id") for place in range(size)])
            .order_by()
            .values_list(*_PRODUCT, *(f"store__{name}" for name in _STORE))
        )
    )


_selects = {size: _select(size) for size in _SIZES}


def load(pks: Iterable[int]) -> dict[int, Product]:
    """Return the products that are still carried, with their stores, by primary key; a query for sixty of them."""
    stores, products = dict[int, Store](), dict[int, Product]()
    running: set[int] | None = None
    for values in _rows(list(pks)):
        product = Product.from_db(connection.alias, _PRODUCT, values[: len(_PRODUCT)])
        if product.staged is not None or product.leaving is not None:
            running = _running() if running is None else running
            if product.staged in running:
                if product.arriving:
                    continue
                product.take_back()
            if product.leaving is not None and product.leaving not in running:
                continue
        if product.withdrawn_at is not None:
            continue
        if product.store_id not in stores:
            stores[product.store_id] = Store.from_db(connection.alias, _STORE, values[len(_PRODUCT) :])
        product.store = stores[product.store_id]
        products[product.pk] = product
    return products


def _rows(pks: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    for start in range(0, len(pks), _SIZES[-1]):
        part = pks[start : start + _SIZES[-1]]
        size = next(size for size in _SIZES if len(part) <= size)
        yield from _selects[size].all(**{f"pk{place}": part[min(place, len(part) - 1)] for place in range(size)})


def _running() -> set[int]:
    return set(ImportRun.objects.open().values_list("pk", flat=True))
