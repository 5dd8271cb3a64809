"""`manage.py doctor` on payments at providers: each kind of damage, made by hand, is found and nothing else."""

from datetime import timedelta

import pytest
from django.utils import timezone

from maintenance.checks import orders as order_checks
from maintenance.checks import payments as checks
from orders.models import OnlinePayment, Order, Refund
from orders.payments.provider import Paid, Told
from orders.services.online import settle, start_payment
from orders.services.refunds import refund
from orders.services.states import Who
from tests.carts.shop import honey, make_product, store, tea
from tests.orders.online import dummy, found, hold_ends
from tests.orders.ordering import details, fill, order, pickup

__all__ = ["details", "dummy", "fill", "honey", "make_product", "order", "pickup", "store", "tea"]
OWNER = Who(Order.Actor.OWNER, "owner")


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
