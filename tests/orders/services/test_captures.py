"""Payments that are authorised first, and taken: once, whatever becomes of the answers."""

from decimal import Decimal

import pytest
from django.utils import timezone

from offers.models import Merchant
from orders.models import Capture, OnlinePayment, Order, Refund
from orders.refusals import NotTaken, WrongState
from orders.services.captures import take_payment
from orders.services.changing import LineEdit, change_lines
from orders.services.online import start_payment
from orders.services.reconciling import reconcile
from orders.services.refunds import refund
from orders.services.states import advance
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


def weigh(order, price, quantity=2):
    change_lines(order.number, OWNER, [LineEdit(0, quantity, Decimal(price))], "by weight")


def test_the_provider_is_asked_to_authorise_where_the_store_says_so(begun, gateway, fill, order):
    Merchant.objects.update(take_later=False)
    start_payment(order(fill("chat-2", tea=1), key="key-2", payment="stripe").number)

    asked = [session["asked"].get("payment_intent_data[capture_method]") for session in gateway.sessions]

    assert asked == ["manual", None]
    assert begun.take_later


def test_an_order_whose_sum_is_authorised_is_placed_and_no_money_has_come(held):
    assert (held.state, held.payment_state) == ("placed", "authorised")
    assert (held.authorised, held.to_take, held.due, held.paid) == (SUM, SUM, 0, 0)
    assert kinds(held) == ["awaiting", "authorised", "placed"]
    assert mails("placed") == ["Dana@Example.com", "owner@example.com"]


@pytest.mark.parametrize("events", [(DONE,), (HELD,), (HELD, DONE), (DONE, HELD), (HELD, HELD, DONE, DONE, HELD)])
def test_messages_in_any_order_authorise_once(begun, gateway, tell, events):
    paid = gateway.pay(gateway.sessions[0]["id"])
    for number, kind in enumerate(events):
        tell(kind, intent(gateway) if kind == HELD else paid, event=f"evt_{number}")
    reconcile()

    assert sums(begun) == ("authorised", SUM, 0)
    assert kinds(begun) == ["awaiting", "authorised", "placed"]


def test_no_message_at_all_is_made_up_for_by_asking_and_tells_until_when_it_can_be_taken(begun, gateway):
    gateway.pay(gateway.sessions[0]["id"])

    look_now()

    payment = OnlinePayment.objects.get()
    assert sums(begun) == ("authorised", SUM, 0)
    card = gateway.intents[0]["latest_charge"]["payment_method_details"]["card"]
    assert payment.capture_before.timestamp() == card["capture_before"]


def test_the_shop_takes_the_payment_and_the_buyer_hears_of_it(held, gateway):
    (capture,) = take_payment(held.number, OWNER)

    assert capture.state == "succeeded"
    assert sums(held) == ("paid", 0, SUM)
    assert gateway.intents[0]["amount_received"] == 1980
    assert [each["key"] for each in gateway.captures] == [capture.key]
    assert held.events.get(kind="paid").who == "rina"
    assert mails("paid") == ["Dana@Example.com"]


def test_what_the_order_costs_less_now_is_not_taken(held, gateway):
    weigh(held, "7.50")
    assert (found(held).to_take, found(held).authorised) == (15, SUM)

    take_payment(held.number, OWNER)

    assert sums(held) == ("paid", 0, 15)
    assert (found(held).due, gateway.intents[0]["amount_received"]) == (0, 1500)
    assert OnlinePayment.objects.get().outcome == "counted"


def test_what_the_order_costs_more_now_is_told_and_paid_beside_what_is_authorised(held, gateway, tell):
    weigh(held, "12.00")
    assert (found(held).to_take, found(held).due) == (SUM, Decimal("4.20"))

    start_payment(held.number)
    more = gateway.sessions[1]
    assert more["asked"].get("payment_intent_data[capture_method]") is None
    tell(DONE, gateway.pay(more["id"]), event="evt_more")
    take_payment(held.number, OWNER)

    assert sums(held) == ("paid", 0, 24)
    assert [each["asked"]["amount_to_capture"] for each in gateway.captures] == ["1980"]


def test_a_double_click_and_a_second_tab_take_it_once(held, gateway):
    version = found(held).version
    take_payment(held.number, OWNER, version=version)

    for again in (version, None):
        with pytest.raises(WrongState):
            take_payment(held.number, OWNER, version=again)
    assert len(gateway.captures) == 1


