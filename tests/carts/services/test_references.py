"""What callers name, and what it costs the others."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from carts.caller import Caller
from carts.models import Change, Session
from carts.services import carts
from shopmcp.errors import NotForSale, NotFound
from shopmcp.mcp.call import Call
from tests.carts.answers import cart, error, quantities, text
from tests.carts.chats import change


def caller(tool="add_to_cart"):
    return Caller(Call(tool, {"openai/session": "chat-1"}))


@pytest.fixture
def shirts(make_product):
    """Variants of one product; the first is sold out."""
    for size, stock in (("S", 0), ("M", 3), ("L", 1)):
        make_product(f"Linen shirt {size}", sku=f"shirt-{size}", group_id="shirt", options={"size": size}, stock=stock)


def completed(refusal):
    assert refusal.value.complete is not None
    return refusal.value.complete()


def statements(wanted):
    """How many statements refuse these references in the transaction, and how many complete the refusal then."""
    with CaptureQueriesContext(connection) as inside, pytest.raises(NotFound) as refusal:
        change(carts.add_items, caller(), wanted)
    with CaptureQueriesContext(connection) as outside:
        completed(refusal)
    return len(inside), len(outside)


def test_fifty_unknown_products_cost_two_look_ups_each_and_the_searches_of_three(store, honey):
    few, searched = statements([(f"wild honey {n}", 1) for n in range(3)])
    many, searched_too = statements([(f"wild honey {n}", 1) for n in range(50)])

    assert many - few == 2 * 47
    assert searched_too <= searched  # the meanings of words are cached
    assert not Change.objects.exists()


def test_nothing_is_searched_while_the_cart_is_locked(honey):
    with CaptureQueriesContext(connection) as inside, pytest.raises(NotFound) as refusal:
        change(carts.add_items, caller(), [("wild honey", 1)])

    assert not [query for query in inside if "catalog_entry" in query["sql"] or "catalog_word" in query["sql"]]
    assert refusal.value.candidates == []
    assert [found["product_id"] for found in completed(refusal).candidates] == ["shop:honey"]
    assert not Session.objects.exists()


def test_a_refusal_names_all_unknown_products_and_what_the_first_three_may_have_meant(call_tool, honey, tea):
    words = ["wild honey", "black tea", "x", "y", "z"]
    refused = call_tool("add_to_cart", items=[{"product_id": word} for word in [*words, *words]])

    for word in words:
        assert text(refused).count(f"There is no product “{word}”.") == 1
    assert {found["product_id"] for found in error(refused)["candidates"]} == {"shop:honey", "shop:tea"}
    assert cart(call_tool("view_cart"))["version"] == 0


def test_several_products_of_one_name_are_offered(call_tool, make_product):
    for sku in ("h1", "h2"):
        make_product("Honey", sku=sku)

    refused = call_tool("add_to_cart", product_id="honey")

    assert error(refused)["code"] == "ambiguous"
    assert [found["product_id"] for found in error(refused)["candidates"]] == ["shop:h1", "shop:h2"]
    assert cart(call_tool("view_cart"))["version"] == 0


def test_the_variants_that_can_be_bought_are_found_after_the_lock(call_tool, shirts):
    with CaptureQueriesContext(connection) as inside, pytest.raises(NotForSale) as refusal:
        change(carts.add_items, caller(), [("shop:shirt-S", 1)])

    assert not [query for query in inside if "group_id" in query["sql"]]
    assert refusal.value.candidates == []
    refused = error(call_tool("add_to_cart", product_id="shop:shirt-S"))
    assert [found["product_id"] for found in refused["candidates"]] == ["shop:shirt-M", "shop:shirt-L"]
    assert refused["fix"].startswith("Offer the shopper one of those instead")


def test_a_name_is_found_by_the_same_look_ups(call_tool, honey, django_assert_num_queries):
    change(carts.add_items, caller(), [("honey", 1)])

    # Two more than for the product's id.
    with django_assert_num_queries(11):
        change(carts.add_items, caller(), [("honey", 1)])
    assert quantities(call_tool("view_cart")) == {"shop:honey": 2}
