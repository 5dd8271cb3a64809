"""`forget_person` and `export_person` on payments at providers."""

import json
from decimal import Decimal

import pytest

from offers.models import Merchant
from orders.models import Capture, OnlinePayment, Order, OrderEvent, ProviderEvent, Refund
from orders.payments.provider import Paid, Told
from orders.services.captures import take_payment
from orders.services.online import settle, start_payment
from orders.services.refunds import refund
from orders.services.states import advance, cancel
from tests.orders.commands.people import OWNER
from tests.orders.online import dummy

__all__ = ["dummy"]


@pytest.fixture
def bought(dummy, buy):
    """An order that was paid, paid back and cancelled."""
    order = buy(done=False, payment="dummy")
    start_payment(order.number)
    payment = OnlinePayment.objects.get()
    settle(payment, Told(payment.session, Paid.PAID, "", payment.amount, "ILS", "pi_secret"), event="evt_secret")
    refund(order.number, OWNER, payment.amount, "Dana asked", payment=payment.pk)
    cancel(order.number, OWNER, "Dana asked")
    return order


def test_what_leads_to_who_paid_goes_and_the_amounts_stay(bought, manage):
    manage("forget_person", "--email", "dana@example.com")

    payment, back = OnlinePayment.objects.get(), Refund.objects.get()
    assert (payment.reference, payment.address, back.reference, back.reason) == ("", "", "", "")
    assert (payment.state, payment.received, back.state, back.amount) == ("paid", 20, "succeeded", 20)
    kept = repr([list(model.objects.values()) for model in (OnlinePayment, Refund, ProviderEvent, OrderEvent)])
    assert not any(word in kept for word in ("pi_secret", "evt_secret", "Dana"))
    assert payment.left == 0


def test_what_was_authorised_and_taken_is_forgotten_and_told_as_other_payments_are(dummy, buy, manage):
    Merchant.objects.update(take_later=True)
    order = buy(done=False, payment="dummy")
    start_payment(order.number)
    payment = OnlinePayment.objects.get()
    settle(payment, Told(payment.session, Paid.AUTHORISED, "", payment.amount, "ILS", payment.session))
    manage("forget_person", "--email", "dana@example.com")
    assert Order.objects.get().has_people
    take_payment(order.number, OWNER)
    advance(order.number, Order.State.COMPLETED, OWNER)

    told = json.loads(manage("export_person", "--email", "dana@example.com"))["orders"][0]
    manage("forget_person", "--email", "dana@example.com")

    assert Decimal(told["online_payments"][0]["authorised"]) == Decimal(told["taken_payments"][0]["amount"]) == 20
    kept = repr([list(model.objects.values()) for model in (OnlinePayment, Capture, ProviderEvent, OrderEvent)])
    assert payment.session not in kept
    assert Capture.objects.get().amount == 20


def test_what_is_not_settled_yet_keeps_its_buyer(bought, manage):
    Refund.objects.update(state="pending")

    manage("forget_person", "--email", "dana@example.com")

    bought.refresh_from_db()
    assert bought.has_people
    assert bought.forget_when_over


def test_the_export_tells_payments_and_what_went_back(bought, manage):
    told = json.loads(manage("export_person", "--email", "dana@example.com"))["orders"][0]

    (payment,), (back,) = told["online_payments"], told["repayments"]
    assert (payment["reference"], Decimal(payment["received"]), payment["state"]) == ("pi_secret", 20, "paid")
    assert (Decimal(back["amount"]), back["reason"], back["state"]) == (20, "Dana asked", "succeeded")
