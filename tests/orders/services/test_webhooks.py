"""What the shop's systems are told of orders."""

import pytest

from offers.models import Merchant
from orders.models import Order, OrderState
from orders.payments.provider import Paid, Told
from orders.refusals import NotTaken
from orders.services.captures import take_payment
from orders.services.online import settle, start_payment
from orders.services.states import Who, advance
from outbox.models import Message
from outbox.services import deliver
from outbox.services.endpoints import make_endpoint
from tests.catalog.imports.serving import certificate
from tests.orders.online import dummy
from tests.outbox.receiving import receiver

__all__ = ["certificate", "dummy", "receiver"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("honey")]
ALL = ["order.placed", "order.changed", "payment.changed", "stock.low"]


def told(kind):
    return [message.payload for message in Message.objects.filter(kind=kind).exclude(endpoint=None).order_by("id")]


def test_a_placed_order_reaches_a_system_that_verifies_it(fill, order, receiver):
    endpoint = make_endpoint(receiver.url, ["order.placed"])
    placed = order(fill(honey=2))

    deliver()

    (event,) = receiver.verified(endpoint.secret)
    assert event["type"] == "order.placed"
    assert event["data"]["change"] == "placed"
    facts = event["data"]["order"]
    assert (facts["number"], facts["state"], facts["store"], facts["test"]) == (placed.number, "placed", "shop", False)
    assert [(line["product_id"], line["quantity"]) for line in facts["lines"]] == [("shop:honey", 2)]
    assert facts["total"] == facts["due"] == f"{placed.total:.2f}"
    assert "buyer" not in event["data"]
    for private in ("Dana", "050", "@"):
        assert private not in receiver.requests[0][1].decode()


def test_a_system_that_may_know_buyers_is_told_who_bought(fill, order):
    make_endpoint("https://erp.example.com/", ["order.placed"], with_people=True)
    order(fill(honey=1))

    (data,) = told("order.placed")
    assert data["buyer"]["name"] == "Dana Levi"
    assert data["buyer"]["email"].lower() == "dana@example.com"


def test_each_change_of_an_order_is_told_once(fill, order):
    make_endpoint("https://erp.example.com/", ALL)
    placed = order(fill(honey=1))

    advance(placed.number, OrderState.CONFIRMED, Who(Order.Actor.OWNER))

    (data,) = told("order.changed")
    assert (data["change"], data["order"]["state"]) == ("confirmed", "confirmed")
    assert len(told("order.placed")) == 1


def test_an_order_that_was_not_taken_is_not_told(fill, order, store):
    make_endpoint("https://erp.example.com/", ALL)
    cart = fill(honey=1)
    store.paused = "On holiday"
    store.save()

    with pytest.raises(NotTaken):
        order(cart)
    assert not Message.objects.exists()


def test_the_order_that_brings_a_product_low_tells_it_and_the_next_does_not(fill, order, make_product):
    make_endpoint("https://erp.example.com/", ["stock.low"])
    make_product("Few", stock=8)

    order(fill("chat-1", few=2), key="1")
    assert told("stock.low") == []
    order(fill("chat-2", few=2), key="2")
    order(fill("chat-3", few=2), key="3")

    (data,) = told("stock.low")
    assert (data["product_id"], data["stock"]) == ("shop:few", 4)


def test_systems_hear_of_what_is_authorised_and_of_what_is_taken(dummy, fill, order, pickup):
    make_endpoint("https://erp.example.com/", ALL)
    Merchant.objects.update(take_later=True)
    placed = order(fill(honey=1), payment="dummy")
    start_payment(placed.number)
    payment = placed.online_payments.get()
    settle(payment, Told(payment.session, Paid.AUTHORISED, "", payment.amount, "ILS", payment.session))
    (data,) = told("order.placed")
    assert (data["order"]["payment_state"], data["order"]["due"]) == ("authorised", "0.00")
    assert data["order"]["authorised"] == data["order"]["total"]

    take_payment(placed.number, Who(Order.Actor.OWNER))

    (data,) = told("payment.changed")
    assert (data["change"], data["order"]["payment_state"], data["order"]["authorised"]) == ("paid", "paid", "0.00")
