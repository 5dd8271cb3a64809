"""The checked rows of a file, in a temporary SQLite file until the whole file has been read.

Only SKUs are kept in memory.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from django.utils.translation import gettext as _

from catalog.feeds.rows import Row
from catalog.feeds.variants import are_variants, ids_of
from catalog.models import Product

_NAMES = [field.name for field in fields(Row)]
_AMOUNTS = [_NAMES.index(name) for name in ("price", "former_price", "sale_price")]
_MOMENTS = [_NAMES.index(name) for name in ("sale_begins", "sale_ends", "expires_at")]
_LABELS = {field.name: field.verbose_name for field in Product._meta.concrete_fields}
_LABELS["stock"] = _LABELS.pop("counted")
_GROUP = _NAMES.index("group_id")
_LONGEST_GROUP = 120
_INSERT = (
    "INSERT INTO spooled (sku, family, image, unresolved, hebrew, data) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (sku) DO NOTHING"
)
_OF_OTHERS = "sku IN (SELECT family FROM spooled WHERE family <> '' AND family <> sku)"
# Fields to fill from another row of the same SKU; without price, currency and availability, which belong together.
_TAKEN = ("description", "category", "brand", "barcode", "external_id", "image", "url", "group_id", "options")


@dataclass(frozen=True, slots=True)
class Double:
    """Two rows with one SKU: `stays` is kept, with the `taken` fields of `goes`."""

    stays: Row
    goes: Row
    taken: Sequence[str]

    @property
    def reason(self) -> str:
        values = {"sku": self.goes.sku, "line": self.stays.line}
        if not self.taken:
            return _("its SKU %(sku)s is that of line %(line)d, which stays as it is") % values
        names = ", ".join(str(_LABELS[name]) for name in self.taken)
        return _("its SKU %(sku)s is that of line %(line)d, which stays and takes what it lacked: %(fields)s") % {
            **values,
            "fields": names,
        }


@dataclass(frozen=True, slots=True)
class Shared:
    """A variant whose SKU others have too, and the id that it got."""

    row: Row
    sku: str

    @property
    def reason(self) -> str:
        return _("its SKU %(sku)s is that of other variants too; its id is %(id)s") % {
            "sku": self.row.sku, "id": self.sku,
        }  # fmt: skip


class Spool:
    """Rows in the order of the file, one per SKU."""

    def __init__(self) -> None:
        # The ids that several variants have; none of them keeps it.
        self.shared: set[str] = set()
        # The SKUs of variants as the file has them, by row.
        self._skus: dict[int, str] = {}

    def __enter__(self) -> Self:
        self._folder = TemporaryDirectory(prefix="shopmcp-import-")
        self._rows = sqlite3.connect(Path(self._folder.name) / "rows.sqlite3", isolation_level=None)
        self._rows.execute("PRAGMA journal_mode=OFF")
        self._rows.execute("PRAGMA synchronous=OFF")
        self._rows.execute(
            "CREATE TABLE spooled "
            "(n INTEGER PRIMARY KEY, sku TEXT UNIQUE, family TEXT, image INT, unresolved INT, hebrew INT, data TEXT)"
        )
        self._rows.execute("BEGIN")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.close()
        self._folder.cleanup()

    def add(self, row: Row, *, hebrew: bool) -> list[Double | Shared]:
        """Keep a row; return what became of it and of rows before it, if its SKU was there already.

        Rows with one SKU and other options or another group are variants: each gets an id from its SKU and options. Of
        other rows with one SKU the first with a price is kept, and its empty fields are filled from the others.
        """
        told: list[Double | Shared] = []
        for level, key in enumerate(ids_of(row)):
            if key not in self.shared:
                if self._put(_INSERT, row, key, hebrew):
                    return [*told, Shared(row, key)] if level else told
                ((data, n),) = self._rows.execute("SELECT data, n FROM spooled WHERE sku = ?", (key,))
                other = _unpacked(data)
                if not are_variants(other, row, level):
                    return [*told, self._merge(other, row, key, hebrew)]
                self.shared.add(key)
                told.append(self._move(other, n, level))
        raise AssertionError  # the last id is no variant of another

    def _merge(self, first: Row, second: Row, key: str, hebrew: bool) -> Double:
        stays, goes = first, replace(second, sku=key)
        if stays.price is None and goes.price is not None:
            stays, goes = goes, stays
        lacking = {name: getattr(goes, name) for name in _TAKEN if not getattr(stays, name) and getattr(goes, name)}
        if stays.stock is None and goes.stock is not None:
            lacking["stock"] = goes.stock
        merged = replace(stays, **lacking)
        self._put("REPLACE INTO spooled (n, sku, family, image, unresolved, hebrew, data) VALUES "
                  "((SELECT n FROM spooled WHERE sku = ?1), ?1, ?2, ?3, ?4, ?5, ?6)", merged, key, hebrew)  # fmt: skip
        return Double(stays, goes, list(lacking))

    def _move(self, row: Row, n: int, level: int) -> Shared:
        """Give a row that was taken for the only one of its SKU the id of a variant."""
        own = replace(row, sku=self._skus.get(n, row.sku))
        key = list(ids_of(own))[level + 1]
        self._skus[n] = own.sku
        self._rows.execute("UPDATE spooled SET sku = ?, data = ? WHERE n = ?", (key, _packed(replace(row, sku=key)), n))
        return Shared(own, key)

    def clear(self) -> None:
        """Forget all rows."""
        self._rows.execute("DELETE FROM spooled")
        self.shared.clear()
        self._skus.clear()

    def group_variants(self) -> None:
        """Give the group that they lack to variants that share a SKU, and to a product that others name as theirs."""
        setting = f"UPDATE spooled SET family = ?, data = json_set(data, '$[{_GROUP}]', ?) WHERE n = ? AND family = ''"
        groups = ((n, sku[:_LONGEST_GROUP]) for n, sku in self._skus.items())
        self._rows.executemany(setting, ((group, group, n) for n, group in groups))
        self._rows.execute(
            f"UPDATE spooled SET family = sku, data = json_set(data, '$[{_GROUP}]', sku) "
            f"WHERE family = '' AND {_OF_OTHERS}"
        )

    def drop_parents(self) -> int:
        """Drop products that have no price and that others name as theirs; return how many."""
        price = f"json_extract(data, '$[{_NAMES.index('price')}]')"
        return self._rows.execute(f"DELETE FROM spooled WHERE {_OF_OTHERS} AND {price} IS NULL").rowcount

    def count_unpriced_in(self, currency: str) -> None:
        """Set the currency of rows without a price."""
        places = {name: _NAMES.index(name) for name in ("price", "currency")}
        self._rows.execute(
            f"UPDATE spooled SET data = json_set(data, '$[{places['currency']}]', ?) "
            f"WHERE json_extract(data, '$[{places['price']}]') IS NULL",
            [currency],
        )

    def _put(self, statement: str, row: Row, key: str, hebrew: bool) -> bool:
        data = _packed(row if row.sku == key else replace(row, sku=key))
        written = self._rows.execute(statement, (key, row.group_id, bool(row.image), row.unresolved, hebrew, data))
        if written.rowcount > 0 and row.sku != key and written.lastrowid:
            self._skus[written.lastrowid] = row.sku
        return written.rowcount > 0

    def __len__(self) -> int:
        return self._one("SELECT count(*) FROM spooled")

    @property
    def unresolved(self) -> int:
        return self._one("SELECT coalesce(sum(unresolved), 0) FROM spooled")

    @property
    def without_image(self) -> int:
        """The number of rows without an image; 0 if no row has one."""
        pictures = self._one("SELECT coalesce(sum(image), 0) FROM spooled")
        return len(self) - pictures if pictures else 0

    @property
    def mostly_hebrew(self) -> bool:
        return self._one("SELECT coalesce(sum(hebrew), 0) FROM spooled") * 2 > len(self)

    def skus(self) -> Iterator[str]:
        for (sku,) in self._rows.execute("SELECT sku FROM spooled"):
            yield sku

    def batches(self, size: int) -> Iterator[Sequence[Row]]:
        cursor = self._rows.execute("SELECT data FROM spooled ORDER BY n")
        while rows := cursor.fetchmany(size):
            yield [_unpacked(data) for (data,) in rows]

    def _one(self, statement: str) -> int:
        ((found,),) = self._rows.execute(statement)
        return int(found)


def _packed(row: Row) -> str:
    values = [getattr(row, name) for name in _NAMES]
    for place in _AMOUNTS:
        values[place] = None if values[place] is None else str(values[place])
    for place in _MOMENTS:
        values[place] = None if values[place] is None else values[place].isoformat()
    return json.dumps(values)


def _unpacked(data: str) -> Row:
    values: list[Any] = json.loads(data)
    for place in _AMOUNTS:
        values[place] = None if values[place] is None else Decimal(values[place])
    for place in _MOMENTS:
        values[place] = None if values[place] is None else datetime.fromisoformat(values[place])
    return Row(*values)
