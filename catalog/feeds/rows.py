"""Checks a record and makes it a row as the shop stores it."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from html import unescape
from typing import Any
from urllib.parse import urljoin

from django.utils.translation import gettext as _

from catalog.feeds.dates import NoDate, moment_of
from catalog.feeds.html import plain_text
from catalog.feeds.prices import prices
from catalog.feeds.reading import Reading
from catalog.feeds.records import Record, Refused, RowRefused, RowSkipped, text_of
from catalog.feeds.words import available_of, is_beyond_stock, is_hidden, is_shown, stock_of
from catalog.language.text import clean, clean_paragraphs, is_plain, web_address

__all__ = ["Row", "RowRefused", "RowSkipped", "read_row", "read_sku"]

_BARCODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{3,31}")
_EXTERNAL_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
# Shopify's global ids, and the ids in its feeds for Google: country, product and variant.
_GLOBAL_ID = "gid://shopify/ProductVariant/"
_OF_FEED = re.compile(r"shopify_[A-Z]{2}_\d+_(\d+)", re.IGNORECASE)
LONGEST_SKU = 255
# What tables hold for a product that belongs to no other; all of them would be variants of each other.
_NO_GROUP = {"0", "-", "null", "none", "nil", "n/a", "false"}
_LONGEST_CELL = 100_000
_SCHEME = re.compile(r"(?i)[a-z][a-z0-9+.-]*:")


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
    sale_price: Decimal | None
    sale_begins: datetime | None
    sale_ends: datetime | None
    currency: str
    barcode: str
    external_id: str
    image: str
    url: str
    stock: int | None
    available: bool
    group_id: str
    options: dict[str, str]
    expires_at: datetime | None = None  # from this moment on the shop does not offer it
    unresolved: bool = False  # a relative address was left out, because no base URL is known


def read_row(record: Record, reading: Reading) -> Row:
    """Return the row of a record.

    Without a base for addresses relative ones are left out.

    Raises:
        RowRefused: With the reason.
        RowSkipped: If the row itself says that it must not be shown.
        NotUnderstood: If what it says about that is not known.
        BeforeTax: If its only price is one before tax.
    """
    fields = record.fields
    name = _plain(text_of(fields, "name"), 300)
    if not name:
        raise RowRefused(_("it has no name"))
    sku = read_sku(fields)
    if "\ufffd" in name or "\ufffd" in sku:
        raise RowRefused(_("it holds characters that cannot be read"))

    def warn(reason: str) -> None:
        reading.warnings.append(Refused(record.line, reason, sku))

    if not _is_offered(fields):
        raise RowSkipped
    expires = _expires(fields, reading, warn) if "expires" in fields else None
    if expires is not None and expires <= reading.now:
        reading.expired += 1
        raise RowSkipped
    _tell_overlong(fields, warn)
    found = prices(fields, reading, warn)
    image, url = _address(fields, "image", reading.base_url), _address(fields, "url", reading.base_url)
    stock, stocked = stock_of(fields, reading)
    said = available_of(fields)
    if stock == 0 and is_beyond_stock(fields):
        stock = None
    return Row(
        line=record.line,
        sku=sku,
        name=name,
        description=_description(text_of(fields, "description")),
        category=_category(fields),
        brand=_plain(text_of(fields, "brand"), 120),
        price=found.price,
        former_price=found.former_price,
        sale_price=found.sale_price,
        sale_begins=found.sale_begins,
        sale_ends=found.sale_ends,
        currency=found.currency,
        barcode=_barcode(fields),
        external_id=_external_id(fields, sku),
        image=image or "",
        url=url or "",
        stock=stock,
        available=said if said is not None else stocked is not False,
        group_id=_group(fields.get("group_id", "")),
        options=_options(fields),
        expires_at=expires,
        unresolved=image is None or url is None,
    )


def read_sku(fields: Mapping[str, Any]) -> str:
    """Return the SKU as written, without surrounding spaces.

    Raises:
        RowRefused: If it is missing, longer than 255 characters, or holds invisible characters.
    """
    sku = text_of(fields, "sku").strip()
    if not sku:
        raise RowRefused(_("it has no SKU"))
    if len(sku) > LONGEST_SKU:
        raise RowRefused(_("its SKU is longer than 255 characters"))
    if not is_plain(sku):
        raise RowRefused(_("its SKU holds control or invisible characters"))
    return sku


def _plain(text: str, limit: int) -> str:
    """The text on one line, with entities such as `&amp;` as the characters that they stand for."""
    return clean(unescape(text) if "&" in text else text, limit)


def _is_offered(fields: Mapping[str, Any]) -> bool:
    """Whether the shop itself offers the product."""
    if text_of(fields, "eligible").strip().lower() in ("false", "no", "0"):
        return False
    if "published" in fields and not is_shown(fields["published"]):
        return False
    return not ("hidden" in fields and is_hidden(fields["hidden"]))


def _expires(fields: Mapping[str, Any], reading: Reading, warn: Callable[[str], object]) -> datetime | None:
    """The first moment at which the feed no longer offers the product; a day counts to its end."""
    text = text_of(fields, "expires")
    try:
        return moment_of(text, reading, ends=True)
    except NoDate:
        warn(_("its expiration date “%(date)s” cannot be read, and does not count") % {"date": clean(text, 40)})
        return None


def _tell_overlong(fields: Mapping[str, Any], warn: Callable[[str], object]) -> None:
    for column, value in fields.items():
        if isinstance(value, str) and len(value) > _LONGEST_CELL:
            reason = _("its %(column)s has more than 100,000 characters, and its end was left out")
            warn(reason % {"column": column})


def _description(text: str) -> str:
    return clean_paragraphs(plain_text(text), 5000).replace("\ufffd", "")


def _category(fields: Mapping[str, Any]) -> str:
    category = _plain(text_of(fields, "category"), 120)
    # A number is an id, such as one in Google's taxonomy; it means nothing to people.
    return "" if category.replace(",", "").replace(" ", "").isdecimal() else category


def _external_id(fields: Mapping[str, Any], sku: str) -> str:
    """The id by which the system that wrote the file knows the product; empty if it tells none."""
    value = fields.get("external_id", "")
    told = text_of(fields, "external_id") if isinstance(value, str | int | Decimal) else ""
    written = clean(told, 100).removeprefix("'").removeprefix(_GLOBAL_ID)
    if not written and (found := _OF_FEED.fullmatch(sku)):
        written = found[1]
    return written if _EXTERNAL_ID.fullmatch(written) else ""


def _group(value: Any) -> str:
    """What variants share; of an object, its id."""
    value = value.get("id") if isinstance(value, dict) else value
    group = clean(str(value), 120) if isinstance(value, str | int | Decimal) else ""
    return "" if group.casefold() in _NO_GROUP else group


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


def _options(fields: Mapping[str, Any]) -> dict[str, str]:
    value = fields.get("options", {})
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    if not isinstance(value, dict) or not all(isinstance(entry, str | int | Decimal) for entry in value.values()):
        raise RowRefused(_("its options are no object of names and texts"))
    pairs = ((_plain(name, 40), _plain(text_of(value, name), 80)) for name in value)
    return {name: entry for name, entry in list(pairs)[:10] if name and entry}
