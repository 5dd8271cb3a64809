"""Values of JSON that are objects: pictures, amounts of money, names; and prices in hundredths."""

import json
from decimal import Decimal

from catalog.models import Product


def found(load, products):
    load(json.dumps({"products": products}), name="products.json", currency="USD")
    return {product.sku: product for product in Product.objects.all()}


def test_the_picture_of_a_product_may_be_an_object_as_in_shopifys_admin(load):
    picture = {"id": 5, "src": "https://cdn.example.com/1.jpg"}
    shared = {"title": "Bowl", "handle": "bowl", "options": [{"name": "Size"}], "images": [picture]}
    variants = [{"sku": "B", "price": "9.00", "option1": "S"}]

    products = found(
        load,
        [
            {**shared, "image": picture, "variants": variants},
            {**shared, "image": None, "variants": [{"sku": "C", "price": "9.00", "option1": "S", "image": None}]},
        ],
    )

    assert [products[sku].image for sku in "BC"] == ["https://cdn.example.com/1.jpg"] * 2


def test_the_storefronts_newer_json_tells_what_is_sold_out_and_the_former_price(load):
    def variant(sku, size, **more):
        price = {"amount": "20.0", "currencyCode": "USD"}
        return {"sku": sku, "price": price, "selectedOptions": [{"name": "Size", "value": size}], **more}

    variants = [
        variant("S", "S", availableForSale=True, quantityAvailable=5, compareAtPrice={"amount": "25.0"}),
        variant("M", "M", availableForSale=False, quantityAvailable=0),
        variant("L", "L", availableForSale=True, quantityAvailable=-2),
    ]
    node = {"title": "Tee", "handle": "tee", "variants": {"edges": [{"node": variant} for variant in variants]}}

    products = found(load, [{**node, "featuredImage": {"url": "https://cdn.example.com/1.jpg"}}])

    assert {sku: (p.available, p.stock) for sku, p in products.items()} == {
        "S": (True, 5), "M": (False, 0), "L": (True, None),
    }  # fmt: skip
    assert (products["S"].price, products["S"].former_price) == (20, 25)
    assert products["S"].image == "https://cdn.example.com/1.jpg"


def test_shopifys_themes_write_hundredths(load):
    variants = [{"sku": "T", "option1": "S", "price": 2050, "compare_at_price": 2500}]
    product = {"title": "Tee", "handle": "tee", "price": 2050, "price_varies": False, "options": ["Size"]}

    tee = found(load, [{**product, "variants": variants}])["T"]

    assert (tee.price, tee.former_price) == (Decimal("20.50"), 25)


def test_flat_objects_may_hold_money_pictures_and_names_as_objects(load):
    tea = {
        "sku": "t", "name": "Tea", "price": {"value": "9.90", "currency": "USD"}, "images": [{"src": "https://x.example/t.jpg"}],
        "category": {"name": "Drinks"}, "brand": {"name": "Mill"}, "options": {"Size": 42},
    }  # fmt: skip

    found_tea = found(load, [tea])["t"]

    assert (found_tea.price, found_tea.category, found_tea.brand) == (Decimal("9.90"), "Drinks", "Mill")
    assert (found_tea.image, found_tea.options) == ("https://x.example/t.jpg", {"Size": "42"})


def test_a_whole_number_in_a_flat_object_may_be_cents_and_costs_its_row(load):
    price = {"currency": "USD"}
    products = [
        {"sku": "a", "name": "Tea", "price": {"amount": 990, **price}},
        {"sku": "b", "name": "Rye", "price": {"amount": 9.9, **price}},
    ]

    assert found(load, products).keys() == {"b"}
