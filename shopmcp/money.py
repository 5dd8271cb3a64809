"""Amounts of money, as numbers and as people write them."""

import re
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency, get_currency_precision, list_currencies
from pydantic import BaseModel, ConfigDict, Field

# Babel adds direction marks and no-break spaces to Hebrew and Arabic amounts, and chats show them as characters.
# Amounts carry neither; pages isolate them with <bdi>.
_MARKS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_SPACES = re.compile("[\u00a0\u202f]")
# Babel writes KWD1.234; CLDR wants a space between a code and its digits.
_CODE_BEFORE_FIGURES = re.compile(r"(?<=[A-Z]{3})(?=\d)")


class Money(BaseModel):
    """An amount of money, for machines and for people."""

    model_config = ConfigDict(frozen=True)

    amount: str = Field(description="Decimal amount with a point, such as 9.90.")
    formatted: str = Field(description="The amount as people of the store's locale write it.")


def is_currency(code: str) -> bool:
    """Whether this is an ISO 4217 code such as ILS."""
    return code in list_currencies()


def smallest_part(currency: str) -> Decimal:
    """Return the smallest amount of a currency, such as 0.01."""
    return Decimal(1).scaleb(-get_currency_precision(currency))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Return the amount rounded half up to the smallest part of its currency."""
    return amount.quantize(smallest_part(currency), ROUND_HALF_UP)


@lru_cache(maxsize=8192)
def money(amount: Decimal, currency: str, locale: str) -> Money:
    """Return the amount in both forms, rounded to the decimals of the currency."""
    return Money(**money_data(amount, currency, locale))


def money_data(amount: Decimal, currency: str, locale: str) -> dict[str, str]:
    """Return what `money` does, as a dictionary."""
    places, write = _writing(currency, locale)
    rounded = amount.quantize(places, ROUND_HALF_UP)
    return {"amount": str(rounded), "formatted": write(rounded)}


@lru_cache(maxsize=1024)
def _writing(currency: str, locale: str) -> tuple[Decimal, Callable[[Decimal], str]]:
    """Return the currency's smallest part, and a function that writes amounts of it.

    Babel needs 27 µs for an amount, an eighth of a whole `view_cart`, and totals are seldom cached. Where Babel writes
    groups of three digits between a fixed prefix and suffix, the function writes them itself.
    """
    places = smallest_part(currency)
    found = _locale(locale)

    def by_babel(amount: Decimal) -> str:
        written = format_currency(amount, currency, locale=found)
        return _CODE_BEFORE_FIGURES.sub(" ", _SPACES.sub(" ", _MARKS.sub("", written)))

    sample = by_babel(Decimal("1234567.888").quantize(places, ROUND_DOWN))
    shape = re.fullmatch(r"([^0-9]*)1([^0-9]?)234(?:\2)567(?:([^0-9])8+)?([^0-9]*)", sample)
    if shape is None:
        return places, by_babel
    before, group, point, after = shape.groups("")
    separators = str.maketrans({",": group, ".": point})

    def by_hand(amount: Decimal) -> str:
        return f"{before}{f'{amount:,f}'.translate(separators)}{after}"

    # Some locales group only from five digits.
    samples = [Decimal(text).quantize(places) for text in ("0.5", "1234.5", "98765.43")]
    return places, by_hand if all(by_hand(sample) == by_babel(sample) for sample in samples) else by_babel


def _locale(name: str) -> Locale:
    """Return the locale of that name, written `pt-BR` or `pt_BR`; English if Babel does not know it."""
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")
