"""Shopify in its forms: admin and storefront JSON, the product CSV old and new, metafields."""

import json

import pytest

from catalog.feeds.records import Unreadable
from catalog.models import Product

ADMIN = {
    "products": [
        {
            "id": 1, "title": "Bowl", "handle": "bowl", "status": "active", "published_at": "2026-01-01T00:00:00Z",
            "options": [{"name": "Color"}],
            "variants": [
                {"id": 11, "sku": "B-R", "title": "Red", "price": "9.00", "option1": "Red", "inventory_quantity": 0,
                 "inventory_management": "shopify", "inventory_policy": "continue"},
                {"id": 12, "sku": "B-B", "title": "Blue", "price": "9.00", "option1": "Blue", "inventory_quantity": 0,
                 "inventory_management": None, "inventory_policy": "deny"},
                {"id": 13, "sku": "B-G", "title": "Green", "price": "9.00", "option1": "Green", "inventory_quantity": 3,
                 "inventory_management": "shopify", "inventory_policy": "deny"},
            ],
        },
        {"id": 2, "title": "Draft", "handle": "draft", "status": "draft", "variants": [{"sku": "D", "price": "1.00"}]},
        {"id": 3, "title": "Kept", "handle": "kept", "status": "active", "published_at": None,
         "variants": [{"sku": "K", "price": "1.00"}]},
    ]
}  # fmt: skip
NEW = """Title,URL handle,Description,Vendor,Type,Published on online store,Status,SKU,Option1 name,Option1 value,Price,Compare-at price,Inventory tracker,Inventory quantity,Continue selling when out of stock,Product image URL,Variant image URL,Status (product.metafields.custom.status)
Bowl,bowl,Clay,Mill,Kitchen,TRUE,Active,B-1,Title,Default Title,9.00,12.00,shopify,3,DENY,https://cdn.example.com/b.jpg,,Bestseller
Vase,vase,Glass,Mill,Home,TRUE,Active,V-1,Title,Default Title,8.00,,shopify,0,CONTINUE,,,
Old,old,,Mill,Home,TRUE,Archived,O-1,Title,Default Title,7.00,,,,DENY,,,
"""  # noqa: E501


def stocks():
    return {product.sku: product.stock for product in Product.objects.all()}


def test_admin_json_sells_what_is_active_and_published_and_counts_what_is_tracked(load):
    load(json.dumps(ADMIN), name="products.json", currency="USD")

    assert stocks() == {"B-R": None, "B-B": None, "B-G": 3}


def test_the_new_csv_is_read_and_a_metafield_is_no_column(load):
    load(NEW, currency="USD")

    assert stocks() == {"B-1": 3, "V-1": None}
    bowl = Product.objects.get(sku="B-1")
    assert (bowl.name, bowl.brand, bowl.category, bowl.price, bowl.former_price) == ("Bowl", "Mill", "Kitchen", 9, 12)


def test_a_status_that_nobody_knows_refuses_the_file(load):
    with pytest.raises(Unreadable, match="“Somehow”"):
        load(NEW.replace("Active", "Somehow"), currency="USD")

    assert not Product.objects.exists()


OLD = (
    "Handle,Title,Published,Option1 Name,Option1 Value,Variant SKU,Variant Price,{}Variant Inventory Qty,"
    "Variant Inventory Policy\n"
)
CASES = {"free": ("", "deny", None), "out": ("shopify", "deny", 0), "more": ("shopify", "continue", None)}


def test_a_variant_without_a_tracker_is_not_sold_out(load):
    rows = [f"{sku},Mug,true,Title,Default Title,{sku},5,{by},0,{policy}\n" for sku, (by, policy, _) in CASES.items()]
    load(OLD.format("Variant Inventory Tracker,") + "".join(rows), currency="USD")

    assert stocks() == {sku: stock for sku, (_by, _policy, stock) in CASES.items()}
    assert all(Product.objects.values_list("available", flat=True))


def test_without_a_column_for_the_tracker_the_quantity_counts(load):
    load(OLD.format("") + "a,Mug,true,Title,Default Title,a,5,0,deny\nb,Cup,true,Title,Default Title,b,5,3,deny\n",
         currency="USD")  # fmt: skip

    assert stocks() == {"a": 0, "b": 3}


def graph(sku, policy, tracked):
    size = [{"name": "Size", "value": sku.upper()}]
    return {"id": f"gid://shopify/ProductVariant/{sku}", "sku": sku, "price": "5", "selectedOptions": size,
            "inventoryQuantity": 0, "inventoryPolicy": policy, "inventoryItem": {"tracked": tracked}}  # fmt: skip


@pytest.mark.parametrize("form", ["list", "nodes", "edges"])
def test_json_of_the_newer_interface_says_it_in_its_own_words(load, form):
    def listed(values):
        if form == "edges":
            return {"edges": [{"cursor": "c", "node": value} for value in values]}
        return values if form == "list" else {"nodes": values}

    variants = [graph("free", "DENY", False), graph("out", "DENY", True), graph("more", "CONTINUE", True)]
    mug = {"id": "gid://shopify/Product/1", "title": "Mug", "handle": "mug", "status": "ACTIVE",
           "variants": listed(variants), "images": listed([{"url": "https://cdn.example.com/m.jpg"}])}  # fmt: skip
    load(json.dumps({"data": {"products": listed([mug])}}), name="products.json", currency="USD")

    assert stocks() == {"free": None, "out": 0, "more": None}
    free = Product.objects.get(sku="free")
    assert (free.name, free.options, free.image) == (
        "Mug - FREE", {"Size": "FREE"}, "https://cdn.example.com/m.jpg",
    )  # fmt: skip
