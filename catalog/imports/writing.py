"""Inserts versions of products by SQL, because the ORM takes several times as long as the database."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

from django.db import connection, models
from django.utils import timezone

from catalog.models import Product, Store
from catalog.search.engines import engine, rows_of

_FIELDS = [field for field in Product._meta.concrete_fields if field.name not in ("id", "identity")]
_COLUMNS = [str(field.column) for field in _FIELDS]
_INSERT = f"INSERT INTO catalog_product (identity_id, {', '.join(_COLUMNS)}) VALUES (%s{', %s' * len(_COLUMNS)})"
# Columns that a withdrawn version does not copy.
_OWN = ("withdrawn_at", "updated_at", "arriving", "leaving")
_COPIED = ", ".join(("identity_id", *(column for column in _COLUMNS if column not in _OWN)))
_WITHDRAW = (
    f"INSERT INTO catalog_product ({', '.join(_OWN)}, {_COPIED}) "
    f"SELECT %s, %s, %s, NULL, {_COPIED} FROM catalog_product WHERE "
)


def _preparation(field: "models.Field[Any, Any]") -> Callable[[Any], Any]:
    """What makes a value the database's."""

    def prepared(value: Any) -> Any:
        return None if value is None else field.get_db_prep_save(value, connection)

    return prepared if isinstance(field, models.JSONField) else lru_cache(4096)(prepared)


_VALUES = attrgetter(*(field.attname for field in _FIELDS))
# By place; the database takes texts, whole numbers and truth values as they are.
_PREPARED = [
    (place, _preparation(field))
    for place, field in enumerate(_FIELDS)
    if isinstance(field, models.DecimalField | models.DateTimeField | models.JSONField)
]


def values_of(products: Sequence[Product]) -> list[list[Any]]:
    """Return the column values for `insert`. Call it before the transaction, to keep that short."""
    now, found = timezone.now(), list[list[Any]]()
    for product in products:
        product.updated_at = now
        values = list(_VALUES(product))
        for place, prepared in _PREPARED:
            values[place] = prepared(values[place])
        found.append(values)
    return found


def insert(store: Store, products: Sequence[Product], values: Sequence[Sequence[Any]]) -> list[int]:
    """Insert versions, and identities for new products; return the keys of the identities."""
    index, now = engine(), connection.ops.adapt_datetimefield_value(timezone.now())
    new, known = [product.sku for product in products if not product.identity_id], dict[str, int]()
    with connection.cursor() as cursor:
        if new:
            cursor.execute(
                "INSERT INTO catalog_productidentity (store_id, sku, stock_moved, on_order, created_at) "
                f"SELECT %s, e.*, 0, 0, %s FROM ({index.each('text')}) AS e WHERE true ON CONFLICT DO NOTHING",
                [store.pk, now, index.many(new)],
            )
            found = f"SELECT sku, id FROM catalog_productidentity WHERE store_id = %s AND {index.among('sku', 'text')}"
            known = dict(rows_of(found, [store.pk, index.many(new)]))
        keys = [product.identity_id or known[product.sku] for product in products]
        cursor.executemany(_INSERT, [[key, *row] for key, row in zip(keys, values, strict=True)])
    return keys


def insert_withdrawn(pks: Sequence[int], run: int) -> None:
    """Insert a withdrawn copy of each of these versions, written by that run."""
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(_WITHDRAW + engine().among("id"), [now, now, run, engine().many(pks)])
