"""Shopify's bulk export in JSON lines."""

import json

from catalog.models import Product

PRODUCT, VARIANT = "gid://shopify/Product", "gid://shopify/ProductVariant"


def lines(product, *variants):
    whole = {"id": f"{PRODUCT}/1", "title": "Tee", "handle": "tee", "status": "ACTIVE", **product}
    options = [{"name": "Size", "value": "S"}]
    rows = [
        {
            "id": f"{VARIANT}/{n}",
            "title": "S",
            "price": "20.00",
            "selectedOptions": options,
            "__parentId": whole["id"],
            **v,
        }
        for n, v in enumerate(variants)
    ]
    picture = {"id": "gid://shopify/MediaImage/1", "image": {}, "__parentId": whole["id"]}
    return "\n".join(map(json.dumps, [whole, *rows, picture]))


def shown(load, text):
    return {product.sku: product for product in Product.objects.listed()} if load(text, name="bulk.jsonl") else {}


def test_variants_take_from_their_product_and_it_is_none_itself(load):
    large = [{"name": "Size", "value": "L"}]
    found = shown(
        load,
        lines(
            {},
            {"sku": "T-S", "inventoryQuantity": 3, "compareAtPrice": "25.00"},
            {"selectedOptions": large, "sku": None},
        ),
    )

    assert set(found) == {"T-S", "tee-l"}
    assert (found["T-S"].name, found["T-S"].options, found["T-S"].stock) == ("Tee - S", {"Size": "S"}, 3)
    assert (found["T-S"].price, found["T-S"].former_price) == (20, 25)


def test_variants_of_a_draft_are_left_out(load):
    other = lines({"id": f"{PRODUCT}/2", "handle": "cup", "title": "Cup"}, {"sku": "CUP"})

    assert list(shown(load, lines({"status": "DRAFT"}, {"sku": "T-S"}) + "\n" + other)) == ["CUP"]


def test_what_is_sold_beyond_its_stock_is_not_counted(load):
    found = shown(
        load,
        lines(
            {},
            {"sku": "a", "inventoryQuantity": -2, "inventoryPolicy": "CONTINUE"},
            {"sku": "b", "inventoryQuantity": 0, "inventoryItem": {"tracked": False}},
            {"sku": "c", "inventoryQuantity": 0, "inventoryPolicy": "DENY"},
        ),
    )

    assert {sku: product.stock for sku, product in found.items()} == {"a": None, "b": None, "c": 0}


def test_a_variant_without_its_product_is_refused(load):
    report = load(lines({}, {"sku": "a"}, {"sku": "b", "__parentId": f"{PRODUCT}/9"}), name="bulk.jsonl")

    assert [refused.line for refused in report.refused] == [3]
