"""Amounts and how people write them."""

import re
from decimal import ROUND_HALF_UP, Decimal
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
    """Return the amount in both forms, rounded to the currency's own decimals.

    Remembered, because formatting costs more than reading a cart does.
    """
    places = Decimal(1).scaleb(-get_currency_precision(currency))
    rounded = amount.quantize(places, ROUND_HALF_UP)
    written = format_currency(rounded, currency, locale=_locale(locale))
    written = _CODE_BEFORE_FIGURES.sub(" ", _SPACES.sub(" ", _MARKS.sub("", written)))
    return Money(amount=str(rounded), formatted=written)


def _locale(name: str) -> Locale:
    """The locale of that name, written `pt-BR` or `pt_BR`; English where nobody writes amounts that way."""
    try:
        return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")
