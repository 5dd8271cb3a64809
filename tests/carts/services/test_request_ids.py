"""A write with a request_id happens once, however often it is sent."""

import json
from datetime import timedelta

import pytest

from carts.models import Cart, Change
from catalog.models import Product
from tests.carts.answers import cart, error, quantities, text


@pytest.fixture
def add(call_tool, honey, tea):
    def add(**arguments):
        arguments.setdefault("product_id", "shop:honey")
        return call_tool("add_to_cart", **{"request_id": "r1", **arguments})

    return add


def test_a_repeated_request_gets_the_identical_answer_and_adds_nothing(add, call_tool):
    first, again = add(quantity=2), add(quantity="2")

    assert again.structured_content == first.structured_content
    assert text(again) == text(first)
    assert quantities(call_tool("view_cart")) == {"shop:honey": 2}
    assert Change.objects.count() == 1


def test_the_first_answer_is_given_again_whatever_happened_since(add, call_tool):
    first = add()
    call_tool("clear_cart")
    call_tool("add_to_cart", product_id="shop:tea")
    Product.objects.update(price="1.00", counted=0)

    again = add()
    assert again.structured_content == first.structured_content
    assert text(again) == text(first) + (
        "\nThis is the first answer to this request_id, version 1; nothing was done again. "
        "The cart has changed since, to version 3: view_cart shows it."
    )
    assert quantities(call_tool("view_cart")) == {"shop:tea": 1}


def test_the_same_id_with_other_arguments_is_refused(add, call_tool):
    add()

    for other in ({"quantity": 2}, {"product_id": "shop:tea"}, {"product_id": None, "items": [{"product_id": "x"}]}):
        result = add(**other)
        assert error(result)["code"] == "request_id_reused"
        assert "Use a new request_id for a new change." in text(result)
    assert quantities(call_tool("view_cart")) == {"shop:honey": 1}


def test_a_list_is_repeated_like_a_single_product(add, call_tool):
    items = [{"product_id": "shop:honey", "quantity": 2}, {"product_id": "shop:tea"}]
    first, again = add(product_id=None, items=items), add(product_id=None, items=items)

    assert again.structured_content == first.structured_content
    assert quantities(call_tool("view_cart")) == {"shop:honey": 2, "shop:tea": 1}


def test_conversations_do_not_share_request_ids(add, call_tool):
    add()

    assert quantities(add(session="chat-2", quantity=5)) == {"shop:honey": 5}


def test_a_refused_request_may_be_tried_again(add, call_tool):
    Product.objects.filter(sku="honey").update(counted=0)
    assert error(add())["code"] == "not_for_sale"
    Product.objects.filter(sku="honey").update(counted=None)

    assert quantities(add()) == {"shop:honey": 1}
    assert quantities(add()) == {"shop:honey": 1}


def test_a_request_that_changed_nothing_is_remembered_too(add, call_tool):
    call_tool("add_to_cart", product_id="shop:honey")
    Product.objects.filter(sku="honey").update(counted=1)
    first = add()
    Product.objects.filter(sku="honey").update(counted=None)

    assert cart(first)["changes"] == []
    assert add().structured_content == first.structured_content
    assert quantities(call_tool("view_cart")) == {"shop:honey": 1}
    assert quantities(call_tool("undo_cart_change")) == {}


@pytest.mark.parametrize(("hours", "quantity"), [(23, 1), (25, 2)])
def test_an_id_is_free_again_after_a_day(add, call_tool, hours, quantity):
    add()
    change = Change.objects.get()
    Change.objects.update(created_at=change.created_at - timedelta(hours=hours))

    add()

    assert quantities(call_tool("view_cart")) == {"shop:honey": quantity}
    assert quantities(add(quantity=1)) == {"shop:honey": quantity}


def test_a_chat_that_is_known_by_its_handle_may_repeat_too(add, call_tool):
    minted = cart(call_tool("add_to_cart", session=None, product_id="shop:tea"))["cart_id"]
    first, again = (add(session=None, cart_id=minted) for _ in range(2))

    assert again.structured_content == first.structured_content
    assert quantities(call_tool("view_cart", session=None, cart_id=minted)) == {"shop:tea": 1, "shop:honey": 1}


@pytest.mark.parametrize(
    ("tool", "arguments", "other"),
    [
        ("update_cart_item", {"product_id": "shop:honey", "quantity": 5}, {"quantity": 6}),
        ("remove_from_cart", {"product_id": "shop:honey"}, {"product_id": "shop:tea"}),
        ("undo_cart_change", {}, {"version": 1}),
        ("clear_cart", {}, None),
    ],
)
def test_every_tool_that_changes_a_cart_may_be_repeated(call_tool, honey, tea, tool, arguments, other):
    for sku in ("honey", "tea"):
        call_tool("add_to_cart", product_id=f"shop:{sku}", quantity=2)
    first = call_tool(tool, request_id="r2", **arguments)
    version = cart(first)["version"]
    # What the shopper does next stays, though the same call comes once more.
    call_tool("add_to_cart", product_id="shop:honey", quantity=3)
    expected = quantities(call_tool("view_cart"))

    again = call_tool(tool, request_id="r2", **arguments)

    assert again.structured_content == first.structured_content
    assert text(again).startswith(text(first))
    assert quantities(call_tool("view_cart")) == expected
    assert Cart.objects.get().version == version + 1
    if other is not None:
        assert error(call_tool(tool, request_id="r2", **{**arguments, **other}))["code"] == "request_id_reused"


def test_a_request_of_one_tool_is_none_of_another(call_tool, honey):
    call_tool("add_to_cart", product_id="shop:honey", request_id="r1")

    result = call_tool("remove_from_cart", product_id="shop:honey", request_id="r1")

    assert error(result)["code"] == "request_id_reused"
    assert quantities(call_tool("view_cart")) == {"shop:honey": 1}


def test_a_handle_is_no_request_id(add, call_tool):
    minted = cart(call_tool("add_to_cart", session=None, product_id="shop:tea"))["cart_id"]

    result = add(session=None, request_id=minted)

    assert error(result)["code"] == "invalid_arguments"
    assert "Pass it as cart_id, and a request_id of your own." in text(result)
    assert not Change.objects.filter(request_id=minted).exists()
    assert quantities(call_tool("view_cart", session=None, cart_id=minted)) == {"shop:tea": 1}


def test_the_database_holds_no_handle_of_a_cart(add, call_tool):
    minted = cart(call_tool("add_to_cart", session=None, product_id="shop:tea"))["cart_id"]
    first = add(session=None, cart_id=minted)

    stored = json.dumps(list(Change.objects.values_list("answer", flat=True)))

    assert minted in text(first)
    assert minted not in stored
    assert text(add(session=None, cart_id=minted)) == text(first)


def test_an_answer_is_stored_only_where_it_may_be_asked_for_again(add, call_tool):
    call_tool("add_to_cart", product_id="shop:honey")
    assert Change.objects.get().answer is None

    add()

    answer = Change.objects.get(request_id="r1").answer
    assert answer is not None
    assert answer["data"]["item_count"] == 2
    assert Cart.objects.get().version == 2
