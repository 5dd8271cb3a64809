"""Checks a record and makes it a row as the shop stores it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urljoin

from django.utils.translation import gettext as _

from catalog.feeds.html import plain_text
from catalog.feeds.prices import prices
from catalog.feeds.records import Record, RowRefused, RowSkipped, text_of
from catalog.language.text import clean, clean_paragraphs, is_plain, web_address, words

__all__ = ["Row", "RowRefused", "RowSkipped", "read_row", "read_sku"]

_BARCODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{3,31}")
_MOST_STOCK = 2_147_483_647
_SCHEME = re.compile(r"(?i)[a-z][a-z0-9+.-]*:")
_AVAILABLE = {
    "true", "yes", "y", "1", "in stock", "instock", "available", "preorder", "pre order", "backorder", "back order",
    "onbackorder", "in store", "limited availability", "כן",
}  # fmt: skip
_NOT_AVAILABLE = {
    "false", "no", "n", "0", "out of stock", "outofstock", "sold out", "unavailable", "discontinued", "unknown", "לא",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A product as the shop stores it, without its store."""

    line: int
    sku: str
    name: str
    description: str
    category: str
    brand: str
    price: Decimal | None
    former_price: Decimal | None
    currency: str
    barcode: str
    image: str
    url: str
    stock: int | None
    available: bool
    group_id: str
    options: dict[str, str]
    unresolved: bool = False  # a relative address was left out, because no base URL is known


def read_row(record: Record, *, currency: str, base_url: str) -> Row:
    """Return the row of a record.

    Prices that name no currency are in `currency`. Without a `base_url` relative addresses are left out.

    Raises:
        RowRefused: With the reason.
        RowSkipped: If the row itself says that it must not be shown.
    """
    fields = record.fields
    name = clean(text_of(fields, "name"), 300)
    if not name:
        raise RowRefused(_("it has no name"))
    sku = read_sku(fields)
    if text_of(fields, "eligible").strip().lower() in ("false", "no", "0"):
        raise RowSkipped
    price, former_price, currency = prices(fields, currency)
    image, url = _address(fields, "image", base_url), _address(fields, "url", base_url)
    return Row(
        line=record.line,
        sku=sku,
        name=name,
        description=clean_paragraphs(plain_text(text_of(fields, "description")), 5000),
        category=_category(fields),
        brand=clean(text_of(fields, "brand"), 120),
        price=price,
        former_price=former_price,
        currency=currency,
        barcode=_barcode(fields),
        image=image or "",
        url=url or "",
        stock=_stock(fields),
        available=_available(fields),
        group_id=clean(text_of(fields, "group_id"), 120),
        options=_options(fields),
        unresolved=image is None or url is None,
    )


def read_sku(fields: Mapping[str, Any]) -> str:
    """Return the SKU as written, without surrounding spaces.

    Raises:
        RowRefused: If it is missing, longer than 64 characters, or holds invisible characters.
    """
    sku = text_of(fields, "sku").strip()
    if not sku:
        raise RowRefused(_("it has no SKU"))
    if len(sku) > 64:
        raise RowRefused(_("its SKU is longer than 64 characters"))
    if not is_plain(sku):
        raise RowRefused(_("its SKU holds control or invisible characters"))
    return sku


def _category(fields: Mapping[str, Any]) -> str:
    category = clean(text_of(fields, "category"), 120)
    # A number is an id in Google's taxonomy; it means nothing to people.
    return "" if category.isdecimal() else category


def _barcode(fields: Mapping[str, Any]) -> str:
    """The barcode without spaces; empty if a spreadsheet has spoiled it, such as 7.29E+12."""
    barcode = clean(text_of(fields, "barcode"), 60).replace(" ", "").removeprefix("'")
    return barcode if _BARCODE.fullmatch(barcode) else ""


def _address(fields: Mapping[str, Any], column: str, base_url: str) -> str | None:
    """The absolute address; empty if there is none, None if it is relative and there is no base."""
    text = clean(text_of(fields, column), 3000)
    if not text:
        return ""
    if text.startswith("//"):
        text = f"https:{text}"
    if not _SCHEME.match(text):
        if not base_url:
            return None
        try:
            text = urljoin(base_url, text)
        except ValueError:
            text = ""
    address = web_address(text)
    if not address or len(address) > 1000:
        raise RowRefused(_("its %(column)s is no http or https address") % {"column": column})
    return address


def _stock(fields: Mapping[str, Any]) -> int | None:
    text = clean(text_of(fields, "stock"), 40)
    if not text:
        return None
    if not re.fullmatch(r"-?[0-9]{1,18}(\.0+)?", text):
        raise RowRefused(_("its stock “%(stock)s” is not a whole number") % {"stock": text})
    # A shop that sells more than its stock exports a negative count.
    count = max(0, int(text.split(".")[0]))
    if count > _MOST_STOCK:
        raise RowRefused(_("its stock is too large"))
    return count


def _available(fields: Mapping[str, Any]) -> bool:
    said = " ".join(words(text_of(fields, "available")))
    if said in _NOT_AVAILABLE:
        return False
    if said and said not in _AVAILABLE:
        raise RowRefused(_("its availability “%(said)s” is not understood") % {"said": said[:40]})
    return True


def _options(fields: Mapping[str, Any]) -> dict[str, str]:
    value = fields.get("options", {})
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    if not isinstance(value, dict) or not all(isinstance(entry, str) for entry in value.values()):
        raise RowRefused(_("its options are no object of names and texts"))
    pairs = ((clean(name, 40), clean(entry, 80)) for name, entry in value.items())
    return {name: entry for name, entry in list(pairs)[:10] if name and entry}
