"""From what a file says of a product to what the shop keeps, or the reason why not."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urljoin

from babel.numbers import get_currency_precision
from django.utils.translation import gettext as _

from catalog.feeds.records import Record
from catalog.text import clean, clean_paragraphs, is_plain, web_address, words
from shopmcp.money import is_currency

_SYMBOLS = {"₪": "ILS", "€": "EUR", "£": "GBP"}
_MONEY = r"[A-Z]{3}|[₪€£$]"
_PRICE = re.compile(rf"({_MONEY})?\s*(-?[0-9][0-9.,]*)\s*({_MONEY})?")
_THOUSANDS = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_DECIMAL_COMMA = re.compile(r"-?[0-9]+,[0-9]{1,2}")
_TOO_DEAR = Decimal(10) ** 9
_MOST_STOCK = 2_147_483_647
_SCHEME = re.compile(r"(?i)[a-z][a-z0-9+.-]*:")
_AVAILABLE = {"true", "yes", "y", "1", "in stock", "instock", "available", "preorder", "pre order", "backorder", "כן"}
_NOT_AVAILABLE = {
    "false",
    "no",
    "n",
    "0",
    "out of stock",
    "outofstock",
    "sold out",
    "unavailable",
    "discontinued",
    "לא",
}


class RowRefused(Exception):
    """This row cannot become a product; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Row:
    """A product as the shop keeps it, without its store.

    `unresolved` says that a relative address was left out, for want of a base.
    """

    line: int
    sku: str
    name: str
    description: str
    category: str
    brand: str
    price: Decimal | None
    currency: str
    image: str
    url: str
    stock: int | None
    available: bool
    group_id: str
    options: dict[str, str]
    unresolved: bool = False


def read_row(record: Record, *, currency: str, base_url: str) -> Row:
    """Return the row of a record.

    Args:
        record: What the file says.
        currency: Of prices that do not name their own.
        base_url: What relative addresses are relative to; without it they are left out.

    Raises:
        RowRefused: With the reason.
    """
    fields = record.fields
    name = clean(_text(fields, "name"), 300)
    if not name:
        raise RowRefused(_("it has no name"))
    sku = read_sku(fields)
    price, currency = _price(fields, currency)
    image, url = _address(fields, "image", base_url), _address(fields, "url", base_url)
    return Row(
        line=record.line,
        sku=sku,
        name=name,
        description=clean_paragraphs(_text(fields, "description"), 5000),
        category=clean(_text(fields, "category"), 120),
        brand=clean(_text(fields, "brand"), 120),
        price=price,
        currency=currency,
        image=image or "",
        url=url or "",
        stock=_stock(fields),
        available=_available(fields),
        group_id=clean(_text(fields, "group_id"), 120),
        options=_options(fields),
        unresolved=image is None or url is None,
    )


def read_sku(fields: Mapping[str, Any]) -> str:
    """Return the SKU as it is written, without the space around it.

    Raises:
        RowRefused: If it is missing, longer than 64 characters, or holds characters that nobody sees.
    """
    sku = _text(fields, "sku").strip()
    if not sku:
        raise RowRefused(_("it has no SKU"))
    if len(sku) > 64:
        raise RowRefused(_("its SKU is longer than 64 characters"))
    if not is_plain(sku):
        raise RowRefused(_("its SKU holds control or invisible characters"))
    return sku


def _text(fields: Mapping[str, Any], column: str) -> str:
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


def _price(fields: Mapping[str, Any], currency: str) -> tuple[Decimal | None, str]:
    own = clean(_text(fields, "currency"), 20).upper()
    own = _SYMBOLS.get(own, own)
    value = fields.get("price", "")
    if isinstance(value, Decimal):
        price: Decimal | None = value
    elif isinstance(value, str):
        price, written = _written_price(value)
        if own and written and own != written:
            raise RowRefused(_("its price and its currency name two currencies"))
        own = own or written
    else:
        raise RowRefused(_("its price is not a number"))
    if own and not is_currency(own):
        raise RowRefused(_("its currency “%(code)s” is none that ISO 4217 knows") % {"code": own})
    currency = own or currency
    if price is None:
        return None, currency
    if not price.is_finite():
        raise RowRefused(_("its price is not a number"))
    if price < 0:
        raise RowRefused(_("its price is negative"))
    if price >= _TOO_DEAR:
        raise RowRefused(_("its price is too large"))
    places = get_currency_precision(currency)
    if price != round(price, places):
        raise RowRefused(_("its price has more decimals than %(code)s has") % {"code": currency})
    return round(price, places) + 0, currency  # adding nothing turns -0 into 0


def _written_price(text: str) -> tuple[Decimal | None, str]:
    """Read `9.90`, `9,90`, `1,234.50`, `₪9.90` and `79.99 USD`: the amount and the currency it names."""
    text = clean(text, 200).replace('ש"ח', "₪").replace("ש״ח", "₪")
    if not text:
        return None, ""
    if found := _PRICE.fullmatch(text):
        written = found[2]
        if _THOUSANDS.fullmatch(written):
            written = written.replace(",", "")
        elif _DECIMAL_COMMA.fullmatch(written):
            written = written.replace(",", ".")
        if "," not in written and written.count(".") <= 1 and not (found[1] and found[3]):
            sign = found[1] or found[3] or ""
            return Decimal(written), "" if sign == "$" else _SYMBOLS.get(sign, sign)
    raise RowRefused(_("its price “%(price)s” is not a number") % {"price": text[:40]})


def _address(fields: Mapping[str, Any], column: str, base_url: str) -> str | None:
    """The absolute address; empty if there is none, None if it is relative to nothing known."""
    text = clean(_text(fields, column), 3000)
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
    text = clean(_text(fields, "stock"), 40)
    if not text:
        return None
    if not re.fullmatch(r"-?[0-9]{1,18}(\.0+)?", text):
        raise RowRefused(_("its stock “%(stock)s” is not a whole number") % {"stock": text})
    # Shops that sell beyond their stock export what they owe as a negative number.
    count = max(0, int(text.split(".")[0]))
    if count > _MOST_STOCK:
        raise RowRefused(_("its stock is too large"))
    return count


def _available(fields: Mapping[str, Any]) -> bool:
    said = " ".join(words(_text(fields, "available")))
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
