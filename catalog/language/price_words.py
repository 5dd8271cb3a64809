"""The words of a query that speak of a price: up to 50 shekels, עד 50 ש"ח. Amounts such as 500 g are no prices."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from catalog.language.stop_words import STOP_WORDS
from catalog.language.text import unpointed, words

_CURRENCIES = {
    "ILS": "₪|nis|ils|she[kq]els?|shekalim|שקלים|שקל|ש[\"'׳״”“’]*ח",
    "USD": r"\$|usd|dollars?|bucks|דולרים|דולר",
    "EUR": "€|eur|euros?|אירו|יורו",
    "GBP": "£|gbp",
}
_CURRENCY = "|".join(_CURRENCIES.values())
# A number that is not part of a code, a longer number or an amount.
_PRICE = re.compile(
    rf"(?:(?P<before>{_CURRENCY})\s?)?(?<![A-Za-z0-9_.,])(?<![A-Za-z]-)(?<![0-9]/)"
    r"(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d{1,7}(?:\.\d{1,2})?)"
    rf"(?:\s?(?P<after>{_CURRENCY})(?!\w)|(?![\w%]|[.,/]\d|-[^\W\d]))",
    re.IGNORECASE,
)


def _any(listed: str) -> str:
    return "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in sorted(listed.split(","), key=len)[::-1])


_BELOW = (
    "up to,under,below,less than,cheaper than,at most,no more than,not more than,within,budget,budget of,budget is,max,"
    "maximum,max price,maximum price,price up to,price under,price below,for up to,for under,for less than,"
    "עד,עד ל,עד כ,של עד,במחיר עד,במחיר של עד,מחיר עד,מתחת ל,פחות מ,בפחות מ,לא יותר מ,זול מ,זולה מ,זולים מ,זולות מ,"
    "מקסימום,במקסימום,מחיר מקסימום,מחיר מקסימלי,תקציב,תקציב של,תקציב עד,בתקציב,בתקציב של,<,<=,≤"
)
_ABOVE = (
    "over,above,more than,at least,starting at,starting from,min,minimum,min price,minimum price,price over,"
    "price above,"
    "מעל,מעל ל,יותר מ,לפחות,החל מ,מינימום,מחיר מינימום,במחיר מעל,>,>=,≥"
)
_OR_LESS = "max,maximum,tops,at most,or less,or under,or below,מקסימום,לכל היותר,או פחות,ומטה"
_OR_MORE = "min,minimum,at least,or more,and more,and up,or above,לפחות,או יותר,ומעלה"
_ABOUT = "for,about,around,for about,for around,costs,costing,price,ב,במחיר,במחיר של,מחיר,סביב,בערך,בערך ב,עולה"
# Each character of a price is replaced by this one, so that positions stay the same.
_MASK = "\ue000"
_P = f"{_MASK}+"
_GAP = r"[\s:-]*"
_TO = rf"\s*(?:to|and|[-–]|עד|ל|ו){_GAP}"
_BETWEEN = rf"(?<!\w)(?:between|from|בין|מ){_GAP}{_P}{_TO}{_P}|{_P}\s?[-–]\s?{_P}"
_HIGHEST = rf"(?<!\w)ו?(?:{_any(_BELOW)}){_GAP}{_P}|{_P}\s*(?:{_any(_OR_LESS)})(?!\w)"
_LOWEST = rf"(?<!\w)ו?(?:{_any(_ABOVE)}){_GAP}{_P}|{_P}\s*(?:{_any(_OR_MORE)})(?!\w)"
_SOME = rf"(?:(?<!\w)(?:{_any(_ABOUT)}){_GAP})?{_P}"
_SAID = re.compile(
    rf"(?P<between>{_BETWEEN})|(?P<highest>{_HIGHEST})|(?P<lowest>{_LOWEST})|(?P<some>{_SOME})", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_]|[<>≤≥]")
# Words of prices alone: with one of these no currency is needed.
_OF_PRICES = re.compile(r"cheaper|budget|price|זול|תקציב|מחיר", re.IGNORECASE)
# Words before a number that is not a price.
_OTHER_NUMBERS = frozenset(
    ["size", "sizes", "age", "aged", "ages", "model", "מידה", "מידות", "גיל", "גילאי", "גילאים", "מספר", "דגם"]
)


@dataclass(frozen=True, slots=True)
class PriceWords:
    """The part of a query that speaks of the price."""

    said: str  # as typed
    rest: str  # the query without it
    lowest: Decimal | None
    highest: Decimal | None
    currency: str | None  # the ISO 4217 code
    sure: bool  # it can only be a price: "under 3" may be an age


def price_words(query: str) -> PriceWords | None:
    """Return what a query says of the price, or None if it names none."""
    if not any(letter.isdigit() for letter in query):
        return None
    text = unpointed(query)
    said = list(_said(text))
    if not said:
        return None
    rest = text
    for part in reversed(said):
        rest = f"{rest[: part.start]} {rest[part.end :]}"
    return PriceWords(
        " ".join(text[part.start : part.end].strip() for part in said),
        "" if STOP_WORDS.issuperset(words(rest)) else " ".join(rest.split()),
        max((part.lowest for part in said if part.lowest is not None), default=None),
        min((part.highest for part in said if part.highest is not None), default=None),
        next((part.currency for part in said if part.currency), None),
        all(part.sure for part in said),
    )


class _Part(NamedTuple):
    start: int
    end: int
    lowest: Decimal | None
    highest: Decimal | None
    currency: str | None
    sure: bool


def _said(text: str) -> Iterator[_Part]:
    prices = list(_PRICE.finditer(text))
    masked = text
    for price in prices:
        masked = masked[: price.start()] + _MASK * len(price[0]) + masked[price.end() :]
    for match in _SAID.finditer(masked):
        within = [price for price in prices if match.start() <= price.start() and price.end() <= match.end()]
        amounts = [Decimal(price["number"].replace(",", "")) for price in within]
        currency = next((_code(name) for price in within for name in (price["before"], price["after"]) if name), None)
        sure = bool(currency or _OF_PRICES.search(match[0]))
        bounded = match.lastgroup != "some" and _WORD.search(match[0])
        if sure or (bounded and _alone(text[: match.start()], masked[match.end() :])):
            lowest = min(amounts) if match.lastgroup in ("between", "lowest") else None
            highest = max(amounts) if match.lastgroup in ("between", "highest") else None
            yield _Part(match.start(), match.end(), lowest, highest, currency, sure)


def _alone(before: str, after: str) -> bool:
    """Whether no word beside the number makes it a size, an age or an amount."""
    earlier, later = words(before), words(after[:40])
    if earlier and earlier[-1] in _OTHER_NUMBERS:
        return False
    if not later or later[0] in STOP_WORDS or after.lstrip()[0] in ",.;!?":
        return True
    bound = _SAID.match(after.lstrip())
    return bound is not None and bound.lastgroup in ("highest", "lowest")


def _code(name: str) -> str:
    return next(code for code, names in _CURRENCIES.items() if re.fullmatch(names, name, re.IGNORECASE))
