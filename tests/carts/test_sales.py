"""A sale begins and ends by the clock: carts, the JSON API and the dashboard tell the price of the moment."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from carts.models import Cart, Session
from catalog.models import Product
from tests.api import script
from tests.carts.answers import cart, codes, text


@pytest.fixture
def held(call_tool, honey):
    """A cart with two of honey."""
    call_tool("add_to_cart", product_id="shop:honey", quantity=2)


def sale(begins, ends):
    """Put honey on sale from so many hours from now until so many."""
    moments = [hours if hours is None else timezone.now() + timedelta(hours=hours) for hours in (begins, ends)]
    Product.objects.filter(sku="honey").update(sale_price="15.00", sale_begins=moments[0], sale_ends=moments[1])


def told(call_tool):
    seen = cart(call_tool("view_cart"))
    return seen["lines"][0]["unit_price"]["amount"], seen["total"]["amount"]


def test_a_sale_that_begins_and_ends_between_views_changes_the_price(call_tool, held):
    sale(1, 2)
    assert told(call_tool) == ("20.00", "40.00")

    sale(-1, 1)
    seen = call_tool("view_cart")
    assert told(call_tool) == ("15.00", "30.00")
    assert codes(seen) == ["price_changed"]
    assert "The price of Honey changed from ₪20.00 to ₪15.00." in text(seen)

    sale(-2, -1)
    assert told(call_tool) == ("20.00", "40.00")
    assert codes(call_tool("view_cart")) == []


@pytest.mark.parametrize(("begins", "ends", "price"), [(None, None, "15.00"), (None, -1, "20.00"), (-1, None, "15.00")])
def test_what_is_added_costs_what_it_costs_at_that_moment(call_tool, honey, begins, ends, price):
    sale(begins, ends)

    added = cart(call_tool("add_to_cart", product_id="shop:honey", quantity=2))

    assert added["lines"][0]["unit_price"]["amount"] == price
    assert added["total"]["amount"] == f"{2 * Decimal(price)}"
    assert codes(call_tool("view_cart")) == []


def test_an_undone_removal_tells_that_the_sale_ended_meanwhile(call_tool, honey):
    sale(-1, 1)
    call_tool("add_to_cart", product_id="shop:honey")
    call_tool("clear_cart")
    sale(-2, -1)

    undone = call_tool("undo_cart_change")

    assert cart(undone)["total"]["amount"] == "20.00"
    assert "The price of Honey changed from ₪15.00 to ₪20.00." in text(undone)


def test_the_api_and_the_dashboard_tell_the_same_total_as_the_chat(call_tool, held, client, admin_client, make_product):
    make_product("Tea", "9.90")
    call_tool("add_to_cart", product_id="shop:tea", quantity=3)
    sale(-1, 1)
    Product.objects.filter(sku="tea").update(counted=1)
    api = script(client)
    session = Session.objects.get().public_id

    assert cart(call_tool("view_cart"))["total"]["amount"] == "39.90"
    of_cart = api.get(f"carts/{Cart.objects.get().public_id}")
    of_session = api.get(f"sessions/{session}")["cart"]
    for found in (of_cart, of_session):
        assert found["total"]["amount"] == "39.90"
        assert [line.get("available") for line in found["lines"]] == [None, 1]
    (row,) = admin_client.get(reverse("dashboard-sessions")).context["rows"]
    assert row.value == Decimal("39.90")
    page = admin_client.get(reverse("dashboard-session", args=[session]))
    assert page.context["total"] == Decimal("39.90")
    assert "only 1 left" in page.text
