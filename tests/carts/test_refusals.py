"""What the cart's tools refuse: in words, and leaving nothing behind."""

import pytest

from carts.models import Session
from tests.carts.answers import cart, changes, codes, error, quantities, text

NO_QUANTITIES = [-5, 2.5, 1e30, True, False, None, "", "two", "2.5", "1e30", " ", [2], {"n": 2}, 1000, "1000", 10**30]


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


def test_a_list_holds_50_items_at_most(call_tool, kept):
    result = call_tool("add_to_cart", items=[{"product_id": "shop:honey"}] * 51)

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


# Handles, other arguments and faults


def test_a_chat_that_forgets_its_cart_id_hears_that_it_may_have_one(call_tool, honey):
    refused = call_tool("update_cart_item", session=None, product_id="shop:ghost", quantity=2)

    assert "ghost" in error(refused)["message"]
    assert text(refused).endswith("This chat passed no cart_id: if an earlier answer gave one, pass it.")
    assert not Session.objects.exists()


def test_a_change_without_a_cart_id_says_that_the_cart_is_a_new_one(call_tool, honey):
    started = call_tool("add_to_cart", session=None, product_id="shop:honey")
    handle = cart(started)["cart_id"]

    assert f"a new cart was started: pass cart_id {handle} with every later cart call." in text(started)
    again = text(call_tool("add_to_cart", session=None, product_id="shop:honey", cart_id=handle))
    assert again.endswith(f"This chat sends no conversation id: pass cart_id {handle} with every later cart call.")


@pytest.mark.parametrize("argument", ["request_id", "cart_id"])
@pytest.mark.parametrize("value", ["x" * 201, "a\x00b", True, [5], {"id": 5}])
def test_other_arguments_are_bounded_too(call_tool, kept, argument, value):
    result = call_tool("add_to_cart", product_id="shop:honey", **{argument: value})

    assert error(result)["code"] in ("invalid_arguments", "unknown_cart")


@pytest.mark.parametrize("version", [-1, 2_000_000_001, 1.5, True, "one"])
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
    assert changes(again) == []
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
