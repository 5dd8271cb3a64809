"""Inserts versions of products by SQL, because the ORM takes several times as long as the database."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from catalog.models import Product, Store
from catalog.search.engines import engine, rows_of

_FIELDS = [field for field in Product._meta.concrete_fields if not field.primary_key]
_COLUMNS = [str(field.column) for field in _FIELDS]
_PLACE = _COLUMNS.index("identity_id")
_IDENTITY = "(SELECT id FROM catalog_productidentity WHERE store_id = %s AND sku = %s)"
_NEW = (
    "INSERT INTO catalog_productidentity (store_id, sku, stock_moved, created_at) VALUES (%s, %s, 0, %s) "
    "ON CONFLICT DO NOTHING"
)
_INSERT = (
    f"INSERT INTO catalog_product ({', '.join(_COLUMNS)}) "
    f"VALUES ({', '.join(_IDENTITY if column == 'identity_id' else '%s' for column in _COLUMNS)})"
)
# Columns that a withdrawn version does not copy.
_OWN = ("withdrawn_at", "updated_at", "arriving", "leaving")
_COPIED = ", ".join(column for column in _COLUMNS if column not in _OWN)
_WITHDRAW = (
    f"INSERT INTO catalog_product ({', '.join(_OWN)}, {_COPIED}) "
    f"SELECT %s, %s, %s, NULL, {_COPIED} FROM catalog_product WHERE "
)


def values_of(products: Sequence[Product]) -> list[list[Any]]:
    """Return the column values for `insert`. Call it before the transaction, to keep that short."""
    rows = list[list[Any]]()
    for product in products:
        product.updated_at = timezone.now()
        values = [field.get_db_prep_save(getattr(product, field.attname), connection) for field in _FIELDS]
        values[_PLACE : _PLACE + 1] = [product.store_id, product.sku]
        rows.append(values)
    return rows


def insert(store: Store, products: Sequence[Product], values: Sequence[Sequence[Any]]) -> list[int]:
    """Insert versions, and identities for new products; return the keys of the identities."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    new = [(store.pk, product.sku, now) for product in products if not product.identity_id]
    with connection.cursor() as cursor:
        cursor.executemany(_NEW, new)
        cursor.executemany(_INSERT, values)
    found = f"SELECT id FROM catalog_productidentity WHERE store_id = %s AND {engine().among('sku', 'text')}"
    return [pk for (pk,) in rows_of(found, [store.pk, engine().many(product.sku for product in products)])]


def insert_withdrawn(pks: Sequence[int], run: int) -> None:
    """Insert a withdrawn copy of each of these versions, written by that run."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(_WITHDRAW + engine().among("id"), [now, now, run, engine().many(pks)])
