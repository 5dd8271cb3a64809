"""Records with the shop's own column names: the common result of all formats."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from catalog.language.text import words
from shopmcp.errors import ShopError

# The names of each column, as `spelled` returns them; the first one with a value wins.
_NAMES = {
    "sku": ("sku", "id", "itemid", "productid", "variantsku", "code", "itemcode", "productcode", "offerid", "מקט"),
    "name": ("name", "title", "productname", "itemname", "producttitle", "שם", "שםמוצר", "שםהמוצר"),
    "description": (
        "description", "longdescription", "bodyhtml", "body", "productdescription", "shortdescription", "תיאור",
    ),
    "category": (
        "category", "productcategory", "producttype", "categories", "googleproductcategory", "קטגוריה", "מחלקה",
    ),
    "brand": ("brand", "manufacturer", "vendor", "brands", "מותג", "יצרן"),
    "price": ("price", "unitprice", "regularprice", "variantprice", "מחיר"),
    "sale_price": ("saleprice", "specialprice", "מחירמבצע"),
    "sale_dates": ("salepriceeffectivedate",),
    "former_price": ("formerprice", "compareatprice", "variantcompareatprice", "originalprice", "oldprice", "מחירקודם"),
    "currency": ("currency", "currencycode", "pricecurrency", "מטבע"),
    "image": ("image", "imageurl", "imagelink", "imagesrc", "images", "picture", "photo", "תמונה"),
    "url": ("url", "link", "producturl", "permalink", "קישור"),
    "stock": ("stock", "quantity", "inventory", "qty", "stockquantity", "inventoryquantity", "מלאי", "כמות"),
    "available": ("available", "availability", "instock", "stockstatus", "זמין"),
    "barcode": ("barcode", "gtin", "ean", "upc", "gtin13", "ean13", "isbn", "gtinupceanorisbn", "ברקוד"),
    "group_id": ("groupid", "itemgroupid", "group", "parentid"),
    "options": ("options", "variantdict"),
    "eligible": ("enablesearch", "iseligiblesearch"),
}  # fmt: skip
_COLUMNS = {name: (column, rank) for column, names in _NAMES.items() for rank, name in enumerate(names)}
# Columns that hold one option each, and the name of the option.
_OPTIONS = {
    "color": "Color", "colour": "Color", "size": "Size", "material": "Material", "pattern": "Pattern", "צבע": "צבע",
    "מידה": "מידה", "גודל": "גודל",
}  # fmt: skip


class Unreadable(ShopError):
    """The whole file cannot be read; none of its entries counts."""

    code = "unreadable"


class RowRefused(Exception):
    """The row cannot become a product; the message is the reason."""


class RowSkipped(Exception):
    """The shop itself does not offer this row; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Record:
    """One product from the file: values by column, not yet checked.

    Values are text or JSON values with numbers as Decimal. `line` counts from 1.
    """

    line: int
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that cannot become a product, and the reason; `sku` if it is known."""

    line: int
    reason: str
    sku: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that the shop itself does not offer, such as a draft; it is not an error."""

    line: int
    reason: str
    sku: str = ""


FeedEntry = Record | Refused | Skipped


@lru_cache(maxsize=4096)
def column_of(name: str) -> tuple[str, int] | None:
    """Return the shop's column for a name in a file, with the rank of that name (0 is best), or None."""
    return _COLUMNS.get(spelled(name))


@lru_cache(maxsize=4096)
def spelled(name: str) -> str:
    """Return a column's name in lower case, without spaces, signs, the prefix `g:` and text in brackets."""
    plain = name.strip().removeprefix("g:").split("(")[0]
    return "".join(words(plain[:100]))


def named_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of known columns, by the shop's own column names.

    Colour, size and similar columns are collected in `options`.
    """
    best: dict[str, tuple[int, Any]] = {}
    options: dict[str, str] = {}
    for name, value in fields.items():
        if is_blank(value):
            continue
        if found := column_of(name):
            if found[0] not in best or found[1] < best[found[0]][0]:
                best[found[0]] = (found[1], value)
        elif isinstance(value, str) and (option := _OPTIONS.get(spelled(name))):
            options.setdefault(option, value)
    named = {column: value for column, (_, value) in best.items()}
    if options and "options" not in named:
        named["options"] = options
    return named


def is_blank(value: Any) -> bool:
    """Whether a value is null, blank text, or an empty list or object."""
    return value is None or value in ("", [], {}) or (isinstance(value, str) and not value.strip())


def text_of(fields: Mapping[str, Any], column: str) -> str:
    """Return the text of a column; of a list of pictures or categories, the first.

    Raises:
        RowRefused: If it is neither text nor a number.
    """
    value = fields.get(column, "")
    if isinstance(value, list) and value and column in ("image", "category"):
        value = value[0]
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal) and value.is_finite() and abs(value) < Decimal(10) ** 64:
        return f"{value:f}"
    raise RowRefused(_("its %(column)s is not text") % {"column": column})
