"""What every format of product file is read into: records with the shop's own column names."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from catalog.text import words
from shopmcp.errors import ShopError

# Each column's names, spelled without case, spaces, dashes and underscores; the first that holds something wins.
_NAMES = {
    "sku": ("sku", "id", "itemid", "productid", "variantsku", "code", "itemcode", "productcode", "מקט"),
    "name": ("name", "title", "productname", "itemname", "שם", "שםמוצר", "שםהמוצר"),
    "description": ("description", "longdescription", "תיאור"),
    "category": ("category", "productcategory", "producttype", "קטגוריה", "מחלקה"),
    "brand": ("brand", "manufacturer", "vendor", "מותג", "יצרן"),
    "price": ("price", "unitprice", "מחיר"),
    "currency": ("currency", "currencycode", "מטבע"),
    "image": ("image", "imageurl", "imagelink", "imagesrc", "images", "picture", "photo", "תמונה"),
    "url": ("url", "link", "producturl", "permalink", "קישור"),
    "stock": ("stock", "quantity", "inventory", "qty", "stockquantity", "inventoryquantity", "מלאי", "כמות"),
    "available": ("available", "availability", "instock", "זמין"),
    "group_id": ("groupid", "itemgroupid", "group", "parentid"),
    "options": ("options",),
}
_COLUMNS = {name: (column, rank) for column, names in _NAMES.items() for rank, name in enumerate(names)}


class Unreadable(ShopError):
    """The file as a whole cannot be read: nothing of it counts."""

    code = "unreadable"


@dataclass(frozen=True, slots=True)
class Record:
    """One product as the file has it: values by column, not yet checked.

    Values are text, or what JSON knows with numbers as Decimal. `line` counts from 1.
    """

    line: int
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that did not become a product, and why; `sku` where it could be made out."""

    line: int
    reason: str
    sku: str = ""


@lru_cache(maxsize=4096)
def column_of(name: str) -> tuple[str, int] | None:
    """Return the shop's own column for a file's name for it, and how much that name counts (0 most), or None."""
    return _COLUMNS.get("".join(words(name[:100])))


def named_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that mean something to the shop, by its own column names."""
    best: dict[str, tuple[int, Any]] = {}
    for name, value in fields.items():
        if value is None or value in ("", [], {}) or (isinstance(value, str) and not value.strip()):
            continue
        if (found := column_of(name)) and (found[0] not in best or found[1] < best[found[0]][0]):
            best[found[0]] = (found[1], value)
    return {column: value for column, (_, value) in best.items()}
