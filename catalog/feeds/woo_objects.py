"""Products as WooCommerce's REST interface writes them."""

from collections.abc import Mapping
from html import unescape
from typing import Any

from catalog.feeds.names import Naming
from catalog.feeds.records import Record, Skipped

_NO_PRODUCTS = ("variable", "variable-subscription", "grouped")


def is_woo_object(value: Mapping[str, Any]) -> bool:
    """Whether the object is a product or a variation of WooCommerce, perhaps with a few chosen fields."""
    return "regular_price" in value and not value.keys().isdisjoint(
        ("stock_status", "date_on_sale_to", "catalog_visibility")
    )


def read_woo_object(line: int, product: Mapping[str, Any], naming: Naming) -> Record | Skipped:
    """Return the record of a product; a variable or grouped one is none itself, and hidden ones are left out.

    `price` is what counted at the moment of the export; the regular price and the sale with its dates last.
    """
    hidden = product.get("catalog_visibility") == "hidden" or product.get("purchasable") is False
    if hidden or product.get("type") in _NO_PRODUCTS:
        return Skipped(line)
    counted = product.get("manage_stock") in (True, "parent") and product.get("backorders", "no") == "no"
    flat = {
        "sku": product.get("sku") or f"id-{product.get('id', '')}",
        "name": _name(product),
        "description": product.get("description") or product.get("short_description"),
        "status": product.get("status"),
        "price": product.get("regular_price") or product.get("price"),
        "sale_price": product.get("sale_price"),
        "sale_begins": _moment(product, "date_on_sale_from"),
        "sale_ends": _moment(product, "date_on_sale_to"),
        "stock": product.get("stock_quantity") if counted else None,
        "availability": product.get("stock_status"),
        "category": _first(product.get("categories"), "name"),
        "brand": _first(product.get("brands"), "name"),
        "image": _first(product.get("images"), "src") or _first([product.get("image")], "src"),
        "url": product.get("permalink"),
        "barcode": product.get("global_unique_id"),
        "external_id": product.get("id"),
        "parent_id": product.get("parent_id") or None,
    }
    fields = naming.fields(flat)
    if options := _options(product):
        fields["options"] = options
    return Record(line, fields)


def _moment(product: Mapping[str, Any], name: str) -> Any:
    """The time in UTC, if the export has it."""
    if isinstance(gmt := product.get(f"{name}_gmt"), str) and gmt:
        return gmt if gmt.endswith(("Z", "z")) else f"{gmt}Z"
    return product.get(name)


def _name(product: Mapping[str, Any]) -> Any:
    name = product.get("name")
    options = _options(product)
    return f"{name} - {', '.join(options.values())}" if options and isinstance(name, str) else name


def _options(product: Mapping[str, Any]) -> dict[str, str]:
    """The options of a variation; those of a product are lists."""
    listed = product.get("attributes")
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    pairs = ((entry.get("name"), entry.get("option")) for entry in entries)
    return {name: value for name, value in pairs if isinstance(name, str) and isinstance(value, str) and value}


def _first(listed: Any, name: str) -> str:
    entry = listed[0] if isinstance(listed, list) and listed else None
    value = entry.get(name) if isinstance(entry, dict) else None
    return unescape(value) if isinstance(value, str) else ""
