"""Records with the shop's own column names: the common result of all formats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from catalog.language.text import words
from shopmcp.errors import ShopError

T = TypeVar("T")
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
_COLUMNS = {name: column for column, names in _NAMES.items() for name in names}
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
    """The shop itself does not offer this row."""


@dataclass(frozen=True, slots=True)
class Record:
    """One product from the file, not yet checked."""

    line: int  # from 1
    fields: Mapping[str, Any]  # by column: text, or JSON values with numbers as Decimal


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


FeedEntry = Record | Refused | Skipped


def column_of(name: str) -> str | None:
    """Return the shop's column for a name in a file, or None."""
    return _COLUMNS.get(spelled(name))


@lru_cache(maxsize=4096)
def spelled(name: str) -> str:
    """Return a column's name in lower case, without spaces, signs, the prefix `g:` and text in brackets."""
    plain = name.strip().removeprefix("g:").split("(")[0]
    return "".join(words(plain[:100]))


def by_spelling(fields: Mapping[str, T]) -> dict[str, T]:
    """Return the values that are not blank, by the spelling of their names; the first of a spelling counts."""
    values: dict[str, T] = {}
    for name, value in fields.items():
        if not is_blank(value):
            values.setdefault(spelled(name), value)
    return values


def best_of(values: Mapping[str, T], columns: Mapping[str, Sequence[str]]) -> dict[str, T]:
    """Return the value of each column: that of the first of its spellings that has one."""
    found = ((column, next(filter(values.__contains__, names), None)) for column, names in columns.items())
    return {column: values[name] for column, name in found if name is not None}


def named_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of known columns by the shop's own names; colour, size and the like go into `options`."""
    values = by_spelling(fields)
    named = best_of(values, _NAMES)
    options: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, str) and (option := _OPTIONS.get(name)):
            options.setdefault(option, value)
    return {"options": options, **named} if options else named


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
