"""Products as the JSON of Medusa, Saleor, Vendure and schema.org writes them, under the usual names."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from catalog.feeds.field_names import PRICES
from catalog.feeds.linked_data import in_usual_terms
from catalog.feeds.names import field_of, is_blank
from catalog.feeds.parts import amount_in, named
from catalog.feeds.records import RowRefused

# Keys of a price that only one of Medusa's versions has: the first one writes cents.
_WHOLE_UNITS, _CENTS = {"raw_amount", "price_set_id", "rules_count"}, {"region_id", "variant_id"}


def in_usual_names(product: dict[str, Any], currency: str) -> dict[str, Any]:
    """Return a product whose prices stand in a place of their own with `price` and `currency`; others as they are.

    Of several prices, the one in `currency` counts, or else the first.

    Raises:
        RowRefused: If it has prices that cannot be read.
    """
    if product.get("hasVariant") or (product.get("offers") and not _has_price(product)):
        product = in_usual_terms(product)
    if product.get("prices") and not _has_price(product):
        product = {**product, **_listed(product["prices"], currency)}
    if {"inventory_tracking", "inventory_level"} <= product.keys():
        product = _bigcommerce(product)
    variants = product.get("variants")
    if not isinstance(variants, list) or not variants or not all(isinstance(variant, dict) for variant in variants):
        return product
    keys = variants[0].keys()
    if "price" not in keys and not keys.isdisjoint(("prices", "calculated_price")):
        read = _medusa
    elif not keys.isdisjoint(("pricing", "channelListings")):
        read = _saleor
    elif "priceWithTax" in keys or {"currencyCode", "stockLevel"} <= keys:
        read = _vendure
    else:
        return product
    found = {name: value for name, value in product.items() if name not in ("options", "thumbnail", "featuredAsset")}
    if image := _address(product.get("thumbnail")) or _address(product.get("featuredAsset")):
        found["image"] = image
    found["description"] = _description(product.get("description"))
    return {**found, "variants": [{**variant, **read(product, variant, currency)} for variant in variants]}


def _bigcommerce(product: dict[str, Any]) -> dict[str, Any]:
    """BigCommerce keeps a level where it counts nothing too, and the levels of variants with these."""
    tracking = product["inventory_tracking"]
    if tracking == "variant" or product.get("variants"):
        raise RowRefused(_("it has variants, whose prices and stock this list does not hold: export it as CSV"))
    return {**product, "stock": product["inventory_level"] if tracking == "product" else None}


def _medusa(product: Mapping[str, Any], variant: Mapping[str, Any], currency: str) -> dict[str, Any]:
    told = variant.get("calculated_price")
    if isinstance(told, dict) and isinstance(told.get("calculated_amount"), Decimal):
        price = {"price": told["calculated_amount"], "currency": str(told.get("currency_code", "")).upper()}
    else:
        price = _listed(variant.get("prices"), currency)
    titles = {entry.get("id"): entry.get("title") for entry in _objects(product.get("options"))}
    options = [
        {"name": _inner(entry, "option", "title") or titles.get(entry.get("option_id")), "value": entry.get("value")}
        for entry in _objects(variant.get("options"))
    ]
    said = " / ".join(str(entry["value"]) for entry in options if entry["value"]) or variant.get("title")
    uncounted = variant.get("manage_inventory") is False or variant.get("allow_backorder") is True
    return {
        **price,
        "sku": variant.get("sku") or variant.get("id"),
        "title": named(product.get("title"), said),
        "variant_options": options,
        **({"inventory_quantity": None} if uncounted else {}),
    }


def _saleor(product: Mapping[str, Any], variant: Mapping[str, Any], currency: str) -> dict[str, Any]:
    told = _inner(variant, "pricing", "price")
    listings = [entry.get("price") for entry in _objects(variant.get("channelListings"))]
    prices = [told.get("gross")] if isinstance(told, dict) else listings
    amounts = {code: amount for amount, code in map(amount_in, _objects(prices)) if isinstance(amount, Decimal)}
    code = currency if currency in amounts else next(iter(amounts), "")
    uncounted = variant.get("trackInventory") is False
    return {
        "price": amounts.get(code, ""),
        "currency": code,
        "sku": variant.get("sku") or variant.get("id"),
        "title": named(product.get("name"), variant.get("name")),
        "inventory_quantity": None if uncounted else variant.get("quantityAvailable"),
    }


def _vendure(product: Mapping[str, Any], variant: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """Vendure writes all prices in the currency's smallest unit."""
    if not isinstance(variant.get("priceWithTax"), Decimal):
        raise RowRefused(_("it has no “priceWithTax”, and its price may be one before tax: export both"))
    options = [
        {"name": _inner(entry, "group", "name") or _inner(entry, "group", "code"), "value": entry.get("name")}
        for entry in _objects(variant.get("options"))
    ]
    return {
        "price": {"amount": variant["priceWithTax"], "currency": variant.get("currencyCode") or currency},
        "priceWithTax": None,
        "title": variant.get("name") or product.get("name"),
        "variant_options": options,
        "availability": variant.get("stockLevel"),
        "image": _address(variant.get("featuredAsset")),
    }


def _has_price(product: Mapping[str, Any]) -> bool:
    return any(field_of(name) in PRICES and not is_blank(value) for name, value in product.items())


def _listed(prices: Any, currency: str) -> dict[str, Any]:
    """The price of a list with one for each currency; those for some buyers or quantities do not count."""
    found: dict[str, tuple[Decimal, Mapping[str, Any]]] = {}
    for entry in _objects(prices):
        amount, code = amount_in(entry)
        special = entry.get("price_list_id") or entry.get("rules_count") or entry.get("min_quantity")
        if isinstance(amount, Decimal) and amount.is_finite() and code and not special:
            found.setdefault(code, (amount, entry))
    if not found:
        if prices:
            raise RowRefused(_("its “prices” are not understood"))
        return {}
    code = currency if currency in found else next(iter(found))
    amount, entry = found[code]
    if not _WHOLE_UNITS.isdisjoint(entry) or any(
        amount != amount.to_integral_value() for amount, _of in found.values()
    ):
        return {"price": amount, "currency": code}
    if _CENTS.isdisjoint(entry):
        raise RowRefused(_("its prices are whole numbers, and whether they are cents is not known"))
    return {"price": {"amount": amount, "currency": code}}


def _objects(listed: Any) -> Sequence[Mapping[str, Any]]:
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def _inner(entry: Mapping[str, Any], name: str, of: str) -> Any:
    value = entry.get(name)
    return value.get(of) if isinstance(value, dict) else None


def _address(picture: Any) -> str:
    if isinstance(picture, dict):
        picture = picture.get("url") or picture.get("preview") or picture.get("source")
    return picture if isinstance(picture, str) else ""


def _description(said: Any) -> Any:
    """The text of Saleor's description, which is JSON with blocks; others as they are."""
    if not isinstance(said, str) or not said.startswith("{"):
        return said
    try:
        blocks = json.loads(said).get("blocks")
    except (ValueError, RecursionError):
        return said
    return "\n".join(str(_inner(block, "data", "text") or "") for block in _objects(blocks))
