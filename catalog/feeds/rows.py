"""From what a file says of a product to what the shop keeps, or the reason why not."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urljoin

from babel.numbers import get_currency_precision
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.feeds.html import plain_text
from catalog.feeds.records import Record
from catalog.text import clean, clean_paragraphs, is_plain, web_address, words
from shopmcp.money import is_currency

_SYMBOLS = {"₪": "ILS", "NIS": "ILS", "€": "EUR", "£": "GBP"}
_MONEY = r"[A-Z]{3}|[₪€£$]"
_PRICE = re.compile(rf"({_MONEY})?\s*(-?[0-9.,][0-9., ']*)\s*({_MONEY})?")
# Amounts as people write them, and the signs to drop and the sign to read as a point.
_PLAIN = re.compile(r"-?(?:[0-9]+\.?|[0-9]*\.[0-9]+)")
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:([, '])[0-9]{3})(?:\1[0-9]{3})*(?:\.[0-9]+)?")
_GROUPED_COMMA = re.compile(r"-?[0-9]{1,3}(?:([. '])[0-9]{3})(?:\1[0-9]{3})*,[0-9]{1,3}")
_GROUPED_POINTS = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{3}){2,}")
_DECIMAL_COMMA = re.compile(r"-?[0-9]*,[0-9]{1,2}")
_BARCODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{3,31}")
_DATES = re.compile(r"([0-9T:.+Z-]{8,35})\s*/\s*([0-9T:.+Z-]{8,35})")
_TOO_DEAR = Decimal(10) ** 9
_MOST_STOCK = 2_147_483_647
_SCHEME = re.compile(r"(?i)[a-z][a-z0-9+.-]*:")
_AVAILABLE = {
    "true",
    "yes",
    "y",
    "1",
    "in stock",
    "instock",
    "available",
    "preorder",
    "pre order",
    "backorder",
    "back order",
    "onbackorder",
    "in store",
    "limited availability",
    "כן",
}
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
    "unknown",
    "לא",
}


class RowRefused(Exception):
    """This row cannot become a product; the message is the reason."""


class RowSkipped(Exception):
    """The shop keeps this row off its shelves; the message says how."""


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
    former_price: Decimal | None
    currency: str
    barcode: str
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
        RowSkipped: If the row says that it is not to be shown.
    """
    fields = record.fields
    name = clean(_text(fields, "name"), 300)
    if not name:
        raise RowRefused(_("it has no name"))
    sku = read_sku(fields)
    if _text(fields, "eligible").strip().lower() in ("false", "no", "0"):
        raise RowSkipped(_("it is not meant to be found in chats"))
    price, former_price, currency = _prices(fields, currency)
    image, url = _address(fields, "image", base_url), _address(fields, "url", base_url)
    return Row(
        line=record.line,
        sku=sku,
        name=name,
        description=clean_paragraphs(plain_text(_text(fields, "description")), 5000),
        category=_category(fields),
        brand=clean(_text(fields, "brand"), 120),
        price=price,
        former_price=former_price,
        currency=currency,
        barcode=_barcode(fields),
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


def _prices(fields: Mapping[str, Any], currency: str) -> tuple[Decimal | None, Decimal | None, str]:
    """Today's price, what it was before where it is reduced, and the currency of both."""
    price, currency = _price(fields, "price", currency)
    former, former_currency = _price(fields, "former_price", currency)
    sale, sale_currency = _price(fields, "sale_price", currency) if _is_now(fields) else (None, currency)
    if price is not None and sale is not None and 0 < sale < price and sale_currency == currency:
        price, former = sale, price
    if price is None or former is None or former <= price or former_currency != currency:
        former = None
    return price, former, currency


def _price(fields: Mapping[str, Any], column: str, currency: str) -> tuple[Decimal | None, str]:
    own = clean(_text(fields, "currency"), 20).upper()
    own = _SYMBOLS.get(own, own)
    value = fields.get(column, "")
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
    """Read `9.90`, `.5`, `9,90`, `1,234.50`, `1.234,50`, `1 234,50`, `₪9.90` and `79.99 USD`: amount and currency."""
    text = clean(text, 200).replace('ש"ח', "₪").replace("ש״ח", "₪").replace("US$", "USD ")
    if not text:
        return None, ""
    if found := _PRICE.fullmatch(text):
        amount = _amount(found[2].strip().replace("’", "'"))
        if amount is not None and not (found[1] and found[3]):
            sign = found[1] or found[3] or ""
            return amount, "" if sign == "$" else _SYMBOLS.get(sign, sign)
    raise RowRefused(_("its price “%(price)s” is not a number") % {"price": text[:40]})


def _amount(written: str) -> Decimal | None:
    if _PLAIN.fullmatch(written):
        return Decimal(written)
    if _GROUPED.fullmatch(written):
        return Decimal(re.sub("[, ']", "", written))
    if _GROUPED_COMMA.fullmatch(written):
        return Decimal(re.sub("[. ']", "", written).replace(",", "."))
    if _GROUPED_POINTS.fullmatch(written):
        return Decimal(written.replace(".", ""))
    return Decimal(written.replace(",", ".")) if _DECIMAL_COMMA.fullmatch(written) else None


def _is_now(fields: Mapping[str, Any]) -> bool:
    """Whether a sale is on: always, unless its dates are given as Google writes them, `start/end`."""
    if not (found := _DATES.fullmatch(clean(_text(fields, "sale_dates"), 80))):
        return True
    try:
        start, end = (datetime.fromisoformat(text) for text in found.groups())
    except ValueError:
        return True
    start, end = (moment if moment.tzinfo else moment.replace(tzinfo=UTC) for moment in (start, end))
    return start <= timezone.now() <= end


def _category(fields: Mapping[str, Any]) -> str:
    category = clean(_text(fields, "category"), 120)
    # Google's own taxonomy by its number says nothing to people.
    return "" if category.isdecimal() else category


def _barcode(fields: Mapping[str, Any]) -> str:
    """The barcode without spaces; what a spreadsheet has spoiled, such as 7.29E+12, is none."""
    barcode = clean(_text(fields, "barcode"), 60).replace(" ", "").removeprefix("'")
    return barcode if _BARCODE.fullmatch(barcode) else ""


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
