"""Prices as shops write them: currency codes and signs, prices before tax, sales with dates."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from html import unescape
from typing import Any

from babel.numbers import get_currency_precision
from django.utils.translation import gettext as _

from catalog.feeds.amounts import WESTERN, Evidence, Unclear, amount_of
from catalog.feeds.dates import NoDate, moment_of, range_of
from catalog.feeds.field_names import PRICES
from catalog.feeds.locales import writes_comma
from catalog.feeds.names import is_blank
from catalog.feeds.reading import Reading
from catalog.feeds.records import PriceRefused, RowRefused, text_of
from catalog.feeds.words import hides
from catalog.language.text import clean
from shopmcp.money import is_currency

# Cached: each look-up searches the list of all currencies.
_is_known = lru_cache(maxsize=256)(is_currency)
_precision = lru_cache(maxsize=256)(get_currency_precision)
# Signs and words for currencies, without points, quotation marks and spaces; "" names none.
_SIGNS = {
    "₪": "ILS", "nis": "ILS", "שח": "ILS", "שקל": "ILS", "שקלים": "ILS", "ש": "ILS", "€": "EUR", "euro": "EUR",
    "euros": "EUR", "£": "GBP", "us$": "USD", "ca$": "CAD", "c$": "CAD", "a$": "AUD", "au$": "AUD", "nz$": "NZD",
    "hk$": "HKD", "s$": "SGD", "r$": "BRL", "zł": "PLN", "zl": "PLN", "kč": "CZK", "ft": "HUF", "lei": "RON",
    "лв": "BGN", "₽": "RUB", "руб": "RUB", "р": "RUB", "рублей": "RUB", "₴": "UAH", "грн": "UAH", "₺": "TRY",
    "tl": "TRY", "₹": "INR", "rs": "INR", "₩": "KRW", "฿": "THB", "₫": "VND", "fr": "CHF", "sfr": "CHF",
    "دإ": "AED", "رس": "SAR",
    "rp": "IDR", "rm": "MYR", "원": "KRW", "s/": "PEN",
    "nt$": "TWD", "mx$": "MXN", "₱": "PHP", "₦": "NGN", "₸": "KZT", "тг": "KZT", "₾": "GEL", "₼": "AZN", "lv": "BGN",
    "лева": "BGN", "din": "RSD", "дин": "RSD", "جم": "EGP", "دك": "KWD", "رق": "QAR", "درهم": "AED", "ريال": "",
    "円": "JPY", "元": "CNY", "$": "", "¥": "", "￥": "", "kr": "", "dollars": "",
}  # fmt: skip
# The point of `Rs.500` belongs to the word before it; that of `$.50` to the amount.
_PRICE = re.compile(r"([^0-9,-]*?)(-?(?:(?<![^\W\d_])\.)?[0-9][0-9., ']*)([^0-9]*)")
# `12,-`, `12.–`, `12:-` and `12/-` have no decimals.
_DASHED = re.compile(r"(?<=[0-9])[.,:/] ?[-–—]{1,2}(?![0-9])")
# Of a currency without decimals; `1.000` may still be one with three zeros behind it.
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}\.(?!000)[0-9]{3}")
_OPEN_POINT = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}")
_OPEN_COMMA = re.compile(r"-?[1-9][0-9]{0,2},[0-9]{3}")
# What exports and people write for no price.
_NONE = re.compile(r"n\.?/?a\.?|null|none|nil|[-–—]+", re.IGNORECASE)
_CODE = re.compile("[A-Z]{3}")
_ANY_CODE = re.compile("[A-Za-z]{3}")
_CODED = re.compile(r"[A-Z]{3}\.")
# “From” before a price, which is then the lowest of several.
_FROM = re.compile(
    r"(?:from|starting(?: at| from)?|as low as|ab|à partir de|a partir de|dès|desde|da|od|vanaf|fra|från|alk|от|від|از"
    r"|החל מ|ابتداء من)\b[ .:־-]*\W*(?:[^\W\d_]{1,4}\W*)?",
    re.IGNORECASE,
)
# Marks of a footnote, such as one about shipping.
_FOOTNOTE = re.compile(r"[\s*†‡]*[*†‡][\s*†‡]*$")
_TOO_DEAR = Decimal(10) ** 9


class BeforeTax(ValueError):
    """The prices of the file are before tax, and nobody said what to add."""


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of a row, all in `currency`; `sale_price` counts from `sale_begins` until `sale_ends`."""

    price: Decimal | None
    former_price: Decimal | None
    sale_price: Decimal | None
    sale_begins: datetime | None
    sale_ends: datetime | None
    currency: str


