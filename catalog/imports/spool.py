"""The checked rows of a file, in a temporary SQLite file until the whole file has been read.

Only SKUs are kept in memory.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from django.utils.translation import gettext as _

from catalog.feeds.rows import Row
from catalog.models import Product

_NAMES = [field.name for field in fields(Row)]
_AMOUNTS = [_NAMES.index("price"), _NAMES.index("former_price")]
_LABELS = {field.name: field.verbose_name for field in Product._meta.concrete_fields}
_LABELS["stock"] = _LABELS.pop("counted")
# Fields to fill from another row of the same SKU; without price, currency and availability, which belong together.
_TAKEN = ("description", "category", "brand", "barcode", "image", "url", "group_id", "options")


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


class Spool:
    """Rows in the order of the file, one per SKU."""

    def __enter__(self) -> Self:
        self._folder = TemporaryDirectory(prefix="shopmcp-import-")
        self._rows = sqlite3.connect(Path(self._folder.name) / "rows.sqlite3", isolation_level=None)
        self._rows.execute("PRAGMA journal_mode=OFF")
        self._rows.execute("PRAGMA synchronous=OFF")
        self._rows.execute(
            "CREATE TABLE spooled "
            "(n INTEGER PRIMARY KEY, sku TEXT UNIQUE, image INT, unresolved INT, hebrew INT, data TEXT)"
        )
        self._rows.execute("BEGIN")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.close()
        self._folder.cleanup()

    def add(self, row: Row, *, hebrew: bool) -> Double | None:
        """Keep a row; return the pair if its SKU was there already.

        Of two rows with one SKU the first with a price is kept, and its empty fields are filled from the other.
        """
        if self._put("INSERT INTO spooled (sku, image, unresolved, hebrew, data) VALUES (?, ?, ?, ?, ?) "
                     "ON CONFLICT (sku) DO NOTHING", row, hebrew):  # fmt: skip
            return None
        ((data,),) = self._rows.execute("SELECT data FROM spooled WHERE sku = ?", (row.sku,))
        stays, goes = _unpacked(data), row
        if stays.price is None and row.price is not None:
            stays, goes = goes, stays
        lacking = {name: getattr(goes, name) for name in _TAKEN if not getattr(stays, name) and getattr(goes, name)}
        if stays.stock is None and goes.stock is not None:
            lacking["stock"] = goes.stock
        merged = replace(stays, **lacking)
        self._put("REPLACE INTO spooled (n, sku, image, unresolved, hebrew, data) VALUES "
                  "((SELECT n FROM spooled WHERE sku = ?1), ?1, ?2, ?3, ?4, ?5)", merged, hebrew)  # fmt: skip
        return Double(stays, goes, list(lacking))

    def count_unpriced_in(self, currency: str) -> None:
        """Set the currency of rows without a price."""
        places = {name: _NAMES.index(name) for name in ("price", "currency")}
        self._rows.execute(
            f"UPDATE spooled SET data = json_set(data, '$[{places['currency']}]', ?) "
            f"WHERE json_extract(data, '$[{places['price']}]') IS NULL",
            [currency],
        )

    def _put(self, statement: str, row: Row, hebrew: bool) -> bool:
        written = self._rows.execute(statement, (row.sku, bool(row.image), row.unresolved, hebrew, _packed(row)))
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
    return json.dumps(values)


def _unpacked(data: str) -> Row:
    values: list[Any] = json.loads(data)
    for place in _AMOUNTS:
        values[place] = None if values[place] is None else Decimal(values[place])
    return Row(*values)
