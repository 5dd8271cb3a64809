"""Products from WooCommerce's Store API, which visitors of a shop can read."""

import json
from decimal import Decimal

from catalog.models import Product


def product(pk, price, *, unit=2, regular=None, ranged=None, **values):
    prices = {
        "price": price, "regular_price": regular or price, "sale_price": price, "price_range": ranged,
        "currency_code": "EUR", "currency_minor_unit": unit, "currency_prefix": "", "currency_suffix": " €",
    }  # fmt: skip
    return {
        "id": pk, "name": f"Tea {pk} &#8211; Bio &amp; fair", "parent": 0, "type": "simple", "variation": "",
        "sku": f"S{pk}", "permalink": f"https://x.example.com/product/{pk}", "prices": prices, "is_purchasable": True,
        "images": [{"id": 1, "src": "https://x.example.com/a.jpg"}],
        "categories": [{"id": 3, "name": "Tea &amp; more"}],
        "is_in_stock": True, "is_on_backorder": False, "low_stock_remaining": None, **values,
    }  # fmt: skip


VARIABLE = {
    "type": "variable",
    "attributes": [{"id": 1, "name": "Size", "has_variations": True, "terms": [{"name": "Small", "slug": "s"}]}],
    "variations": [{"id": 71, "attributes": [{"name": "Size", "value": "s"}]}, {"id": 72, "attributes": []}],
}
RANGE = {"min_amount": "1000", "max_amount": "2000"}


def shown(load, *products):
    report = load(json.dumps(products, indent=1), name="products.json", currency="EUR")
    return {product.sku: product for product in Product.objects.listed()}, report


def test_prices_are_in_the_smallest_unit_and_what_cannot_be_bought_is_left_out(load):
    found, report = shown(
        load,
        product(1, "1990"),
        product(2, "1500", regular="2000"),
        product(3, "1500", unit=0, is_in_stock=False),
        product(4, "900", is_purchasable=False),
        product(5, "900", sku="", low_stock_remaining=2),
        product(6, "900", is_on_backorder=True, low_stock_remaining=0),
    )

    assert {sku: (tea.price, tea.former_price, tea.stock, tea.available) for sku, tea in found.items()} == {
        "S1": (Decimal("19.90"), None, None, True),
        "S2": (15, 20, None, True),
        "S3": (1500, None, None, False),
        "id-5": (9, None, 2, True),
        "S6": (9, None, None, True),
    }
    tea = found["S1"]
    assert (tea.name, tea.category, tea.image) == ("Tea 1 – Bio & fair", "Tea & more", "https://x.example.com/a.jpg")
    assert (tea.external_id, tea.url, report.skipped) == ("1", "https://x.example.com/product/1", 1)


def test_a_variable_product_with_one_price_is_sold_by_its_variations(load):
    found, _report = shown(load, product(7, "1000", **VARIABLE))

    assert {sku: (tea.options, tea.group_id) for sku, tea in found.items()} == {
        "id-71": ({"Size": "Small"}, "7"),
        "id-72": ({}, "7"),
    }


def test_variations_in_the_file_are_sold_instead_of_their_product(load):
    found, report = shown(
        load,
        product(7, "1000", ranged=RANGE, **VARIABLE),
        product(71, "1000", type="variation", parent=7, variation="Size: Small, or so, Color: Red", sku=""),
        product(72, "2000", type="variation", parent=7, variation="Size: Large"),
    )

    assert {sku: (tea.price, tea.options) for sku, tea in found.items()} == {
        "id-71": (10, {"Size": "Small, or so", "Color": "Red"}),
        "S72": (20, {"Size": "Large"}),
    }
    assert (report.skipped, report.refused) == (1, [])


def test_a_variable_product_with_several_prices_is_refused_and_never_sold_at_the_lowest(load):
    found, report = shown(load, product(1, "1990"), product(7, "1000", ranged=RANGE, **VARIABLE))

    assert list(found) == ["S1"]
    assert "type=variation" in report.refused[0].reason
