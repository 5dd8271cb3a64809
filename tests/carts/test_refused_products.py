"""Products that the cart's tools refuse: in words, and leaving nothing behind."""

from typing import Any

import pytest
from django.utils import timezone

from carts.models import Cart, Line
from catalog.models import Product, Store
from tests.carts.answers import error, text


@pytest.mark.parametrize(
    "reference", ["", " ", "\x00", "a\x07b", "x" * 1001, 5, "shop:ghost", "..:0", "../../etc/passwd", "0", "shop:", ":"]
)
@pytest.mark.parametrize("name", ["add_to_cart", "update_cart_item", "remove_from_cart"])
def test_what_names_no_product_is_refused_in_words(call_tool, kept, name, reference):
    arguments = {"quantity": 1} if name == "update_cart_item" else {}
    result = call_tool(name, product_id=reference, **arguments)

    assert error(result)["code"] in ("invalid_arguments", "not_found")
    assert error(result)["fix"]
    assert "\x00" not in text(result)
    assert text(result).endswith("The cart is unchanged.")


def test_an_ambiguous_name_adds_nothing_and_returns_the_candidates(call_tool, kept, make_product):
    make_product("Cup", "5", sku="c1")
    make_product("cup", "7", sku="c2")

    result = call_tool("add_to_cart", product_id="CUP", quantity=2)

    assert error(result)["code"] == "ambiguous"
    assert [candidate["product_id"] for candidate in error(result)["candidates"]] == ["shop:c1", "shop:c2"]
    assert error(result)["candidates"][0]["price"] == {"amount": "5.00", "formatted": "₪5.00"}
    assert "- Cup · shop:c1 · ₪5.00\n- cup · shop:c2 · ₪7.00\n" in text(result)


def test_a_sku_that_two_stores_share_is_ambiguous(call_tool, kept, make_product):
    other = Store.objects.create(slug="other", name="Other", currency="ILS")
    make_product("Other honey", sku="honey", store=other)

    assert error(call_tool("add_to_cart", product_id="honey"))["code"] == "ambiguous"


def test_a_name_that_comes_near_returns_candidates(call_tool, kept):
    result = call_tool("add_to_cart", product_id="honey jar")

    assert error(result)["code"] == "not_found"
    assert [candidate["product_id"] for candidate in error(result)["candidates"]] == ["shop:honey"]


def test_every_bad_item_of_a_list_is_told_at_once(call_tool, kept):
    result = call_tool(
        "add_to_cart", items=[{"product_id": "shop:honey"}, {"product_id": "nope"}, {"product_id": "honey jar"}]
    )

    assert error(result)["message"] == "There is no product “nope”. There is no product “honey jar”."
    assert [candidate["product_id"] for candidate in error(result)["candidates"]] == ["shop:honey"]


def test_a_product_that_is_named_twice_counts_with_all_that_is_wanted(call_tool, kept, make_product):
    make_product("Mug", stock=5)

    refused = call_tool("add_to_cart", items=[{"product_id": "shop:mug", "quantity": 999}] * 2)

    assert error(refused)["message"] == "A cart holds at most 999 of one product; of Mug it holds 0."


def test_a_sold_out_variant_names_the_siblings_that_can_be_bought(call_tool, kept, make_product):
    make_product("Shirt S", sku="s", group_id="shirt", stock=2)
    make_product("Shirt M", sku="m", group_id="shirt", stock=0)
    make_product("Shirt L", sku="l", group_id="shirt", stock=0)

    refused = call_tool("add_to_cart", product_id="shop:l")

    assert error(refused)["code"] == "not_for_sale"
    assert [candidate["product_id"] for candidate in error(refused)["candidates"]] == ["shop:s"]
    assert "Offer the shopper one of those instead" in text(refused)


NOT_FOR_SALE: dict[str, dict[str, Any]] = {
    "has no price yet": {"price": None},
    "cannot be bought at the moment": {"available": False},
    "was withdrawn from the shop": {"withdrawn_at": timezone.now()},
    "is sold out": {"stock": 0},
}


@pytest.mark.parametrize("said", NOT_FOR_SALE)
def test_what_cannot_be_bought_is_refused_in_words(call_tool, kept, make_product, said):
    make_product("Mug", **NOT_FOR_SALE[said])

    result = call_tool("add_to_cart", product_id="shop:mug")

    assert error(result)["code"] == "not_for_sale"
    assert f"Mug {said}" in text(result)
    assert "search_products" in error(result)["fix"]


def test_a_product_of_another_store_is_refused_in_words(call_tool, kept, make_product):
    other = Store.objects.create(slug="other", name="Other", currency="ILS")
    make_product("Mug", store=other)

    result = call_tool("add_to_cart", product_id="other:mug")

    assert error(result)["code"] == "cart_limit"
    assert "this one belongs to The Shop" in text(result)
    assert error(call_tool("add_to_cart", items=[{"product_id": "other:mug"}] * 2))["code"] == "cart_limit"


def test_a_product_of_the_same_store_in_another_currency_is_refused_in_words(call_tool, kept, make_product):
    make_product("Mug", currency="USD")

    assert error(call_tool("add_to_cart", product_id="shop:mug"))["code"] == "cart_limit"


def test_two_stores_in_one_list_are_refused(call_tool, honey, make_product):
    make_product("Mug", store=Store.objects.create(slug="other", name="Other", currency="ILS"))

    result = call_tool("add_to_cart", items=[{"product_id": "shop:honey"}, {"product_id": "other:mug"}])

    assert error(result)["code"] == "cart_limit"
    assert not Cart.objects.exists()
    assert not Line.objects.exists()


def test_a_product_that_the_cart_does_not_hold_cannot_be_replaced(call_tool, kept, tea):
    result = call_tool("add_to_cart", product_id="shop:honey", replaces="shop:tea")

    assert error(result)["code"] == "not_found"
    assert "The cart does not hold Tea, so nothing can replace it." in text(result)
    assert "without replaces" in error(result)["fix"]


def test_a_product_cannot_replace_itself(call_tool, kept):
    result = call_tool("add_to_cart", product_id="honey", replaces="shop:honey", quantity=5)

    assert error(result)["code"] == "invalid_arguments"
    assert "Honey cannot replace itself." in text(result)
    assert "update_cart_item" in error(result)["fix"]


def test_products_of_two_stores_are_refused_as_that_and_not_for_the_cart_s_sake(call_tool, kept, make_product):
    make_product("Mug", "5", store=Store.objects.create(slug="other", name="Other", currency="ILS", language="en"))
    items = [{"product_id": "shop:honey"}, {"product_id": "other:mug"}]

    result = call_tool("add_to_cart", items=items)

    assert error(result)["code"] == "cart_limit"
    assert "These are of different stores: Honey (The Shop), Mug (Other)." in text(result)


def test_products_of_two_currencies_are_refused_as_that(call_tool, kept, tea):
    Product.objects.filter(sku="tea").update(currency="USD")

    result = call_tool("add_to_cart", items=[{"product_id": "shop:honey"}, {"product_id": "shop:tea"}])

    assert error(result)["code"] == "cart_limit"
    assert "These have prices in different currencies: Honey (ILS), Tea (USD)." in text(result)
