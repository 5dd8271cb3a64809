"""Products by their primary keys, as pages of results show them; the SQL is built once."""

from collections.abc import Collection, Iterable

from django.db import connection

from catalog.models import ImportRun, Product, Store
from catalog.search.engines import engine
from shopmcp.prepared import Param, Select

# What no list shows, and what takes long to read.
_LEFT_OUT = {"description", "name_key", "url_key", "search_text", "created_at", "updated_at"}
_PRODUCT = [field.attname for field in Product._meta.concrete_fields if field.attname not in _LEFT_OUT]
# The policies may be long, and would come again with every product.
_STORE = [
    field.attname for field in Store._meta.concrete_fields if field.name not in ("shipping", "returns", "contact")
]
# Past the relation's descriptor, which asks the database routers about every pair.
_STORE_OF = Product._meta.get_field("store")
_products = Select(
    lambda: (
        Product.objects.extra(where=[engine().among("catalog_product.id")], params=[Param("pks", Product, "id")])
        .order_by()
        .values_list(*_PRODUCT, *(f"store__{name}" for name in _STORE))
    )
)


def load(pks: Iterable[int]) -> dict[int, Product]:
    """Return the products that are still carried, with their stores, by primary key."""
    stores, products = dict[int, Store](), dict[int, Product]()
    running: set[int] | None = None
    for values in _products.all(pks=engine().many(pks)):
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
        _STORE_OF.set_cached_value(product, stores[product.store_id])
        products[product.pk] = product
    return products


def currencies_of(stores: Collection[int] | None) -> set[str]:
    """Return the currencies of these stores, or of all."""
    known = Store.objects.order_by().values_list("pk", "currency")
    return {currency for pk, currency in known if stores is None or pk in stores}


def _running() -> set[int]:
    return set(ImportRun.objects.open().values_list("pk", flat=True))
