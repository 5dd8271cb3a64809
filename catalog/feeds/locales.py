"""How people write numbers and dates where a currency is used, or where a store is."""

from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.core import get_global


@lru_cache(maxsize=256)
def writes_comma(currency: str) -> bool:
    """Whether a comma stands before decimals at home of a currency, as far as is known."""
    found = _locale(currency[:2])
    if found is None:
        return True  # such as EUR and XOF, the currencies of several countries
    symbols = found.number_symbols
    return bool(symbols.get("latn", symbols).get("decimal") == ",")


@lru_cache(maxsize=256)
def month_comes_first(zone: ZoneInfo, currency: str) -> bool:
    """Whether the month stands before the day in `1/2/2026`, where the zone is, or else at home of the currency."""
    found = _locale(get_global("zone_territories").get(zone.key, "")) or _locale(currency[:2])
    return found is not None and found.date_formats["short"].pattern.startswith("M")


def _locale(territory: str) -> Locale | None:
    """The locale of most people in a country; an ISO 4217 code begins with that of its country."""
    try:
        found = Locale.parse(f"und_{territory}") if territory.isalpha() else None
    except (UnknownLocaleError, ValueError):
        return None
    return found if found and found.territory == territory else None
