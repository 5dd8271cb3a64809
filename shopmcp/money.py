"""Amounts and how people write them."""

import re
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.numbers import format_currency, get_currency_precision, list_currencies
from pydantic import BaseModel, ConfigDict, Field

# Babel surrounds Hebrew and Arabic amounts with direction marks and joins them with a no-break space.
# Chats show both as they come, so the amount carries neither; pages isolate it with <bdi>.
_MARKS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_SPACES = re.compile("[\u00a0\u202f]")
# Babel writes KWD1.234; the locale data it draws on wants a space between a code and its figures.
_CODE_BEFORE_FIGURES = re.compile(r"(?<=[A-Z]{3})(?=\d)")


class Money(BaseModel):
    """An amount of money, for machines and for people."""

    model_config = ConfigDict(frozen=True)

    amount: str = Field(description="Decimal amount with a point, such as 9.90.")
    formatted: str = Field(description="The amount as people of the store's locale write it.")


def is_currency(code: str) -> bool:
    """Whether this is an ISO 4217 code such as ILS."""
    return code in list_currencies()


@lru_cache(maxsize=65_536)
def money(amount: Decimal, currency: str, locale: str) -> Money:
    """Return the amount in both forms, rounded to the currency's own decimals."""
    places, write = _writing(currency, locale)
    rounded = amount.quantize(places, ROUND_HALF_UP)
    return Money(amount=str(rounded), formatted=write(rounded))


@lru_cache(maxsize=1024)
def _writing(currency: str, locale: str) -> tuple[Decimal, Callable[[Decimal], str]]:
    """The currency's smallest part, and how amounts of it are written.

    Babel takes longer for one amount than reading a cart does. Where its way of writing is plain figures in groups of
    three between fixed signs, which a few samples show, the figures are put between the signs without it.
    """
    places = Decimal(1).scaleb(-get_currency_precision(currency))
    found = _locale(locale)

    def by_babel(amount: Decimal) -> str:
        written = format_currency(amount, currency, locale=found)
        return _CODE_BEFORE_FIGURES.sub(" ", _SPACES.sub(" ", _MARKS.sub("", written)))

    # Where the sample's figures begin and end, and what separates them.
    sample = by_babel(Decimal("1234567.888").quantize(places, ROUND_DOWN))
    shape = re.fullmatch(r"([^0-9]*)1([^0-9]?)234(?:\2)567(?:([^0-9])8+)?([^0-9]*)", sample)
    if shape is None:
        return places, by_babel
    before, group, point, after = shape[1], shape[2], shape[3] or "", shape[4]
    separators = str.maketrans({",": group, ".": point})

    def by_hand(amount: Decimal) -> str:
        return f"{before}{f'{amount:,f}'.translate(separators)}{after}"

    samples = [Decimal(text).quantize(places) for text in ("0", "0.5", "7.25", "1234.5", "98765.43", "1234567.89")]
    return places, by_hand if all(by_hand(sample) == by_babel(sample) for sample in samples) else by_babel


def _locale(name: str) -> Locale:
    """The locale of that name, written `pt-BR` or `pt_BR`; English where nobody writes amounts that way."""
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")
