"""Variants that stand in a list of their own, with their product in them: what interfaces of shops answer as JSON."""

from collections.abc import Mapping
from typing import Any

from catalog.feeds.parts import named

# What only these have: Vendure, Saleor, Medusa and Shopify.
_KNOWN = (
    "priceWithTax", "stockLevel", "pricing", "channelListings", "prices", "calculated_price", "selectedOptions",
    "inventoryPolicy", "inventoryItem", "availableForSale", "inventory_policy", "inventory_management",
)  # fmt: skip


def with_product(value: dict[str, Any]) -> dict[str, Any]:
    """Return a variant as a product with this variant; others as they are."""
    if isinstance(value.get("variants"), list):
        return value
    if "productVariantName" in value:
        return _found_by_search(value)
    product, own = value.get("product"), value.keys() - {"product"}
    if isinstance(product, dict) and not own.isdisjoint(_KNOWN):
        return {**product, "variants": [_named({name: value[name] for name in value if name in own}, product)]}
    if "priceWithTax" in value or {"currencyCode", "stockLevel"} <= own:
        return {"name": value.get("name"), "variants": [value]}
    return value


def _named(variant: dict[str, Any], product: Mapping[str, Any]) -> dict[str, Any]:
    """Shopify's variants are named by their options, and others are named by their dialect."""
    if "title" in variant and "displayName" in variant:
        variant["title"] = variant["displayName"]
    elif "title" in variant and "selectedOptions" not in variant:
        variant["title"] = named(product.get("title"), variant["title"])
    return variant


def _found_by_search(found: Mapping[str, Any]) -> dict[str, Any]:
    """What Vendure's search finds; its price may be a range."""
    price = found.get("priceWithTax")
    if isinstance(price, dict):
        one = price.get("min") if price.get("min") == price.get("max") else None
        price = price.get("value", one)
    picture = found.get("productVariantAsset") or found.get("productAsset")
    variant = {
        "id": found.get("productVariantId"),
        "sku": found.get("sku"),
        "name": found["productVariantName"],
        "priceWithTax": price,
        "currencyCode": found.get("currencyCode"),
        "stockLevel": found.get("inStock", ""),
        "featuredAsset": picture,
        "enabled": found.get("enabled", True),
    }
    shared = {name: found[name] for name in ("description", "slug") if name in found}
    return {**shared, "id": found.get("productId"), "name": found.get("productName"), "variants": [variant]}
