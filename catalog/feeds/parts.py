"""Values of JSON that are objects or lists where the shop keeps one text or number: prices, pictures, categories."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision

from catalog.feeds.field_names import PRICES
from catalog.feeds.names import Naming, is_blank
from shopmcp.money import is_currency

_PRICED = (*PRICES, "sale_price", "former_price")
_NAMED = ("category", "brand", "barcode", "sku")
_CURRENCIES = ("currency", "currencyCode", "currency_code", "priceCurrency")


def plain_parts(entry: Mapping[str, Any], naming: Naming) -> dict[str, Any]:
    """Return the values of an object with those that are objects or lists made plain, where their field is known."""
    found: dict[str, Any] = {}
    for name, value in entry.items():
        found.update(plain_part(name, value, naming) if isinstance(value, dict | list) else {name: value})
    return found


def plain_part(name: str, value: Any, naming: Naming) -> dict[str, Any]:
    """Return one value made plain, under its name, with its currency if it tells one."""
    place = naming.place(name) if isinstance(value, dict | list) else None
    of = place[1] if place else ""
    if of in _PRICED and isinstance(value, dict):
        amount, currency = amount_in(value)
        # A whole number in an object may be one of the smallest units; then the row is refused.
        is_open = isinstance(amount, Decimal) and amount == amount.to_integral_value() if currency else is_blank(amount)
        return {name: value} if is_open else {name: amount, **({"currency": currency} if currency else {})}
    if of == "image":
        return {name: picture_in(value)}
    if of in _NAMED:
        return {name: next(_names_in(value), "")}
    return {name: value}


def amount_in(value: Mapping[str, Any]) -> tuple[Any, str]:
    """The amount of `{"amount": …, "currency": …}` and of what other systems call these, and the currency."""
    amount = next((value[name] for name in ("amount", "value") if not is_blank(value.get(name))), "")
    currency = next((value[name] for name in _CURRENCIES if isinstance(value.get(name), str)), "")
    return amount, currency.upper()


def in_smallest_units(amount: Any, currency: str) -> Any:
    """A whole amount of the currency's smallest units as one of the currency; others as they are."""
    if not (isinstance(amount, Decimal) and amount.is_finite() and amount == amount.to_integral_value() and currency):
        return amount
    return amount.scaleb(-(get_currency_precision(currency) if is_currency(currency) else 2))


def picture_in(value: Any) -> Any:
    """The address of the first picture of a list, or of the one picture."""
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, str):
            return entry
        if isinstance(entry, dict) and str(entry.get("type", "image")).lower() in ("image", "imageobject"):
            found = next((entry[name] for name in ("url", "src", "contentUrl") if entry.get(name)), "")
            return found or (picture_in(entry["image"]) if isinstance(entry.get("image"), dict) else "")
    return ""


def _names_in(value: Any) -> Iterator[Any]:
    """The texts of a list or object of values or names."""
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, dict):
            yield from (entry[name] for name in ("value", "name", "title") if isinstance(entry.get(name), str))


def named(name: Any, variant: Any) -> Any:
    """The name of a variant: that of its product, and what it is called itself."""
    plain = isinstance(name, str) and isinstance(variant, str) and variant.strip()
    return f"{name} - {variant}" if plain and name not in variant and "default" not in variant.lower() else name
