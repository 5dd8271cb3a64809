"""Amounts and how people write them."""

import re
from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_currency, get_currency_precision, list_currencies
from pydantic import BaseModel, ConfigDict, Field

# Babel surrounds Hebrew and Arabic amounts with direction marks and joins them with a no-break space.
# Chats show both as they come, so the amount carries neither; pages isolate it with <bdi>.
_MARKS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_SPACES = re.compile("[\u00a0\u202f]")


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
    rounded = amount.quantize(places)
    written = format_currency(rounded, currency, locale=locale)
    return Money(amount=str(rounded), formatted=_SPACES.sub(" ", _MARKS.sub("", written)))