def prices(fields: Mapping[str, Any], reading: Reading, warn: Callable[[str], object]) -> Prices:
    """Return the prices of a row.

    A reduction without dates is the price, and the price before it the former price. A sale has a date at least.

    Raises:
        RowRefused: With the reason, if a price or a currency is not valid.
        BeforeTax: If the only price is one before tax, and `reading.add_tax` is not known.
    """
    column = next((name for name in PRICES if not is_blank(fields.get(name))), "price")
    tax = reading.add_tax if column != "gross_price" else None
    if column == "net_price" and tax is None:
        raise BeforeTax
    try:
        price, currency = _price(fields, column, reading.currency, reading, tax)
    except PriceRefused as refusal:
        reading.unread_prices += 1
        reading.unread_price = reading.unread_price or text_of(fields, column)
        if not reading.allow_unpriced:
            raise
        warn(_("it is shown without a price: %(reason)s") % {"reason": refusal})
        price, currency = None, reading.currency
    if price is not None and _is_by_contract(fields, price):
        warn(_("it is shown without a price: what it costs is paid monthly or with a contract"))
        price = None
    former, former_currency = _optional(fields, "former_price", currency, reading, tax, warn)
    sale, sale_currency = _optional(fields, "sale_price", currency, reading, tax, warn)
    begins = ends = None
    if price is None or sale is None or not 0 < sale < price or sale_currency != currency or _is_off(fields):
        sale = None
    else:
        try:
            begins, ends = _dates(fields, reading)
            if begins and ends and begins >= ends:
                raise NoDate(_("it ends before it begins"))
        except NoDate as error:
            warn(_("its sale is off, because its dates cannot be read: %(dates)s") % {"dates": str(error)[:80]})
            sale = None
    if price is not None and sale is not None and begins is None and ends is None:
        price, former, former_currency, sale = sale, price, currency, None
    if price is None or former is None or former <= price or former_currency != currency:
        former = None
    return Prices(price, former, sale, begins if sale else None, ends if sale else None, currency)


def _is_by_contract(fields: Mapping[str, Any], price: Decimal) -> bool:
    """Whether the price is not all that a buyer pays: the rest is in instalments or in a contract."""
    paid = [name for name in ("installment", "subscription_cost") if re.search("[1-9]", str(fields.get(name, "")))]
    return "subscription_cost" in paid or (price == 0 and bool(paid))


def _is_off(fields: Mapping[str, Any]) -> bool:
    """Whether the row says that its sale price does not count, and has no dates that say when it does."""
    dated = any(not is_blank(fields.get(name)) for name in ("sale_dates", "sale_begins", "sale_ends"))
    return not dated and not is_blank(fields.get("on_sale")) and hides("published", fields["on_sale"])


def names_currency(fields: Mapping[str, Any]) -> bool:
    """Whether a row with a price names its currency."""
    if text_of(fields, "currency").strip():
        return True
    value = next((fields[name] for name in PRICES if not is_blank(fields.get(name))), "")
    if not isinstance(value, str) or not (found := _PRICE.fullmatch(_unquoted(value))):
        return False
    return bool(_code(found[1]) or _code(found[3]))


def _optional(
    fields: Mapping[str, Any],
    column: str,
    currency: str,
    reading: Reading,
    tax: Decimal | None,
    warn: Callable[[str], object],
) -> tuple[Decimal | None, str]:
    """A price beside the price; one that is not understood does not count, with a warning."""
    if column not in fields:
        return None, currency
    try:
        return _price(fields, column, currency, reading, tax)
    except PriceRefused as refusal:
        warn(_("its %(column)s does not count: %(reason)s") % {"column": column, "reason": refusal})
        return None, currency


def _price(
    fields: Mapping[str, Any], column: str, currency: str, reading: Reading, tax: Decimal | None
) -> tuple[Decimal | None, str]:
    own = clean(text_of(fields, "currency"), 20).upper() if "currency" in fields else ""
    own = _SIGNS.get(own.lower(), own)
    value = fields.get(column, "")
    if isinstance(value, Decimal):
        price: Decimal | None = value
    elif isinstance(value, str):
        price, written = _written_price(value, own or currency, reading)
        if own and written and own != written:
            raise RowRefused(_("its price and its currency name two currencies"))
        own = own or written
    else:
        raise RowRefused(_("its price is not a number"))
    if own and not _is_known(own):
        raise PriceRefused(_("its currency “%(code)s” is none that ISO 4217 knows") % {"code": own})
    currency = own or currency
    if price is None:
        return None, currency
    if not price.is_finite():
        raise RowRefused(_("its price is not a number"))
    if price < 0:
        raise RowRefused(_("its price is negative"))
    if price >= _TOO_DEAR:
        raise RowRefused(_("its price is too large"))
    if tax is not None:
        price *= 1 + tax / 100
    rounded = round_half_up(price, currency)
    if rounded != price and tax is None:
        reading.rounded += 1
    return rounded + 0, currency  # + 0 turns -0 into 0


