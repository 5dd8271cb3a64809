"""Paying back through the provider: once, whatever becomes of its answers."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from orders.models import OnlinePayment, Order, Refund
from orders.refusals import InvalidDetails, NotTaken, WrongState
from orders.services.online import start_payment
from orders.services.reconciling import reconcile
from orders.services.refunds import refund
from orders.services.states import Who, note_refund
from outbox.models import Message
from shopmcp.errors import NotFound
from tests.orders.online import found, kinds
from tests.orders.stripe import gateway, gateway_process, tell

__all__ = ["gateway", "gateway_process", "tell"]
pytestmark = pytest.mark.django_db
OWNER = Who(Order.Actor.OWNER, "rina")
SUM = Decimal("19.80")


@pytest.fixture
def paid(gateway, make_product, fill, order, tell):
    """The payment of an order of 19.80."""
    make_product("Tea", "9.90", stock=5)
    start_payment(order(fill(tea=2), payment="stripe").number)
    tell("checkout.session.completed", gateway.pay(gateway.sessions[0]["id"]))
    return OnlinePayment.objects.select_related("order").get()


def back(paid, amount, **given):
    return refund(paid.order.number, OWNER, Decimal(amount), payment=paid.pk, **given)


def look_now():
    Refund.objects.update(next_look_at=timezone.now())
    reconcile()


def sums(paid):
    order = found(paid.order)
    return order.payment_state, order.refunded


def test_a_part_goes_back_and_then_the_rest(paid, gateway):
    assert back(paid, "5.0", reason="One was broken").state == "succeeded"
    assert sums(paid) == ("paid", Decimal(5))

    back(paid, "14.80")

    assert sums(paid) == ("refunded", SUM)
    assert [each["amount"] for each in gateway.refunds] == [500, 1480]
    event = paid.order.events.filter(kind="refunded").earliest("id")
    assert (event.who, event.text) == ("rina", "5.00 ILS One was broken")


@pytest.mark.parametrize("amount", ["0", "19.81", "1.001", "-1"])
def test_no_other_amount_goes_back(paid, gateway, amount):
    with pytest.raises(InvalidDetails):
        back(paid, amount)
    assert gateway.refunds == []
    assert not Refund.objects.exists()


def test_a_payment_of_another_order_is_not_paid_back(paid, gateway, honey, fill, order):
    other = order(fill("chat-2", honey=1), key="key-2")

    with pytest.raises(NotFound):
        refund(other.number, OWNER, Decimal(1), payment=paid.pk)
    assert gateway.refunds == []


def test_a_double_click_pays_back_once(paid, gateway):
    version = found(paid.order).version
    back(paid, "5.00", version=version)

    with pytest.raises(WrongState):
        back(paid, "5.00", version=version)
    assert len(gateway.refunds) == 1


@pytest.mark.parametrize("fault", ["lost", "silent"])
def test_an_answer_that_got_lost_pays_back_once(paid, gateway, fault):
    gateway.fault("refunds", fault)

    assert back(paid, "5.00").state == "succeeded"
    assert len(gateway.refunds) == 1


def test_a_provider_that_stays_away_is_asked_later_and_pays_back_once(paid, gateway):
    gateway.fault("refunds", "lost", times=2)
    assert back(paid, "5.00").state == "pending"
    assert sums(paid) == ("paid", 0)

    look_now()
    look_now()

    assert sums(paid) == ("paid", Decimal(5))
    assert len(gateway.refunds) == 1


def test_what_the_provider_never_heard_of_is_asked_for_with_the_same_key(paid, gateway):
    gateway.fault("refunds", 503, times=2)
    row = back(paid, "5.00")
    assert (row.state, gateway.refunds) == ("pending", [])

    look_now()

    assert sums(paid) == ("paid", Decimal(5))
    assert {each["key"] for each in gateway.requests if each["path"] == "/v1/refunds"} == {row.key, ""}


def test_a_key_that_the_provider_has_forgotten_is_not_used_again(paid, gateway):
    gateway.fault("refunds", 503, times=2)
    back(paid, "5.00")
    Refund.objects.update(asked_at=timezone.now() - timedelta(days=2))

    look_now()

    assert (Refund.objects.get().state, gateway.refunds) == ("failed", [])
    assert kinds(paid.order)[-1] == "not_refunded"
    assert sums(paid) == ("paid", 0)
    assert back(paid, "19.80").state == "succeeded"


def test_what_is_on_its_way_back_is_not_paid_back_in_another_way_too(paid, gateway):
    gateway.fault("refunds", 503, times=2)
    back(paid, "15.00")

    with pytest.raises(InvalidDetails):
        back(paid, "5.00")
    with pytest.raises(InvalidDetails):
        note_refund(paid.order.number, OWNER, Decimal(5), "in cash")
    assert not Order.objects.over().exists()


def test_what_was_paid_back_in_cash_is_not_paid_back_by_the_provider_too(paid, gateway):
    note_refund(paid.order.number, OWNER, Decimal(15), "in cash")

    with pytest.raises(InvalidDetails):
        back(paid, "5.00")
    assert gateway.refunds == []


def test_a_refusal_is_told_and_pays_back_nothing(paid, gateway):
    gateway.fault("refunds", 400)

    with pytest.raises(NotTaken, match="It was ordered so"):
        back(paid, "5.00")

    assert sums(paid) == ("paid", 0)
    assert Refund.objects.get().state == "failed"
    assert Message.objects.filter(kind="payment.changed").count() == 0


def test_a_refund_that_comes_back_is_owed_again(paid, gateway, tell, store):
    store.orders_email = "owner@example.com"
    store.save()
    back(paid, "19.80")
    gone = gateway.end_refund(gateway.refunds[0]["id"], "failed") | {"failure_reason": "lost_or_stolen_card"}

    for event in ("evt_7", "evt_7", "evt_8"):
        assert tell("refund.failed", gone, event=event).json() == {"ours": True}
    tell("refund.updated", gone | {"status": "succeeded"}, event="evt_6")

    assert sums(paid) == ("paid", 0)
    assert Refund.objects.get().fault == "lost_or_stolen_card"
    assert Message.objects.filter(kind="order.not_refunded", destination="owner@example.com").count() == 1


def test_a_refund_that_was_made_at_the_provider_counts_once(paid, gateway, tell):
    made = gateway.refund_by_hand(paid.reference, 480)

    for event in ("evt_7", "evt_8"):
        tell("refund.created", made, event=event)

    assert sums(paid) == ("paid", Decimal("4.80"))
    assert Refund.objects.get().who == ""


def test_an_event_that_overtakes_the_answer_counts_once(paid, gateway, tell):
    gateway.fault("refunds", "lost", times=2)
    back(paid, "5.00")

    tell("refund.updated", gateway.refunds[0], event="evt_7")
    look_now()

    assert sums(paid) == ("paid", Decimal(5))
    assert Refund.objects.count() == 1


def test_money_in_another_currency_goes_back_without_counting_for_the_order(paid, gateway):
    OnlinePayment.objects.update(outcome="currency", received_currency="USD")
    Order.objects.update(paid=0, payment_state="unpaid")

    back(paid, "19.80")

    assert sums(paid) == ("unpaid", 0)
    assert OnlinePayment.objects.get().left == 0
