"""Products as WooCommerce's Store API writes them, which any visitor of a shop can read (`/wp-json/wc/store/products`).

Prices are in the smallest unit of their currency, as the shop shows them. A variable product has the lowest price of
its variations; these are in a list of their own (`?type=variation`).
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from catalog.feeds.names import Naming, is_blank
from catalog.feeds.records import FeedEntry, Record, Refused, Skipped, Unreadable
from catalog.feeds.source import Source
from catalog.feeds.walk import Walk

# `Size: S, Color: Dark, red`: a comma within a value is followed by no name.
_NEXT = re.compile(r", (?=[^,:]+: )")
_MOST = 100_000


def is_storefront(value: Any) -> bool:
    prices = value.get("prices") if isinstance(value, dict) else None
    return isinstance(prices, dict) and "currency_minor_unit" in prices


def variations_of(source: Source) -> frozenset[str]:
    """The ids of the products whose variations are in the file; reads it once, if it is of this interface."""
    if '"currency_minor_unit"' not in source.head:
        return frozenset()
    try:
        with source.open() as stream:
            found = {
                str(value["parent"])
                for _line, value in Walk(stream).elements()
                if is_storefront(value) and value.get("type") == "variation" and value.get("parent")
            }
    except Unreadable:
        return frozenset()  # reading it again says where the mistake is
    return frozenset(found)


def read_storefront(
    line: int, product: Mapping[str, Any], naming: Naming, sold: frozenset[str] = frozenset()
) -> Iterator[FeedEntry]:
    """Yield the record of a product or a variation; of a variable product with one price, one for each variation.

    Args:
        sold: The ids of products whose variations are in the file themselves.
    """
    kind, prices = str(product.get("type", "simple")), product["prices"]
    hidden = product.get("is_purchasable") is False or product.get("is_password_protected") is True
    if hidden or kind in ("grouped", "external") or str(product.get("id")) in sold:
        yield Skipped(line)
    elif not kind.startswith("variable"):
        yield _record(line, product, naming, _options(str(product.get("variation") or "")), product.get("sku"))
    elif _is_range(prices.get("price_range")) or not isinstance(product.get("variations"), list):
        yield Refused(
            line,
            _(
                "its variations have several prices, which are in a list of their own: "
                "get it with ?type=variation, and import both lists as one"
            ),
            str(product.get("sku") or ""),
        )
    else:
        for variation in product["variations"][:_MOST]:
            if isinstance(variation, dict) and variation.get("id"):
                own = {**product, "id": variation["id"], "parent": product.get("id")}
                yield _record(line, own, naming, _chosen(variation, product), "")


def _record(line: int, product: Mapping[str, Any], naming: Naming, options: dict[str, str], sku: Any) -> Record:
    name, prices = product.get("name"), product["prices"]
    beyond = product.get("is_on_backorder") is True
    flat = {
        "sku": sku or f"id-{product.get('id', '')}",
        "name": f"{name} - {', '.join(options.values())}" if options and isinstance(name, str) else name,
        "description": product.get("description") or product.get("short_description"),
        "price": _amount(prices, "price"),
        "former_price": _amount(prices, "regular_price"),
        "currency": prices.get("currency_code"),
        "stock": None if beyond else product.get("low_stock_remaining"),
        "availability": "backorder" if beyond else product.get("is_in_stock"),
        "category": _named(product.get("categories")),
        "brand": _named(product.get("brands")),
        "image": next((entry["src"] for entry in _objects(product.get("images")) if entry.get("src")), ""),
        "url": product.get("permalink"),
        "external_id": product.get("id"),
        "parent_id": product.get("parent") or None,
    }
    fields = naming.fields(flat)
    return Record(line, {**fields, "options": options} if options else fields)


def _amount(prices: Mapping[str, Any], name: str) -> Any:
    """The amount in the currency; what is no whole number of its smallest unit stays as it is, and is refused later."""
    value, places = prices.get(name), prices.get("currency_minor_unit")
    try:
        amount = Decimal(str(value))
        unit = Decimal(str(places))
    except ArithmeticError:
        return "" if is_blank(value) else value
    if not (amount.is_finite() and unit.is_finite() and 0 <= unit <= 6):
        return value
    return amount.scaleb(-int(unit))


def _is_range(told: Any) -> bool:
    return isinstance(told, dict) and told.get("min_amount") != told.get("max_amount")


def _options(said: str) -> dict[str, str]:
    """The options of a variation, as the text of it names them."""
    pairs = (part.partition(": ") for part in _NEXT.split(said))
    return {name.strip(): value.strip() for name, _sign, value in pairs if name.strip() and value.strip()}


def _chosen(variation: Mapping[str, Any], product: Mapping[str, Any]) -> dict[str, str]:
    """The options of a variation that its product lists, in the words of the product's terms."""
    words = {
        (str(attribute.get("name")), str(term.get("slug"))): str(term.get("name"))
        for attribute in _objects(product.get("attributes"))
        for term in _objects(attribute.get("terms"))
    }
    found = {}
    for entry in _objects(variation.get("attributes")):
        name, value = str(entry.get("name") or ""), str(entry.get("value") or "")
        if name and value:
            found[name] = words.get((name, value), value)
    return found


def _named(listed: Any) -> Any:
    return next((entry["name"] for entry in _objects(listed) if entry.get("name")), "")


def _objects(listed: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
