"""Dates of sales as shops write them."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from itertools import product

from babel import Locale

from catalog.feeds.amounts import WESTERN
from catalog.feeds.reading import Reading
from catalog.language.text import clean

_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[tT ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?)?\s*([aApP][mM])?\s*"
    r"(?:([zZ]|utc|UTC|gmt|GMT)|([+-])(\d{1,2}):?(\d{2})?)?",
    re.ASCII,
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
# `20260701T1000+0200`, which ISO 8601 calls basic.
_BASIC = re.compile(r"(\d{4})(\d{2})(\d{2})[tT](\d{2})(\d{2})(\d{2})?([zZ]|[+-]\d{2}(?:\d{2})?)?", re.ASCII)
_SLASHED = re.compile(
    r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([aApP][mM])?)?", re.ASCII
)
# `2026年11月1日`, `2026. 11. 1.` and `2026/11/01 10:00`, as people write them with the year first.
_FROM_YEAR = re.compile(r"(\d{4}) ?([年년/.]) ?(\d{1,2}) ?([月월/.]) ?(\d{1,2})(?: ?[日일.])?(?=[ T]|$)", re.ASCII)
_UNIX = re.compile(r"(\d{9,10})(\d{3})?(\.0+)?", re.ASCII)
_NUMBER = re.compile(r"(\d{1,2}|\d{4})(?:st|nd|rd|th|er|º)?", re.ASCII)
# Words between the parts of a date, as in `31 de enero de 2026`.
_BESIDE = {"de", "del", "of", "r", "г", "года", "року", "שנת"}
_LANGUAGES = (
    "en", "de", "fr", "es", "it", "pt", "nl", "pl", "cs", "sk", "hu", "ro", "ru", "uk", "bg", "el", "tr", "sv", "da",
    "nb", "fi", "et", "lv", "lt", "hr", "sl", "sr", "he", "ar",
)  # fmt: skip
_CLOCK = re.compile(
    r"(.+?),? (\d{1,2}):(\d{2})(?::(\d{2}))?\s*([aApP][mM])?(?:\s*(gmt|utc|GMT|UTC|[zZ]|[+-]\d{2}:?\d{2}))?", re.ASCII
)
_WEEKDAY = re.compile(r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?|יום [א-ו]['׳]|שבת),? ", re.IGNORECASE)
# What databases and spreadsheets write for no date.
_NONE = re.compile(r"0|0000[-/]00[-/]00.*|00[-/.]00[-/.]0000.*|null|none|nil|-+|n/a", re.IGNORECASE)
_BETWEEN = re.compile(r"\s+(?:[-–—/]|to|until|bis|עד)\s+|\s*[–—]\s*")
# Two days with nothing else between them than a hyphen: `13.07.2026-31.07.2026`.
_HYPHENED = re.compile(r"(\d{1,4}([/.])\d{1,2}\2\d{1,4})-(\d{1,4}\2\d{1,2}\2\d{1,4})", re.ASCII)
# One side alone, the other left open.
_BEGINNING, _ENDING = re.compile(r"(.*\d)\s*(?:\s[-–—]|/\s*\.\.)"), re.compile(r"(?:[-–—]\s|\.\.\s*/)\s*(\d.*)")
_NEVER = 9999  # the year that databases and shops write for no end
_DAY = timedelta(days=1)


class NoDate(ValueError):
    """The text is not a date that can be read."""


def moment_of(text: str, reading: Reading, *, ends: bool = False, whole_days: bool = False) -> datetime | None:
    """Return the moment at which a sale begins or, if `ends`, the first moment after it; None for an open side.

    A date without a time is the whole day in the file's time zone, and so is a time of 23:59.

    Args:
        text: A date, a date with a time, or a Unix time in seconds or milliseconds.
        reading: Has the time zone, and learns and says whether days or months come first.
        ends: Whether the sale ends then.
        whole_days: Whether midnight counts as no time.

    Raises:
        NoDate: If the text cannot be read.
    """
    text = _FROM_YEAR.sub(r"\1-\3-\5", clean(text, 80).strip("\"'").translate(WESTERN))
    if not text or _NONE.fullmatch(text):
        return None
    if found := _UNIX.fullmatch(text):
        return datetime.fromtimestamp(int(found[1]), UTC)
    try:
        day, at, zone = _parts(text, reading)
        if ends and day.year == _NEVER:
            return None
        if at is None or (whole_days and at == time()):
            moment = datetime.combine(day + _DAY if ends else day, time(), zone)
        elif ends and (at.hour, at.minute) == (23, 59):
            moment = datetime.combine(day + _DAY, time(), zone)
        else:
            moment = datetime.combine(day, at, zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise NoDate(text) from None


def range_of(text: str) -> tuple[str, str]:
    """Return the two sides of a range such as `A/B`, `A - B`, `/B` and `A/`.

    Raises:
        NoDate: If the text is no range.
    """
    text = clean(text, 200)
    hyphened = _HYPHENED.fullmatch(text)
    if len(parts := [hyphened[1], hyphened[3]] if hyphened else _BETWEEN.split(text)) == 2:
        return parts[0], parts[1]
    if found := _BEGINNING.fullmatch(text) or _ENDING.fullmatch(text):
        return ("", found[1]) if text[0] in "-–—." else (found[1], "")
    pieces = text.split("/")
    if len(pieces) == 2:
        return pieces[0], pieces[1]
    if len(pieces) == 6:
        return "/".join(pieces[:3]), "/".join(pieces[3:])
    if len(pieces) == 4 and "" in (pieces[0], pieces[3]):  # one side of days between slashes
        return ("", "/".join(pieces[1:])) if not pieces[0] else ("/".join(pieces[:3]), "")
    raise NoDate(text)


def _parts(text: str, reading: Reading) -> tuple[date, time | None, tzinfo]:
    """The day, the time if there is one, and the zone."""
    zone = reading.zone
    text = _WEEKDAY.sub("", text, count=1)
    if found := _BASIC.fullmatch(text):
        text = "{}-{}-{}T{}:{}:{}{}".format(*found.groups("")[:5], found[6] or "00", found[7] or "")
    if found := _ISO.fullmatch(text):
        year, month, day, hour, minute, second, half, utc, sign, hours, minutes = found.groups()
        at = _time(hour, minute, second, half)
        if utc:
            zone = UTC
        elif sign:
            shift = timedelta(hours=int(hours), minutes=int(minutes or 0))
            zone = timezone(shift if sign == "+" else -shift)
        return date(int(year), int(month), int(day)), at, zone
    if found := _COMPACT.fullmatch(text):
        return date(int(found[1]), int(found[2]), int(found[3])), None, zone
    if found := _SLASHED.fullmatch(text):
        first, _sign, second, year, hour, minute, seconds, half = found.groups()
        day = _day(int(first), int(second), int(year) + (2000 if len(year) == 2 else 0), reading, american=bool(half))
        return day, _time(hour, minute, seconds, half), zone
    at = None
    if found := _CLOCK.fullmatch(text):
        text, hour, minute, seconds, half, utc = found.groups()
        at = _time(hour, minute, seconds, half)
        if utc:
            zone = datetime.strptime(utc, "%z").tzinfo or UTC if utc[0] in "+-" else UTC
    return _named(text), at, zone


def _named(text: str) -> date:
    """The date of `31 Jan 2026`, `Jan 31, 2026`, `31. Januar 2026` and `31 בינואר 2026`."""
    parts = [part for part in re.sub("[-,.،]", " ", text).casefold().split() if part not in _BESIDE]
    months = _months()
    found = [months.get(part) or months.get(part.removeprefix("ב")) for part in parts]
    numbers = [number[1] for part in parts if (number := _NUMBER.fullmatch(part))]
    if len(parts) != 3 or len(numbers) != 2 or found[2] or len(numbers[0]) > 2 or len(numbers[1]) == 1:
        raise NoDate(text)
    month = next(filter(None, found), None)
    if month is None:
        raise NoDate(text)
    return date(int(numbers[1]) + (2000 if len(numbers[1]) == 2 else 0), month, int(numbers[0]))


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    """The months by their names and short names in many languages, without those that mean two months."""
    found: dict[str, set[int]] = {}
    for language in _LANGUAGES:
        months = Locale.parse(language).months
        for context, width in product(("format", "stand-alone"), ("wide", "abbreviated")):
            for month, name in months[context][width].items():
                found.setdefault(name.casefold().strip("."), set()).add(month)
    return {name: min(numbers) for name, numbers in found.items() if len(numbers) == 1}


def _day(first: int, second: int, year: int, reading: Reading, *, american: bool) -> date:
    """The date of `first/second/year`: which of the two is the month, the file's other dates say."""
    if first > 12 >= second:
        reading.days_first += 1
        return date(year, second, first)
    if second > 12 >= first or american:
        reading.months_first += 1
        return date(year, first, second)
    if first != second:
        reading.open_dates += 1
        if reading.month_first is None:
            raise NoDate
    return date(year, first, second) if reading.month_first else date(year, second, first)


def _time(hour: str | None, minute: str, seconds: str | None, half: str | None) -> time | None:
    if hour is None:
        return None
    hours = int(hour)
    if half:
        hours = hours % 12 + (12 if half.lower() == "pm" else 0)
    return time(hours, int(minute), int(seconds or 0))
