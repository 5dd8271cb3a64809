"""How much one piece of a product weighs or holds, as its name says, and what is sold by weight."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from catalog.language.inflection import amounts
from catalog.language.text import words

# By base unit: the unit of comparison, and how many base units it has.
_COMPARED: dict[str, tuple[Literal["kg", "l"], int]] = {"g": ("kg", 1000), "mg": ("kg", 1_000_000), "ml": ("l", 1000)}
# A price for one kilo or litre; words are folded, so ק"ג is קג.
_PER = re.compile(r"(?:\bper (kg|kilo|kilogram|l|litre|liter)\b|(?<!\w)ל ?(?:1 )?(קג|קילו|קילוגרם|ליטר)(?!\w))")
_LITRES = ("l", "litre", "liter", "ליטר")
_BY_WEIGHT = re.compile(r"(?<!\w)(?:במשקל|לפי משקל|בתפזורת|by weight|in bulk|bulk|sold loose)(?!\w)")
_RANGE = re.compile(r"\d\s*[-–—]\s*\d+(?:[.,]\d+)?\s*[^\W\d]")


@dataclass(frozen=True, slots=True)
class Measure:
    """How many kilos or litres one piece is."""

    size: Decimal
    unit: Literal["kg", "l"]

    @property
    def is_one(self) -> bool:
        return self.size == 1


@lru_cache(maxsize=8192)
def measure_of(*texts: str) -> Measure | None:
    """Return the measure that the first of these texts with an amount states; None for none, or for several at once."""
    for text in texts:
        if per := _PER.search(" ".join(words(text))):
            return Measure(Decimal(1), "l" if (per[1] or per[2]) in _LITRES else "kg")
        if found := {(amount, unit) for amount, unit in amounts(text) if unit in _COMPARED}:
            if len(found) > 1 or _RANGE.search(text):
                return None
            ((amount, base),) = found
            unit, whole = _COMPARED[base]
            return Measure(amount / whole, unit) if amount else None
    return None


@lru_cache(maxsize=8192)
def is_by_weight(*texts: str) -> bool:
    """Whether one of these texts says that the product is sold by weight."""
    return any(_BY_WEIGHT.search(" ".join(words(text))) for text in texts)
