"""What the cart's tools refuse: in words, and leaving nothing behind."""

from typing import Any

import pytest
from django.utils import timezone

from carts.models import Cart, Change, Line, Session
from catalog.models import Store
from tests.carts.answers import cart, codes, error, quantities, text

NO_QUANTITIES = [-5, 2.5, 1e30, True, False, None, "", "two", "2.5", "1e30", " ", [2], {"n": 2}, 1000, "1000", 10**30]


@pytest.fixture
def kept(call_tool, honey):
    """A cart that holds two of honey; afterwards nothing must have changed."""
    call_tool("add_to_cart", product_id="shop:honey", quantity=2)
    yield
    assert list(Line.objects.values_list("product__versions__public_id", "quantity")) == [("shop:honey", 2)]
    assert Change.objects.count() == Session.objects.count() == 1
    assert Cart.objects.get().version == 1
    assert quantities(call_tool("view_cart")) == {"shop:honey": 2}


# Quantities


@pytest.mark.parametrize("quantity", ["2", " 2 ", 2.0, "+2", 2], ids=repr)
@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_2_may_be_written_in_many_ways(call_tool, honey, quantity, mode):
    assert quantities(call_tool("add_to_cart", product_id="shop:honey", quantity=quantity, mode=mode)) == {
        "shop:honey": 2
    }
    assert quantities(call_tool("update_cart_item", product_id="shop:honey", quantity=quantity, mode=mode)) == {
        "shop:honey": 2
    }


@pytest.mark.parametrize("quantity", [0, "0", *NO_QUANTITIES], ids=lambda value: repr(value)[:12])
def test_what_is_no_quantity_to_add_is_refused_in_words(call_tool, kept, quantity):
    for arguments in (
        {"product_id": "shop:honey", "quantity": quantity},
        {"items": [{"product_id": "shop:honey"}, {"product_id": "shop:honey", "quantity": quantity}]},
    ):
        result = call_tool("add_to_cart", **arguments)

        assert error(result)["code"] == "invalid_arguments"
        assert "quantity` must be" in text(result)
        assert text(result).endswith("The cart is unchanged.")


@pytest.mark.parametrize("quantity", NO_QUANTITIES, ids=lambda value: repr(value)[:12])
def test_what_is_no_quantity_to_set_is_refused_in_words(call_tool, kept, quantity):
    result = call_tool("update_cart_item", product_id="shop:honey", quantity=quantity)

    assert error(result)["code"] == "invalid_arguments"
    assert "`quantity` must be" in text(result)


def test_a_quantity_to_set_must_be_given(call_tool, kept):
    assert "`quantity` is required" in text(call_tool("update_cart_item", product_id="shop:honey"))


def test_999_of_a_product_and_no_more(call_tool, honey):
    assert quantities(call_tool("add_to_cart", product_id="shop:honey", quantity=999)) == {"shop:honey": 999}

    result = call_tool("add_to_cart", product_id="shop:honey")

    assert error(result)["code"] == "cart_limit"
    assert "at most 999 of one product; of Honey it holds 999" in text(result)
    assert quantities(call_tool("view_cart")) == {"shop:honey": 999}
    assert quantities(call_tool("update_cart_item", product_id="shop:honey", quantity=1)) == {"shop:honey": 1}


def test_100_lines_and_no_more(call_tool, make_product):
    names = [make_product(f"P{number}").public_id for number in range(101)]
    for start in (0, 50):
        call_tool("add_to_cart", items=[{"product_id": name} for name in names[start : start + 50]])

    result = call_tool("add_to_cart", items=[{"product_id": names[0]}, {"product_id": names[100]}])

    assert error(result)["code"] == "cart_limit"
    assert "at most 100 different products" in text(result)
    answer = cart(call_tool("view_cart"))
    assert (len(answer["lines"]), answer["item_count"], answer["version"]) == (100, 100, 2)
    assert quantities(call_tool("add_to_cart", product_id=names[0]))[names[0]] == 2


# Lists


def test_a_list_is_all_or_nothing(call_tool, kept, tea):
    for refused in ("shop:ghost", "shop:out"):
        result = call_tool("add_to_cart", items=[{"product_id": "shop:tea"}, {"product_id": refused}])
        assert error(result)["code"] == "not_found"


@pytest.mark.parametrize("count", [0, 51])
def test_a_list_holds_1_to_50_items(call_tool, kept, count):
    result = call_tool("add_to_cart", items=[{"product_id": "shop:honey"}] * count)

    assert error(result)["code"] == "invalid_arguments"
    assert "`items`" in text(result)


@pytest.mark.parametrize(
    "items", ["", "not json", "{}", "[" * 5000, '["shop:honey"]', 7, {"product_id": "shop:honey"}, [None], [[]], [{}]]
)
def test_what_is_no_list_of_items_is_refused_in_words(call_tool, kept, items):
    result = call_tool("add_to_cart", items=items)

    assert error(result)["code"] == "invalid_arguments"
    assert "items" in text(result)


