"""What is authorised and not taken: it ends with its time, is let go, or was not what was due."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from orders.models import Capture, OnlinePayment, Order
from orders.refusals import NotTaken, WrongState
from orders.services.captures import let_go, take_payment
from orders.services.online import start_payment
from orders.services.reconciling import reconcile
from orders.services.states import SHOPPER, cancel, note_payment
from tests.orders.held import (
    DONE,
    HELD,
    OWNER,
    SUM,
    begun,
    gateway,
    gateway_process,
    held,
    intent,
    look_now,
    mails,
    sums,
    tell,
)
from tests.orders.online import found, kinds

__all__ = ["begun", "gateway", "gateway_process", "held", "tell"]
pytestmark = pytest.mark.django_db


def test_an_authorisation_that_has_ended_is_told_when_it_is_to_be_taken(held, gateway):
    gateway.end_intent(gateway.intents[0]["id"])

    with pytest.raises(NotTaken, match="has ended"):
        take_payment(held.number, OWNER)

    assert sums(held) == ("unpaid", 0, 0)
    assert (found(held).state, found(held).due) == ("placed", SUM)
    assert Capture.objects.get().state == "failed"


def test_an_authorisation_that_expires_is_told_to_both_and_can_be_paid_again(held, gateway, tell):
    gateway.end_intent(gateway.intents[0]["id"])
    gone = intent(gateway)
    for event in ("evt_7", "evt_7", "evt_8"):
        tell("payment_intent.canceled", gone, event=event)
    # Late, and out of turn.
    tell(HELD, gone | {"status": "requires_capture", "amount_capturable": 1980}, event="evt_9")

    assert sums(held) == ("unpaid", 0, 0)
    assert kinds(held)[-1] == "expired"
    assert mails("expired") == ["Dana@Example.com", "owner@example.com"]
    start_payment(held.number)
    gateway.pay(gateway.sessions[1]["id"])
    look_now()
    assert sums(held) == ("authorised", SUM, 0)


def test_the_owner_is_told_once_that_an_authorisation_ends_soon(held, gateway):
    look_now()
    assert mails("ending") == []
    card = {"card": {"capture_before": int(timezone.now().timestamp()) + 24 * 3600}}
    gateway.end_soon(gateway.intents[0]["id"], card)

    look_now()
    look_now()

    assert mails("ending") == ["owner@example.com"]
    assert sums(held) == ("authorised", SUM, 0)


def test_an_authorisation_that_expired_without_a_word_is_noticed(held, gateway):
    gateway.end_intent(gateway.intents[0]["id"])

    look_now()

    assert sums(held) == ("unpaid", 0, 0)


def test_cancelling_lets_go_what_is_authorised(held, gateway, tell):
    cancel(held.number, SHOPPER, "")
    with pytest.raises(WrongState):
        take_payment(held.number, OWNER)

    reconcile()

    assert sums(held) == ("unpaid", 0, 0)
    assert (gateway.intents[0]["status"], gateway.captures) == ("canceled", [])
    assert kinds(held)[-2:] == ["cancelled", "released"]
    assert mails("released") == []
    assert Order.objects.over().exists()


def test_what_is_let_go_while_the_provider_is_away_is_let_go_later(held, gateway):
    cancel(held.number, SHOPPER, "")
    gateway.fault("cancel", 503, times=2)
    reconcile()
    assert sums(held) == ("authorised", SUM, 0)
    assert not Order.objects.over().exists()

    look_now()

    assert sums(held) == ("unpaid", 0, 0)


def test_what_was_taken_while_the_order_was_cancelled_is_owed(held, gateway):
    gateway.fault("capture", "lost", times=2)
    take_payment(held.number, OWNER)
    cancel(held.number, SHOPPER, "")

    look_now()

    assert sums(held) == ("paid", 0, SUM)
    assert found(held).owed == SUM
    assert OnlinePayment.objects.get().outcome == "cancelled"
    assert mails("reported") == ["owner@example.com"]


def test_what_was_not_taken_before_the_order_was_cancelled_never_is(held, gateway):
    gateway.fault("capture", 503, times=2)
    take_payment(held.number, OWNER)
    cancel(held.number, SHOPPER, "")

    look_now()
    look_now()

    assert sums(held) == ("unpaid", 0, 0)
    assert gateway.intents[0]["status"] == "canceled"
    assert Capture.objects.get().state == "failed"


def test_another_amount_is_not_what_was_due(begun, gateway, tell):
    gateway.pay(gateway.sessions[0]["id"], amount=1)

    tell(HELD, intent(gateway))

    assert (found(begun).state, found(begun).due) == ("awaiting", Decimal("19.79"))
    assert mails("reported") == ["owner@example.com"]


def test_what_is_authorised_in_another_currency_is_not_counted_and_let_go(begun, gateway, tell):
    gateway.pay(gateway.sessions[0]["id"], currency="usd")
    tell(HELD, intent(gateway))
    assert (found(begun).state, sums(begun)) == ("awaiting", ("unpaid", 0, 0))

    reconcile()

    assert gateway.intents[0]["status"] == "canceled"


def test_what_is_authorised_after_the_order_was_cancelled_is_let_go(begun, gateway, tell):
    cancel(begun.number, SHOPPER, "")
    gateway.pay(gateway.sessions[0]["id"])
    tell(HELD, intent(gateway))

    reconcile()

    assert sums(begun) == ("unpaid", 0, 0)
    assert gateway.intents[0]["status"] == "canceled"


def test_a_second_page_for_one_question_is_asked_about_and_changes_nothing_before(held, gateway, tell):
    other = gateway.sessions[0] | {"id": "cs_other", "payment_intent": "pi_other"}

    assert tell(HELD, intent(gateway, id="pi_other"), event="evt_7").json() == {"ours": False}
    tell(DONE, other, event="evt_8")

    assert sums(held) == ("authorised", SUM, 0)
    assert held.online_payments.get(session="cs_other").state == "processing"


def test_the_shop_lets_go_and_is_then_paid_in_another_way(held, gateway):
    with pytest.raises(WrongState, match="is authorised"):
        note_payment(held.number, OWNER, SUM)

    let_go(held.number, OWNER)

    assert (gateway.intents[0]["status"], sums(held)) == ("canceled", ("unpaid", 0, 0))
    assert mails("released") == ["Dana@Example.com"]
    note_payment(held.number, OWNER, SUM)
    assert sums(held) == ("paid", 0, SUM)


def test_what_is_authorised_is_looked_at_rarely_and_just_after_its_end(held, gateway):
    look_now()
    payment = OnlinePayment.objects.get()
    assert payment.next_look_at is not None
    assert payment.next_look_at - timezone.now() > timedelta(hours=5)
    end = timezone.now() + timedelta(hours=1)
    OnlinePayment.objects.update(capture_before=end, next_look_at=timezone.now())
    gateway.fault("sessions", 503, times=2)

    reconcile()

    assert OnlinePayment.objects.get().next_look_at == end + timedelta(minutes=1)
