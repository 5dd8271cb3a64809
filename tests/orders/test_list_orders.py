"""`list_orders`: what became of this conversation's orders."""

from datetime import UTC, datetime

import pytest

from carts.models import Session
from catalog.models import Product, Store
from orders.models import Order, OrderEvent, OrderState
from orders.services.states import Who, advance
from tests.carts.answers import cart, codes, error, quantities, text

OWNER = Who(Order.Actor.OWNER, "owner")


@pytest.fixture
def placed(honey, tea, fill, order):
    return order(fill(honey=2, tea=1), name="Dana Levi")


def listed(result):
    assert not result.is_error, text(result)
    return result.structured_content["orders"]


def test_a_conversation_without_orders_hears_so(honey, call_tool, db):
    assert listed(call_tool("list_orders")) == []
    call_tool("add_to_cart", product_id="shop:honey")

    assert "Nothing was ordered" in text(call_tool("list_orders"))


def test_orders_of_this_conversation_are_named_and_no_others(placed, fill, order, call_tool):
    order(fill("another", honey=1), key="k2")

    (found,) = listed(call_tool("list_orders"))
    assert found["number"] == placed.shown_number
    assert (found["state"], found["total"]["amount"]) == ("placed", "49.90")
    assert found["url"].startswith("http://127.0.0.1:8000/orders/")
    assert "details" not in found
    assert placed.shown_number in text(call_tool("list_orders"))


def test_one_order_is_told_in_full_without_its_buyer(placed, call_tool):
    advance(placed.number, OrderState.CONFIRMED, OWNER)

    result = call_tool("list_orders", order=placed.shown_number.lower().replace("-", " "))

    (found,) = listed(result)
    assert [(line["name"], line["quantity"]) for line in found["details"]["lines"]] == [("Honey", 2), ("Tea", 1)]
    assert found["details"]["delivery"] == "Pick-up"
    assert len(found["details"]["happened"]) == 2
    assert "2 × Honey" in text(result)
    assert "Dana" not in str(result)
    assert "050" not in str(result)


def test_days_and_hours_are_those_of_the_store_and_the_data_keeps_the_moment(placed, call_tool):
    Store.objects.update(time_zone="Pacific/Auckland")
    moment = datetime(2026, 11, 26, 13, 30, tzinfo=UTC)  # half past two of the next day there
    Order.objects.update(placed_at=moment)
    OrderEvent.objects.update(at=moment)

    result = call_tool("list_orders", order=placed.shown_number)

    (found,) = listed(result)
    assert found["placed_at"] == "2026-11-26T13:30:00Z"
    assert found["details"]["happened"][0].startswith("2026-11-27 02:30 ")
    assert "of 2026-11-27:" in text(result)
    assert "of 2026-11-27:" in text(call_tool("list_orders"))
    assert "2026-11-26" not in text(result)


def test_another_conversations_order_is_as_unknown_as_none(placed, fill, call_tool):
    fill("another", honey=1)

    foreign = error(call_tool("list_orders", session="another", order=placed.shown_number))
    none = error(call_tool("list_orders", session="another", order="000-000-000"))
    assert foreign == none
    assert foreign["code"] == "not_found"


def test_a_chat_that_names_no_conversation_is_told_what_to_pass(placed, call_tool):
    assert error(call_tool("list_orders", session=None))["code"] == "session_needed"


def test_chats_that_share_a_cart_are_not_told_of_orders(placed, call_tool, settings):
    settings.SHOPMCP_UNKEYED_CALLS = "shared"

    result = call_tool("list_orders", session=None)

    assert error(result)["code"] == "invalid_arguments"
    assert placed.shown_number not in text(result)


def test_the_same_again_is_put_into_the_cart_at_todays_prices(placed, honey, call_tool):
    Product.versions.filter(sku="honey").update(price=21)

    result = call_tool("resume_cart", code=placed.shown_number)

    assert quantities(result) == {"shop:honey": 2, "shop:tea": 1}
    assert cart(result)["total"]["amount"] == "51.90"
    assert "again" in codes(result)


def test_what_can_no_longer_be_bought_is_told_and_the_rest_added(placed, call_tool):
    Product.versions.filter(sku="tea").update(available=False)

    result = call_tool("resume_cart", code=placed.shown_number)

    assert quantities(result) == {"shop:honey": 2}
    assert "not_added" in codes(result)


def test_another_conversations_order_cannot_be_had_again(placed, fill, call_tool):
    fill("another", honey=1)

    result = call_tool("resume_cart", session="another", code=placed.shown_number)

    assert error(result)["code"] == "not_found"
    assert quantities(call_tool("view_cart", session="another")) == {"shop:honey": 1}


def test_a_chat_that_names_no_conversation_has_no_order_again(placed, call_tool):
    before = Session.objects.count()

    assert error(call_tool("resume_cart", session=None, code=placed.shown_number))["code"] == "session_needed"
    assert Session.objects.count() == before


def test_the_same_again_leaves_out_what_was_deleted_for_good(placed, call_tool):
    Product.objects.get(sku="tea").delete()

    result = call_tool("resume_cart", code=placed.number)
    assert quantities(result) == {"shop:honey": 2}
    assert "Tea was withdrawn from the shop." in text(result)

    call_tool("clear_cart")
    Product.objects.all().delete()
    assert error(call_tool("resume_cart", code=placed.number))["code"] == "not_for_sale"
    assert quantities(call_tool("view_cart")) == {}
