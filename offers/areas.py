"""Areas of delivery: lists of postal codes and of cities, as an owner writes them.

A postal code is a text: some begin with 0, some hold letters, and its length differs by country and by year.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from django.utils.translation import gettext

from catalog.language.text import clean, folded
from shopmcp.errors import InvalidArguments

_SEPARATORS = re.compile(r"[,;،\n]+")
_DASHES = re.compile(r"\s*[-‐-―−]\s*")
_CODE = re.compile(r"[A-Z0-9]{1,10}")
_WRITTEN = re.compile(r"[\w\s.]+")
# A shorter text says too little about a place. Iceland's codes have three digits.
_SHORTEST = 3


class PostalCodes(NamedTuple):
    """The codes that begin with `low`, with `high`, or with anything between; both have one length."""

    low: str
    high: str

    def __str__(self) -> str:
        return self.low if self.low == self.high else f"{self.low}-{self.high}"

    def hold(self, code: str) -> bool:
        """Whether a normalised code is one of them.

        A code that is shorter than the ends of a range, such as one of Israel's five digits before 2013, fits by the
        digits that it has.
        """
        if self.low == self.high:
            return code.startswith(self.low)
        start = code[: len(self.low)]
        return self.low[: len(start)] <= start <= self.high[: len(start)]


def postal_code_key(code: str) -> str:
    """Return a postal code for comparison: Latin capitals and digits alone."""
    plain = "".join(
        str(unicodedata.digit(character)) if character.isdigit() else character
        for character in unicodedata.normalize("NFKC", code)
    )
    return "".join(character for character in plain.upper() if character.isascii() and character.isalnum())


@lru_cache(maxsize=1000)
def read_postal_codes(text: str) -> tuple[PostalCodes, ...]:
    """Return the codes that a list names: `61`, `61*`, `6100000-6199999`, `SW1A 1AA`, with commas or lines between.

    Raises:
        InvalidArguments: If an entry is neither a code, the beginning of one, nor a range.
    """
    return tuple(_read(entry) for entry in _entries(text))


def _read(entry: str) -> PostalCodes:
    written = _DASHES.split(entry.rstrip("*"))
    ends = [postal_code_key(end) for end in written]
    known = all(map(_WRITTEN.fullmatch, written)) and all(map(_is_code, ends))
    if known and len(ends) == 1:
        return PostalCodes(ends[0], ends[0])
    if known and len(ends) == 2 and len(ends[0]) == len(ends[1]) and ends[0] <= ends[1]:
        return PostalCodes(*ends)
    raise InvalidArguments(
        gettext("“%(entry)s” is no postal code, nor the beginning or a range of some.") % {"entry": entry[:60]},
        fix=gettext(
            "Write codes or their beginnings, such as 61, or a range whose ends are of one length, such as "
            "6100000-6199999, with commas between. Cities have a field of their own."
        ),
    )


def _is_code(text: str) -> bool:
    """Whether this may be a code or its beginning; a longer one without a digit is rather a city."""
    return bool(_CODE.fullmatch(text)) and (len(text) <= 2 or any(map(str.isdigit, text)))


def read_cities(text: str) -> tuple[str, ...]:
    """Return the cities of a list with commas or lines between, as they are written."""
    return tuple(_entries(text))


@lru_cache(maxsize=1000)
def _city_keys(text: str) -> frozenset[str]:
    return frozenset(key for city in read_cities(text) if (key := folded(city, 200)))


def fits(postal_codes: str, cities: str, postal_code: str, city: str) -> bool:
    """Whether a place lies in an area: by its postal code or by its city; an area without lists is everywhere."""
    if not postal_codes.strip() and not cities.strip():
        return True
    code = postal_code_key(postal_code)
    if len(code) >= _SHORTEST and any(codes.hold(code) for codes in read_postal_codes(postal_codes)):
        return True
    return folded(city, 200) in _city_keys(cities)


def _entries(text: str) -> list[str]:
    return [entry for part in _SEPARATORS.split(text) if (entry := clean(part, 200))]
