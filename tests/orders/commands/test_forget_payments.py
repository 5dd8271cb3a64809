"""`forget_person` and `export_person` on payments at providers."""

import json
from decimal import Decimal

import pytest

from orders.models import OnlinePayment, OrderEvent, ProviderEvent, Refund
from orders.payments.provider import Paid, Told
from orders.services.online import settle, start_payment
from orders.services.refunds import refund
from orders.services.states import cancel
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
