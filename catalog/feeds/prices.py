"""Prices as shops write them: spellings of amounts, currency codes and signs, sales with dates."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.numbers import get_currency_precision
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.feeds.records import RowRefused, text_of
from catalog.language.text import clean
from shopmcp.money import is_currency

# Cached: each look-up searches the list of all currencies.
_is_known = lru_cache(maxsize=256)(is_currency)
_SYMBOLS = {"₪": "ILS", "NIS": "ILS", "€": "EUR", "£": "GBP"}
_MONEY = r"[A-Z]{3}|[₪€£$]"
_PRICE = re.compile(rf"({_MONEY})?\s*(-?[0-9.,][0-9., ']*)\s*({_MONEY})?")
# Spellings of amounts: plain, grouped, grouped with decimal comma, grouped by points, decimal comma.
_PLAIN = re.compile(r"-?(?:[0-9]+\.?|[0-9]*\.[0-9]+)")
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:([, '])[0-9]{3})(?:\1[0-9]{3})*(?:\.[0-9]+)?")
_GROUPED_COMMA = re.compile(r"-?[0-9]{1,3}(?:([. '])[0-9]{3})(?:\1[0-9]{3})*,[0-9]{1,3}")
_GROUPED_POINTS = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{3}){2,}")
_DECIMAL_COMMA = re.compile(r"-?[0-9]*,[0-9]{1,2}")
_DATES = re.compile(r"([0-9T:.+Z-]{8,35})\s*/\s*([0-9T:.+Z-]{8,35})")
_TOO_DEAR = Decimal(10) ** 9


def prices(fields: Mapping[str, Any], currency: str) -> tuple[Decimal | None, Decimal | None, str]:
    """Return today's price, the former price if it is reduced, and the currency of both.

    Raises:
        RowRefused: With the reason, if a price or a currency is not valid.
    """
    price, currency = _price(fields, "price", currency)
    former, former_currency = _price(fields, "former_price", currency)
    sale, sale_currency = _price(fields, "sale_price", currency) if _is_now(fields) else (None, currency)
    if price is not None and sale is not None and 0 < sale < price and sale_currency == currency:
        price, former = sale, price
    if price is None or former is None or former <= price or former_currency != currency:
        former = None
    return price, former, currency


def names_currency(fields: Mapping[str, Any]) -> bool:
    """Whether a row with a price names its currency."""
    if text_of(fields, "currency").strip():
        return True
    value = fields.get("price", "")
    return isinstance(value, str) and bool(_written_price(value)[1])


def _price(fields: Mapping[str, Any], column: str, currency: str) -> tuple[Decimal | None, str]:
    own = clean(text_of(fields, "currency"), 20).upper()
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
    if own and not _is_known(own):
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
    return round(price, places) + 0, currency  # + 0 turns -0 into 0


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
    """Whether a sale is on now; without dates in Google's form `start/end` it always is."""
    if not (found := _DATES.fullmatch(clean(text_of(fields, "sale_dates"), 80))):
        return True
    try:
        start, end = (datetime.fromisoformat(text) for text in found.groups())
    except ValueError:
        return True
    start, end = (moment if moment.tzinfo else moment.replace(tzinfo=UTC) for moment in (start, end))
    return start <= timezone.now() <= end
