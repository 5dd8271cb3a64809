"""A provider tells in many threads at once, beside a shopper who cancels: each payment counts once."""

from dataclasses import replace
from decimal import Decimal

import pytest

from orders.models import OnlinePayment, Order, Refund
from orders.payments.provider import Paid, Told
from orders.services.online import settle, start_payment
from orders.services.placing import Seen, place_order
from orders.services.refunds import refund
from orders.services.states import SHOPPER, Who, cancel
from tests.orders.online import dummy, found, kinds
from tests.orders.services.test_at_once import all_at_once, cart_of, details, shop

__all__ = ["dummy", "shop"]
OWNER = Who(Order.Actor.OWNER, "owner")


@pytest.fixture
def payment(shop, dummy):
    """The payment of an order of 40.00."""
    cart, typed = cart_of("chat", ("figs", 4)), replace(details(1, shop), payment="dummy")
    start_payment(place_order(cart.public_id, typed, key="key", seen=Seen(1, Decimal(40))).order.number)
    return OnlinePayment.objects.select_related("order").get()


def pays(payment):
    told = Told(payment.session, Paid.PAID, "", Decimal(40), "ILS", "pi_1")
    return lambda: settle(payment, told, event="evt_1")


def test_eight_words_of_one_payment_count_once(payment):
    all_at_once([pays(payment)] * 8, threads=8)

    assert kinds(payment.order) == ["awaiting", "paid", "placed"]
    assert found(payment.order).paid == 40


def test_a_payment_beside_a_cancellation_is_owed(payment):
    all_at_once([lambda: cancel(payment.order.number, SHOPPER, ""), *[pays(payment)] * 3], threads=4)

    order = found(payment.order)
    assert (order.state, order.paid, order.due) == ("cancelled", 40, -40)


def test_eight_refunds_of_the_whole_pay_back_once(payment):
    pays(payment)()

    done = all_at_once([lambda: refund(payment.order.number, OWNER, Decimal(40), payment=payment.pk)] * 8, threads=8)

    assert sum(isinstance(result, Refund) for result in done) == 1
    assert (Refund.objects.count(), found(payment.order).refunded) == (1, 40)
