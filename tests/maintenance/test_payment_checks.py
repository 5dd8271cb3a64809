"""`manage.py doctor` on payments at providers: each kind of damage, made by hand, is found and nothing else."""

from datetime import timedelta

import pytest
from django.utils import timezone

from maintenance.checks import orders as order_checks
from maintenance.checks import payments as checks
from offers.models import Merchant
from orders.models import Capture, OnlinePayment, Order, Refund
from orders.payments.provider import Paid, Told
from orders.services.captures import take_payment
from orders.services.online import settle, start_payment
from orders.services.refunds import refund
from orders.services.states import Who
from tests.carts.shop import honey, make_product, store, tea
from tests.orders.online import dummy, found, hold_ends
from tests.orders.ordering import details, fill, order, pickup

__all__ = ["details", "dummy", "fill", "honey", "make_product", "order", "pickup", "store", "tea"]
OWNER = Who(Order.Actor.OWNER, "owner")


@pytest.fixture
def held(dummy, honey, fill, order, pickup):
    """The payment of an order, which is authorised."""
    Merchant.objects.update(take_later=True)
    placed = order(fill("chat-held", honey=2), key="held", payment="dummy")
    start_payment(placed.number)
    payment = placed.online_payments.get()
    return settle(payment, Told(payment.session, Paid.AUTHORISED, "", payment.amount, "ILS", payment.session))


@pytest.fixture
def shop(dummy, honey, fill, order):
    """An order that awaits its payment, one that is paid, and one whose payment went back in part."""
    made = [order(fill(f"chat-{n}", honey=2), key=str(n), payment="dummy") for n in range(3)]
    for placed in made[1:]:
        start_payment(placed.number)
        payment = placed.online_payments.get()
        settle(payment, Told(payment.session, Paid.PAID, "", payment.amount, "ILS", f"pi_{payment.pk}"))
    refund(made[2].number, OWNER, payment.amount / 4, payment=payment.pk)
    return made


def faults():
    return [each.code for module in (order_checks, checks) for check in module.CHECKS for each in check()]


def test_whole_payments_have_nothing_wrong(shop):
    assert faults() == []


@pytest.mark.parametrize("field", ["paid", "refunded"])
def test_an_order_that_counts_less_than_came_or_went_back_is_found(shop, field):
    Order.objects.filter(pk=shop[2].pk).update(**{field: 1})

    assert "online_payment" in faults()


def test_an_authorised_payment_has_nothing_wrong_before_and_after_it_is_taken(held):
    assert faults() == []

    take_payment(held.order.number, OWNER)

    assert faults() == []


def test_an_order_that_counts_another_sum_as_authorised_is_found(held):
    Order.objects.update(authorised=1)

    assert faults() == ["online_payment"]


@pytest.mark.parametrize("field", ["capture_before", "release_asked_at"])
def test_what_should_have_been_let_go_is_found_and_mended(held, field):
    past = timezone.now() - timedelta(days=2)
    OnlinePayment.objects.update(**{field: past}, next_look_at=past)
    (finding,) = (each for check in checks.CHECKS for each in check())

    assert finding.code == "authorised_payment"
    assert finding.mend is not None
    finding.mend()

    assert faults() == []
    assert OnlinePayment.objects.get().state == "released"


def test_a_capture_that_nobody_hears_of_is_found(held):
    past = timezone.now() - timedelta(days=2)
    Capture.objects.create(order=held.order, payment=held, amount=1, currency="ILS", asked_at=past)

    assert faults() == ["pending_capture"]


def test_more_that_goes_back_than_came_is_found(shop):
    Refund.objects.update(amount=10_000)

    assert "refund_sum" in faults()


def test_a_refund_that_nobody_hears_of_is_found(shop):
    Order.objects.update(refunded=0)
    Refund.objects.update(state="pending", asked_at=timezone.now() - timedelta(days=2))

    assert faults() == ["pending_refund"]


def test_an_order_that_waits_too_long_is_found_and_mended(shop):
    hold_ends(shop[0], ago=timedelta(hours=1))
    (finding,) = (each for check in checks.CHECKS for each in check())

    assert finding.code == "awaiting_order"
    assert finding.mend is not None
    finding.mend()

    assert found(shop[0]).state == "cancelled"
    assert faults() == []


def test_a_payment_on_its_way_may_take_its_time(shop):
    hold_ends(shop[0], ago=timedelta(hours=1))
    start = timezone.now()
    OnlinePayment.objects.create(
        order=shop[0], provider="dummy", session="s", amount=1, currency="ILS", state="processing", expires_at=start
    )

    assert faults() == []
