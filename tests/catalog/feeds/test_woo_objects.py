"""Products from WooCommerce's REST interface."""

import json
from datetime import UTC, datetime

import pytest

from catalog.models import Product

COMMON = {
    "status": "publish", "type": "simple", "catalog_visibility": "visible", "price": "8", "regular_price": "10",
    "sale_price": "", "date_on_sale_from": None, "date_on_sale_to": None, "stock_status": "instock",
    "stock_quantity": None, "manage_stock": False, "backorders": "no", "purchasable": True,
}  # fmt: skip


def shown(load, *products):
    load(json.dumps([{**COMMON, "id": n, "name": f"Tea {n}", **product} for n, product in enumerate(products, 1)]))
    return {product.sku: product for product in Product.objects.listed()}


def test_a_sale_counts_by_its_dates_and_not_by_the_price_of_the_moment(load):
    sale = {
        "sale_price": "8",
        "date_on_sale_from_gmt": "2020-01-01T00:00:00",
        "date_on_sale_to_gmt": "2020-02-01T22:00:00",
    }
    found = shown(load, {"sku": "a", **sale}, {"sku": "b", "sale_price": "8"})

    assert (found["a"].price, found["a"].sale_price) == (10, 8)
    assert found["a"].sale_ends == datetime(2020, 2, 1, 22, tzinfo=UTC)
    assert (found["b"].price, found["b"].former_price) == (8, 10)


@pytest.mark.parametrize(
    "hidden",
    [
        {"status": "draft"},
        {"status": "private"},
        {"catalog_visibility": "hidden"},
        {"type": "variable"},
        {"purchasable": False},
    ],
)
def test_what_cannot_be_bought_in_the_shop_is_left_out(load, hidden):
    assert list(shown(load, {"sku": "a"}, {"sku": "b", **hidden})) == ["a"]


def test_a_few_chosen_fields_are_enough_to_leave_out_what_has_variations(load):
    chosen = {"regular_price": "10", "status": "publish", "stock_status": "instock"}
    load(json.dumps([
        {**chosen, "id": 1, "name": "Tea", "sku": "a", "type": "simple"},
        {**chosen, "id": 2, "name": "Cups", "sku": "b", "type": "variable"},
    ]))  # fmt: skip

    assert [product.sku for product in Product.objects.listed()] == ["a"]


def test_stock_category_picture_and_options_are_read(load):
    found = shown(
        load,
        {"sku": "a", "manage_stock": True, "stock_quantity": 4, "categories": [{"id": 3, "name": "Tea &amp; more"}]},
        {"sku": "b", "stock_status": "outofstock", "images": [{"id": 1, "src": "https://cdn.example.com/b.jpg"}]},
        {"type": "variation", "sku": "", "parent_id": 9, "attributes": [{"id": 1, "name": "Size", "option": "L"}]},
        {"sku": "c", "manage_stock": True, "stock_quantity": -1, "backorders": "yes"},
    )

    assert (found["a"].stock, found["a"].category) == (4, "Tea & more")
    assert (found["b"].available, found["b"].image) == (False, "https://cdn.example.com/b.jpg")
    assert (found["id-3"].name, found["id-3"].options, found["id-3"].group_id) == ("Tea 3 - L", {"Size": "L"}, "9")
    assert (found["c"].stock, found["c"].available) == (None, True)
