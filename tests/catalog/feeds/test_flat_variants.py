"""Lists of variants, each with its product in it."""

import json
from decimal import Decimal

import pytest

from catalog.feeds.records import Unreadable
from catalog.models import Product

LAMP = {"sku": "L-1", "name": "Lamp Brass", "priceWithTax": 5938, "currencyCode": "EUR", "stockLevel": "IN_STOCK"}


def shown(load, document):
    load(json.dumps(document, indent=1), name="variants.json", currency="EUR")
    return {product.sku: product for product in Product.objects.listed()}


@pytest.mark.parametrize("document", [
    [LAMP],
    {"data": {"productVariants": {"items": [{**LAMP, "product": {"id": "1", "name": "Lamp"}}], "totalItems": 1}}},
    {"data": {"search": {"items": [{
        "productId": "1", "productName": "Lamp", "productVariantId": "7", "productVariantName": "Lamp Brass",
        "sku": "L-1", "priceWithTax": {"value": 5938}, "currencyCode": "EUR", "inStock": True,
    }]}}},
])  # fmt: skip
def test_vendures_prices_are_in_the_smallest_unit_in_flat_lists_too(load, document):
    lamp = shown(load, document)["L-1"]

    assert (lamp.name, lamp.price, lamp.available) == ("Lamp Brass", Decimal("59.38"), True)


def test_a_range_and_a_price_that_may_be_before_tax_are_refused(load):
    bare = {name: value for name, value in LAMP.items() if name != "priceWithTax"}
    ranged = {"productVariantName": "Lamp", "sku": "L-2", "priceWithTax": {"min": 1, "max": 2}, "currencyCode": "EUR"}
    with pytest.raises(Unreadable, match="no product") as refusal:
        shown(load, [{**bare, "price": 5938}, ranged])

    assert refusal.value.fix.count("priceWithTax") == 2
    assert not Product.objects.exists()


def test_a_variant_of_a_disabled_product_is_left_out(load):
    found = shown(load, [
        LAMP,
        {**LAMP, "sku": "L-2", "enabled": True, "product": {"id": "2", "name": "Lamp", "enabled": False}},
    ])  # fmt: skip

    assert list(found) == ["L-1"]


def test_shopifys_and_saleors_variants_are_named_by_their_product(load):
    shopify = {
        "id": "gid://shopify/ProductVariant/5", "sku": "T-S", "title": "S", "price": "9.90", "inventoryPolicy": "DENY",
        "inventoryQuantity": 4, "product": {"id": "gid://shopify/Product/1", "title": "Tee", "status": "ACTIVE"},
    }  # fmt: skip
    saleor = {
        "id": "V", "sku": "J-1", "name": "500 ml", "product": {"id": "P", "name": "Juice"},
        "pricing": {"price": {"gross": {"amount": 4, "currency": "EUR"}}},
    }  # fmt: skip
    found = shown(load, {"data": {"productVariants": {"edges": [{"node": shopify}, {"node": saleor}]}}})

    assert {sku: (item.name, item.price, item.stock) for sku, item in found.items()} == {
        "T-S": ("Tee - S", Decimal("9.90"), 4),
        "J-1": ("Juice - 500 ml", 4, None),
    }
