"""The owner takes a payment in many threads at once, beside cancellations and words of the provider: once, or not."""

from dataclasses import replace
from decimal import Decimal

import pytest

from offers.models import Merchant
from orders.models import Capture, OnlinePayment, Order, OrderState
from orders.payments.provider import Paid, Told
from orders.services.captures import let_go, take_payment
from orders.services.changing import LineEdit, change_lines
from orders.services.online import settle, start_payment
from orders.services.placing import Seen, place_order
from orders.services.reconciling import reconcile
from orders.services.states import SHOPPER, Who, cancel
from tests.orders.online import dummy, found
from tests.orders.services.test_at_once import all_at_once, cart_of, details, shop

__all__ = ["dummy", "shop"]
OWNER = Who(Order.Actor.OWNER, "owner")


@pytest.fixture
def held(shop, dummy):
    """The payment of an order of 40.00, which is authorised."""
    Merchant.objects.update(take_later=True)
    cart, typed = cart_of("chat", ("figs", 4)), replace(details(1, shop), payment="dummy")
    start_payment(place_order(cart.public_id, typed, key="key", seen=Seen(1, Decimal(40))).order.number)
    payment = OnlinePayment.objects.select_related("order").get()
    return settle(payment, Told(payment.session, Paid.AUTHORISED, "", Decimal(40), "ILS", payment.session))


def takes(payment):
    return lambda: take_payment(payment.order.number, OWNER)


def test_eight_clicks_take_it_once(held):
    done = all_at_once([takes(held)] * 8, threads=8)

    assert sum(isinstance(result, list) for result in done) == 1
    assert (Capture.objects.count(), found(held.order).paid, found(held.order).authorised) == (1, 40, 0)


@pytest.mark.parametrize("turn", range(3))
def test_taking_beside_a_cancellation_ends_with_the_truth(held, turn):
    all_at_once([takes(held), lambda: cancel(held.order.number, SHOPPER, ""), reconcile, takes(held)], threads=4)
    reconcile()

    order, payment = found(held.order), OnlinePayment.objects.get()
    assert (order.state, order.authorised) == (OrderState.CANCELLED, 0)
    assert (payment.state, order.paid, order.owed) in (("paid", 40, 40), ("released", 0, 0))
    assert not Capture.objects.pending().exists()


def test_taking_beside_letting_go_does_one_of_them(held):
    all_at_once([takes(held), lambda: let_go(held.order.number, OWNER), takes(held), reconcile], threads=4)
    reconcile()

    order = found(held.order)
    assert (order.payment_state, order.paid, order.authorised) in (("paid", 40, 0), ("unpaid", 0, 0))


def test_taking_beside_a_change_takes_what_was_owed_before_or_after(held):
    edit = [LineEdit(0, 3, Decimal(10))]

    all_at_once([takes(held), lambda: change_lines(held.order.number, OWNER, edit, "one is missing")], threads=2)

    order = found(held.order)
    assert (order.total, order.payment_state, order.authorised) == (30, "paid", 0)
    assert (order.paid, order.due) in ((40, -10), (30, 0))
