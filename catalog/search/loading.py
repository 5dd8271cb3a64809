"""Products by their primary keys, as pages of results show them; the SQL is built once."""

from collections.abc import Iterable

from django.db import connection

from catalog.models import ImportRun, Product, Store
from shopmcp.prepared import Param, Select

_PRODUCT = [field.attname for field in Product._meta.concrete_fields]
_STORE = [field.attname for field in Store._meta.concrete_fields]
_product = Select(lambda: Product.objects.filter(pk=Param("pk", Product, "id")).values_list(*_PRODUCT))
_store = Select(lambda: Store.objects.filter(pk=Param("pk", Store, "id")).values_list(*_STORE))


def load(pks: Iterable[int]) -> dict[int, Product]:
    """Return the products that are still carried, with their stores, by primary key; one key look-up for each."""
    stores, products = dict[int, Store](), dict[int, Product]()
    running: set[int] | None = None
    for pk in pks:
        values = _product.first(pk=pk)
        if values is None:
            continue
        product = Product.from_db(connection.alias, _PRODUCT, values)
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
            stores[product.store_id] = Store.from_db(connection.alias, _STORE, _store.first(pk=product.store_id) or ())
        product.store = stores[product.store_id]
        products[pk] = product
    return products


def _running() -> set[int]:
    return set(ImportRun.objects.open().values_list("pk", flat=True))