@pytest.mark.parametrize("fault", ["lost", "silent", 500])
def test_an_answer_that_got_lost_takes_it_once(held, gateway, fault):
    gateway.fault("capture", fault)

    take_payment(held.number, OWNER)

    assert sums(held) == ("paid", 0, SUM)
    assert len({each["key"] for each in gateway.captures}) == 1


def test_a_provider_that_took_it_and_stays_away_is_asked_what_became_of_it(held, gateway):
    gateway.fault("capture", "lost", times=2)
    (capture,) = take_payment(held.number, OWNER)
    assert (capture.state, sums(held)) == ("pending", ("authorised", SUM, 0))
    with pytest.raises(WrongState, match="is being taken already"):
        take_payment(held.number, OWNER)

    look_now()
    look_now()

    assert sums(held) == ("paid", 0, SUM)
    assert (len(gateway.captures), held.events.get(kind="paid").who) == (2, "rina")


def test_what_the_provider_never_heard_of_is_taken_later_with_the_same_key(held, gateway):
    gateway.fault("capture", 503, times=2)
    take_payment(held.number, OWNER)
    assert gateway.intents[0]["status"] == "requires_capture"

    look_now()

    assert sums(held) == ("paid", 0, SUM)
    assert {each["key"] for each in gateway.captures} == {Capture.objects.get().key}


def test_a_crash_before_the_provider_was_asked_is_made_up_for(held, gateway):
    payment = OnlinePayment.objects.get()
    Capture.objects.create(order=held, payment=payment, amount=SUM, currency="ILS", next_look_at=timezone.now())

    reconcile()

    assert sums(held) == ("paid", 0, SUM)


def test_a_word_of_the_provider_that_overtakes_its_answer_counts_once(held, gateway, tell):
    gateway.fault("capture", "lost", times=2)
    take_payment(held.number, OWNER)

    for event in ("evt_7", "evt_7", "evt_8"):
        tell("payment_intent.succeeded", intent(gateway), event=event)
    look_now()

    assert sums(held) == ("paid", 0, SUM)
    assert Capture.objects.get().state == "succeeded"
    assert kinds(held) == ["awaiting", "authorised", "placed", "paid"]


def test_a_refusal_is_told_and_takes_nothing(held, gateway):
    gateway.fault("capture", 402)
    with pytest.raises(NotTaken, match="It was ordered so"):
        take_payment(held.number, OWNER)
    assert sums(held) == ("authorised", SUM, 0)
    assert mails("not_taken") == ["owner@example.com"]

    take_payment(held.number, OWNER)

    assert sums(held) == ("paid", 0, SUM)
    assert list(Capture.objects.order_by("id").values_list("state", flat=True)) == ["failed", "succeeded"]


@pytest.mark.parametrize(("cents", "outcome"), [(1980, "counted"), (1500, "amount")])
def test_what_the_owner_takes_in_the_providers_pages_counts(held, gateway, tell, cents, outcome):
    taken = gateway.capture_by_hand(gateway.intents[0]["id"], cents)

    tell("payment_intent.succeeded", taken, event="evt_7")

    assert (found(held).paid, found(held).authorised) == (Decimal(cents) / 100, 0)
    assert OnlinePayment.objects.get().outcome == outcome


def test_what_was_taken_is_paid_back_as_ever_and_what_was_not_taken_is_no_refund(held, gateway, tell):
    weigh(held, "7.50")
    take_payment(held.number, OWNER)
    payment = OnlinePayment.objects.get()
    rest = {"object": "refund", "id": "re_rest", "amount": 480, "currency": "ils", "status": "succeeded"}
    tell("refund.created", rest | {"payment_intent": payment.reference, "balance_transaction": None}, event="evt_7")
    assert not Refund.objects.exists()

    refund(held.number, OWNER, Decimal(15), payment=payment.pk)

    assert found(held).payment_state == "refunded"
    assert gateway.refunds[0]["amount"] == 1500


def test_an_order_that_is_completed_can_still_be_taken(held):
    advance(held.number, Order.State.COMPLETED, OWNER)
    assert not Order.objects.over().exists()

    take_payment(held.number, OWNER)

    assert sums(held) == ("paid", 0, SUM)
    assert Order.objects.over().exists()