def round_half_up(amount: Decimal, currency: str) -> Decimal:
    """Return the amount with the decimals of its currency."""
    return amount.quantize(Decimal(1).scaleb(-_precision(currency)), ROUND_HALF_UP)


def _written_price(text: str, currency: str, reading: Reading) -> tuple[Decimal | None, str]:
    """The amount and the currency of `9.90`, `₪9.90`, `79.99 USD` and other spellings."""
    text = _unquoted(text)
    if not text or _NONE.fullmatch(text):
        return None, ""
    if found := _PRICE.fullmatch(text):
        before, after = _code(found[1]), _code(found[3])
        if _CODED.fullmatch(found[1]):
            before = None  # `USD.50` may be half a dollar
        if before is not None and after is not None and (before == after or not (before and after)):
            code = before or after
            places = _precision(code or currency) if _is_known(code or currency) else 2
            written = found[2].strip()
            evidence = _noted(written, code or currency, places, reading)
            try:
                amount = amount_of(written, reading.style, evidence)
            except Unclear:
                raise PriceRefused(
                    _("its price “%(price)s” may be thousands or decimals: say which with --decimal")
                    % {"price": text[:40]}
                ) from None
            if amount is not None:
                return amount, code
        if _FROM.fullmatch(found[1]) or "から" in found[3] or "起" in found[3]:
            raise PriceRefused(
                _(
                    "its price “%(price)s” says where prices begin, and not what it costs: "
                    "give it, or each of its variants, one price"
                )
                % {"price": text[:40]}
            )
    raise PriceRefused(_("its price “%(price)s” is not a number") % {"price": text[:40]})


def _noted(written: str, currency: str, places: int, reading: Reading) -> Evidence | None:
    """What the amount may add its signs to, after what its currency says of them; None if it may not."""
    found = reading.amounts
    if places == 0 and _THOUSANDS.fullmatch(written):
        found.groups_point += 1
    if places == 3 and _OPEN_POINT.fullmatch(written):
        # Three decimals are no riddle in a currency that has three.
        found.point, found.many_point = found.point + 1, found.many_point + 1
        return None
    if "," in written and _OPEN_COMMA.fullmatch(written) and not reading.style.only:
        found.many_comma += places == 3
        if places == 0:
            found.groups_comma += 1
        elif writes_comma(currency):
            found.doubtful_comma += 1
            found.example = found.example or written
    return found


def _unquoted(text: str) -> str:
    if text.isascii() and text.replace(".", "", 1).isdecimal():
        return text
    text = clean(unescape(text) if "&" in text else text, 200)
    text = _DASHED.sub("", _FOOTNOTE.sub("", text).translate(WESTERN))
    # Quotation marks within words: ש"ח, ש״ח, ש''ח.
    return re.sub(r"(?<=\w)[\"״'`׳]+(?=\w)", "", text) if not text.isascii() else text


def _code(sign: str) -> str | None:
    """The currency that a sign, a word or a code names, "" for none; None if it is not known."""
    if not (sign := sign.strip().strip(" .")):
        return ""
    if sign.upper() == sign and _CODE.fullmatch(sign):
        return _SIGNS.get(sign.lower(), sign)
    known = _SIGNS.get(re.sub("[ .]", "", sign.lower()))
    # `usd` and `Eur`: people write codes in small letters too.
    return known if known is not None or not _ANY_CODE.fullmatch(sign) or not _is_known(sign.upper()) else sign.upper()


def _dates(fields: Mapping[str, Any], reading: Reading) -> tuple[datetime | None, datetime | None]:
    """When the sale begins and ends, by a range in one column or by two columns."""
    if "sale_dates" in fields:
        text = text_of(fields, "sale_dates")
        begins, ends = range_of(text) if text.strip() else ("", "")
    else:
        begins = text_of(fields, "sale_begins") if "sale_begins" in fields else ""
        ends = text_of(fields, "sale_ends") if "sale_ends" in fields else ""
    whole = bool(fields.get("whole_days"))
    start = moment_of(begins, reading, whole_days=whole)
    return start, moment_of(ends, reading, ends=True, whole_days=whole)
