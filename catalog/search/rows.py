"""Prepared look-ups: the products of a result page, and exact matches of a query."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from django.db import connection

from catalog.language.text import address_key, folded, is_plain, without_marks
from catalog.models import Product, Store
from catalog.models.imports import VISIBLE
from catalog.search.cache import State
from catalog.search.engines import engine
from catalog.search.synonyms import VERSION
from shopmcp.db.prepared import Param, Select, look_up

# Long columns that lists do not show.
_LEFT_OUT = {"description", "name_key", "url_key", "search_text", "updated_at"}
_PRODUCT = [field.attname for field in Product._meta.concrete_fields if field.attname not in _LEFT_OUT]
# Without the long texts, which would be read again for every product.
_STORE = [
    field.attname for field in Store._meta.concrete_fields if field.name not in ("shipping", "returns", "contact")
]
# Set the relation's cache directly, because its descriptor asks the database routers for every product.
_STORE_OF = Product._meta.get_field("store")
_products = Select(
    lambda: (
        Product.objects.extra(
            where=[engine().among("catalog_product.identity_id")], params=[Param("pks", Product, "id")]
        )
        .order_by()
        .values_list(*_PRODUCT, "stock", *(f"store__{name}" for name in _STORE))
    )
)


def products_by_identity(pks: Iterable[int]) -> dict[int, Product]:
    """Return the listed products with their stores, by the keys of their identities."""
    stores, products, width = dict[int, Store](), dict[int, Product](), len(_PRODUCT)
    for values in _products.all(pks=engine().many(pks)):
        product = Product.from_db(connection.alias, _PRODUCT, values[:width])
        if product.withdrawn_at is not None:
            continue
        product.stock = values[width]
        if product.store_id not in stores:
            stores[product.store_id] = Store.from_db(connection.alias, _STORE, values[width + 1 :])
        _STORE_OF.set_cached_value(product, stores[product.store_id])
        products[product.identity_id] = product
    return products


def currencies_of(stores: Collection[int] | None) -> set[str]:
    """Return the currencies of these stores, or of all."""
    known = Store.objects.order_by().values_list("pk", "currency")
    return {currency for pk, currency in known if stores is None or pk in stores}


_MOST_EXACT = 6
_STATE = (
    "SELECT -2 AS step, token AS id, CAST(store_id AS text) AS said FROM catalog_revision "
    f"UNION ALL SELECT -1, 0, {VERSION}"
)


class Glance(NamedTuple):
    """The exact matches of a query and the state of the caches, read in one statement.

    Attributes:
        exact: The keys of at most six exact matches, by id, SKU, barcode, address, or a name of several words.
        only: Whether the query is an id or an address, so that other matches need no search.
        synonyms: The version of the owner's synonyms.
        state: The state for caches of the meanings of words.
    """

    exact: list[int]
    only: bool
    synonyms: str
    state: State


def glance(query: str) -> Glance:
    """Return the exact matches of a query, and the state of products and synonyms."""
    reference = query.strip()
    key = address_key(reference) if is_plain(reference) else ""
    steps = [("url_key = %s", [key])] if key else _steps(reference) if is_plain(reference) else []
    parts = _parts(steps, "''")
    rows = sorted(look_up(" UNION ALL ".join([_STATE, *parts]), [value for _, values in steps for value in values]))
    found = [(step, pk) for step, pk, _ in rows if step >= 0]
    synonyms = next(said for step, _, said in rows if step == -1)
    revisions = tuple((said, token) for step, token, said in rows if step == -2)
    by_id = [pk for step, pk in found if not step]
    return Glance(
        by_id or [pk for _, pk in found][:_MOST_EXACT],
        bool(key or by_id),
        synonyms,
        (*revisions, synonyms) if revisions else (),
    )


def exactly(reference: str) -> list[str]:
    """Return the ids of the products that the reference names exactly, at most six, in one statement.

    The first kind with a match decides: product id (withdrawn products too), SKU, barcode, address, name. Each kind is
    an index look-up.
    """
    # Text that was copied from Hebrew may contain invisible marks.
    reference = without_marks(reference).strip()
    if not reference or not is_plain(reference):
        return []
    key, name = address_key(reference), folded(reference, 300)
    steps: list[tuple[str, Sequence[Any]]] = [("public_id = %s", [reference]), (f"sku = %s {_LISTED}", [reference])]
    if reference.isdecimal():
        steps.append((f"{_BARCODE} {_LISTED}", [reference]))
    if key:
        steps.append((f"url_key = %s {_LISTED}", [key]))
    elif name:
        steps.append((f"name_key = %s {_LISTED}", [name]))
    rows = look_up(" UNION ALL ".join(_parts(steps, "public_id")), [value for _, values in steps for value in values])
    return [public_id for step, _, public_id in sorted(rows) if step == min(rows)[0]]


_LISTED = "AND withdrawn_at IS NULL"
# The index leaves out products without a barcode; SQLite uses it only if the condition says so literally.
_BARCODE = "barcode = %s AND NOT barcode = ''"


def _parts(steps: Sequence[tuple[str, Sequence[Any]]], said: str) -> list[str]:
    """A query for each condition, of (place of the condition, identity's key, `said`), at most six rows.

    They come by the key that each index holds: in another order SQLite may walk that one's index instead.
    """
    return [
        f"SELECT * FROM (SELECT {place} AS step, identity_id AS id, {said} AS said FROM catalog_product p "
        f"WHERE {condition} AND {VISIBLE.format('p')} ORDER BY p.id LIMIT {_MOST_EXACT}) AS s{place}"
        for place, (condition, _) in enumerate(steps)
    ]


def _steps(reference: str) -> list[tuple[str, Sequence[Any]]]:
    """The conditions of exact matches, each an index look-up, the most certain first."""
    steps: list[tuple[str, Sequence[Any]]] = [("public_id = %s", [reference])]
    steps += [("sku = %s", [sku]) for sku in dict.fromkeys((reference, reference.upper()))]
    if reference.isdecimal():
        steps.append((_BARCODE, [reference]))
    name = folded(reference, 300)
    if name.count(" ") > 2:
        steps.append(("name_key = %s", [name]))
    return steps