def test_one_of_product_and_items_is_needed_and_not_both(call_tool, kept):
    for arguments in ({}, {"product_id": "shop:honey", "items": [{"product_id": "shop:honey"}]}, {"quantity": 2}):
        result = call_tool("add_to_cart", **arguments)
        assert error(result)["code"] == "invalid_arguments"
        assert "either product_id or items" in text(result)


# Products


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


def test_a_chat_that_forgets_its_cart_id_hears_that_it_may_have_one(call_tool, honey):
    refused = call_tool("update_cart_item", session=None, product_id="shop:honey", quantity=2)

    assert error(refused)["message"] == "The cart does not hold Honey."
    assert text(refused).endswith("This chat passed no cart_id: if an earlier answer gave one, pass it.")
    assert not Session.objects.exists()


def test_a_change_without_a_cart_id_says_that_the_cart_is_a_new_one(call_tool, honey):
    started = call_tool("add_to_cart", session=None, product_id="shop:honey")
    handle = cart(started)["cart_id"]

    assert f"a new cart was started: pass cart_id {handle} with every later cart call." in text(started)
    again = text(call_tool("add_to_cart", session=None, product_id="shop:honey", cart_id=handle))
    assert again.endswith(f"This chat sends no conversation id: pass cart_id {handle} with every later cart call.")


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


def test_a_product_that_the_cart_does_not_hold_cannot_be_changed(call_tool, kept, tea):
    result = call_tool("update_cart_item", product_id="shop:tea", quantity=3)

    assert error(result)["code"] == "not_found"
    assert "The cart does not hold Tea." in text(result)
    assert "add_to_cart" in error(result)["fix"]


@pytest.mark.parametrize("argument", ["request_id", "cart_id"])
@pytest.mark.parametrize("value", ["", "x" * 201, "a\x00b", 5, True])
def test_other_arguments_are_bounded_too(call_tool, kept, argument, value):
    result = call_tool("add_to_cart", product_id="shop:honey", **{argument: value})

    assert error(result)["code"] in ("invalid_arguments", "unknown_cart")


@pytest.mark.parametrize("version", [-1, 2_000_000_001, 1.5, True, "", "one"])
def test_what_is_no_version_is_refused_in_words(call_tool, kept, version):
    assert "`version` must be" in text(call_tool("undo_cart_change", version=version))


def test_a_refusal_says_what_is_wrong_and_what_to_do_and_that_nothing_changed(call_tool, kept):
    result = call_tool("add_to_cart", product_id="shop:ghost")

    assert result.structured_content == {
        "error": {
            "code": "not_found",
            "message": "There is no product “shop:ghost”.",
            "fix": "Use search_products to find it, then call again with its product_id.",
            "candidates": [],
        }
    }
    assert text(result) == (
        "There is no product “shop:ghost”. Use search_products to find it, then call again with its product_id. "
        "The cart is unchanged."
    )


def test_a_fault_of_the_shop_is_told_without_its_own_words(call_tool, kept, monkeypatch, caplog):
    from carts.services import carts

    def fail(*_):
        raise RuntimeError("a secret inside")

    monkeypatch.setattr(carts, "find_items", fail)
    result = call_tool("add_to_cart", product_id="shop:honey")

    assert error(result)["code"] == "internal_error"
    assert "secret" not in repr(result)
    assert "a secret inside" in caplog.text


def test_a_database_that_does_not_answer_is_told_in_words(call_tool, kept, monkeypatch):
    from django.db import OperationalError

    from carts.services import carts

    def fail(*_):
        raise OperationalError("database is locked")

    monkeypatch.setattr(carts, "find_items", fail)
    result = call_tool("add_to_cart", product_id="shop:honey")

    assert error(result)["code"] == "busy"
    assert "Try again in a moment. The cart is unchanged." in text(result)


# Stock


def test_a_scarce_product_is_added_as_far_as_it_goes_with_a_notice(call_tool, make_product):
    make_product("Mug", stock=3)
    result = call_tool("add_to_cart", product_id="shop:mug", quantity=5)

    assert quantities(result) == {"shop:mug": 3}
    assert codes(result) == ["stock"]
    assert "Only 3 left of Mug; the cart holds 3 now." in text(result)
    again = call_tool("add_to_cart", product_id="shop:mug")
    assert quantities(again) == {"shop:mug": 3}
    assert cart(again)["changes"] == []
    assert codes(again) == ["stock"]


def test_a_scarce_product_is_set_as_far_as_it_goes_with_a_notice(call_tool, make_product):
    make_product("Mug", stock=3)
    call_tool("add_to_cart", product_id="shop:mug")
    result = call_tool("update_cart_item", product_id="shop:mug", quantity=5)

    assert quantities(result) == {"shop:mug": 3}
    assert "Only 3 left of Mug; the cart holds 3 now." in text(result)


@pytest.mark.parametrize("arguments", [{"product_id": "shop:ghost"}, {"product_id": "shop:honey", "quantity": 0}])
def test_a_refusal_too_says_that_the_cart_is_shared(call_tool, honey, settings, arguments):
    settings.SHOPMCP_UNKEYED_CALLS = "shared"

    result = call_tool("add_to_cart", session=None, **arguments)

    assert result.is_error
    assert "shares one cart with every other such chat" in text(result)
