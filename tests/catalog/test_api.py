"""Stores and products in the JSON API."""

import pytest
from django.utils import timezone

from catalog.models import Product
from catalog.services.products import create_product


def names(page):
    return [product["product_id"] for product in page["products"]]


def test_stores_are_told_as_chats_hear_of_them(api, call_tool, shelf):
    assert api.get("stores") == call_tool("list_stores").structured_content


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"query": "rice"},
        {"query": "אורז"},
        {"category": "grains", "sort": "price_desc"},
        {"min_price": "10", "max_price": "25"},
        {"in_stock_only": "true", "sort": "name"},
        {"store": "grocer", "query": "nothing like it"},
    ],
)
def test_products_are_searched_as_chats_search_them(api, call_tool, shelf, query):
    asked = {**query, "in_stock_only": True} if "in_stock_only" in query else query

    assert api.get("products", **query) == call_tool("search_products", limit=25, **asked).structured_content


def test_one_product_is_told_with_all_that_is_known(api, call_tool, shelf):
    found = api.get("products/grocer:A3")

    assert found == call_tool("get_product", product_id="grocer:A3").structured_content
    assert found["description"] == "Boiled with malt, then baked."


def test_a_product_whose_sku_holds_a_slash_is_found(api, grocer):
    create_product(grocer, sku="A/1", name="Half a loaf", price="4")

    assert api.get("products/grocer:A/1")["name"] == "Half a loaf"


def test_a_withdrawn_product_is_found_by_its_id_alone(api, shelf):
    Product.objects.filter(sku="A3").update(withdrawn_at=timezone.now())

    assert "grocer:A3" not in names(api.get("products"))
    assert api.get("products/grocer:A3")["withdrawn"]


@pytest.mark.parametrize(
    "address", ["products/grocer:ghost", "products/A3", "products?store=ghost", "products?category=Toys"]
)
def test_what_there_is_not_is_not_found(api, shelf, address):
    assert api.get(address, 404)["code"] == "not_found"


def test_an_unknown_category_is_refused_with_those_there_are(api, shelf):
    refused = api.get("products", 404, category="Toys")

    assert refused["message"] == "There is no category “Toys”."
    assert "Bakery, Drinks, Grains" in refused["fix"]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 51},
        {"sort": "best"},
        {"min_price": "-1"},
        {"min_price": "NaN"},
        {"max_price": "1e30"},
        {"min_price": "9", "max_price": "8"},
        {"query": "nul\x00"},
        {"query": "x" * 1001},
        {"cursor": "made-up"},
    ],
)
def test_a_search_that_makes_no_sense_is_refused(api, shelf, query):
    assert api.get("products", 422, **query)["code"] == "invalid_arguments"


@pytest.mark.parametrize("sort", ["relevance", "price_asc", "newest"])
def test_pages_hold_every_product_once_while_more_arrive(api, grocer, shelf, sort):
    first = api.get("products", limit=2, sort=sort)
    create_product(grocer, sku="Z9", name="Zucchini", price="500")

    rows, page = names(first), first
    while page.get("next_cursor"):
        page = api.get("products", limit=2, sort=sort, cursor=page["next_cursor"])
        rows += names(page)

    assert len(rows) == len(set(rows))
    assert set(rows) >= {product.public_id for product in shelf.values()}


@pytest.mark.parametrize("rows", [1, 25])
@pytest.mark.parametrize(("address", "queries"), [("products", 9), ("products?query=thing", 9), ("stores", 7)])
def test_a_list_costs_the_same_queries_however_long_it_is(
    api, grocer, django_assert_num_queries, address, queries, rows
):
    for n in range(rows):
        create_product(grocer, sku=f"S{n}", name=f"Thing {n}", price="5", category=f"Shelf {n}")
    api.get("products?query=synonyms")  # are read once

    with django_assert_num_queries(queries):  # the key, and what the search and the shelves cost
        page = api.get(address)

    assert len(page["products"] if "products" in page else page["stores"][0]["categories"]) == rows
