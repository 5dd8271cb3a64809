"""Asking providers for what they did not tell, and cancelling what was not paid in time."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.models import OnlinePayment, Order, ProviderEvent
from orders.payments import provider_named
from orders.payments.provider import Paid, Told
from orders.services.online import settle, start_payment
from orders.services.reconciling import PATIENCE, drop_old_events, next_look, reconcile
from tests.orders.online import awaiting, dummy, found, hold_ends, kinds, payment, stock

__all__ = ["awaiting", "dummy", "payment"]
pytestmark = pytest.mark.django_db


def test_an_order_that_nobody_paid_is_cancelled_and_gives_its_goods_back(payment):
    assert reconcile() == 0
    hold_ends(payment.order)

    assert (reconcile(), reconcile()) == (1, 0)

    order = found(payment.order)
    assert (order.state, order.cancelled_by, order.cancel_reason) == (
        "cancelled",
        "system",
        "It was not paid in time.",
    )
    assert (stock(), OnlinePayment.objects.get().state) == (5, "expired")
    assert kinds(order) == ["awaiting", "cancelled"]


def test_an_order_is_cancelled_whose_buyer_never_went_to_pay(awaiting):
    hold_ends(awaiting)

    assert reconcile() == 1
    assert found(awaiting).state == "cancelled"


def test_a_payment_that_is_on_its_way_keeps_the_order(payment):
    settle(payment, Told(payment.session, Paid.PROCESSING))
    hold_ends(payment.order)

    assert reconcile() == 0
    assert found(payment.order).state == "awaiting"

    settle(payment, Told(payment.session, Paid.FAILED))
    assert reconcile() == 1


def test_an_order_that_is_paid_is_not_cancelled(payment):
    settle(payment, Told(payment.session, Paid.PAID, "", payment.amount, "ILS", "pi_1"))
    hold_ends(payment.order)

    assert reconcile() == 0
    assert found(payment.order).state == "placed"


def test_a_payment_whose_page_was_never_told_ends_with_its_time(awaiting, monkeypatch):
    start_payment(awaiting.number)
    past = timezone.now() - PATIENCE
    OnlinePayment.objects.update(state="opening", session="", address="", next_look_at=past, expires_at=past)

    reconcile()

    assert OnlinePayment.objects.get().state == "expired"
    assert found(awaiting).state == "awaiting"


def test_two_processes_do_not_look_at_the_same_payment(payment):
    OnlinePayment.objects.update(next_look_at=timezone.now())
    reconcile()
    row = OnlinePayment.objects.get()

    assert (row.looks, row.state) == (1, "open")
    assert row not in OnlinePayment.objects.to_look_at(timezone.now())


def test_questions_grow_rare():
    now = timezone.now()

    waits = [(next_look(now, looks) - now) / timedelta(minutes=1) for looks in (1, 2, 3, 6, 7, 500)]

    assert waits == [1, 2, 4, 32, 60, 60]


def test_the_dummy_knows_what_its_buyer_chose(payment):
    provider = provider_named("dummy")
    assert provider.ask(payment.session).state == Paid.OPEN

    settle(payment, Told(payment.session, Paid.PAID, "", payment.amount, "ILS", payment.session))

    told = provider.close(payment.session)
    assert (told.state, told.amount, told.currency) == (Paid.PAID, payment.amount, "ILS")


def test_messages_are_kept_for_a_month(payment):
    settle(payment, Told(payment.session, Paid.FAILED), event="evt_1")
    assert drop_old_events() == 0
    ProviderEvent.objects.update(at=timezone.now() - timedelta(days=31))

    assert drop_old_events() == 1


def test_forgetting_waits_for_payments_that_may_still_come(payment):
    Order.objects.update(state="cancelled")
    assert not Order.objects.over().exists()

    settle(payment, Told(payment.session, Paid.EXPIRED))

    assert Order.objects.over().exists()
