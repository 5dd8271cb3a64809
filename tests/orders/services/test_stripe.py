"""Payments by Stripe, against a process that speaks its HTTP and fails as networks do."""

import subprocess
import sys
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from orders.models import OnlinePayment, Order
from orders.payments.provider import ProviderFault
from orders.payments.stripe import minor_units
from orders.refusals import NotTaken
from orders.services.online import start_payment
from orders.services.reconciling import reconcile
from orders.services.states import SHOPPER, cancel
from tests.live import ROOT, clean_env
from tests.orders.online import found, hold_ends, kinds, stock
from tests.orders.stripe import gateway, gateway_process, tell

__all__ = ["gateway", "gateway_process", "tell"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def awaiting(gateway, make_product, fill, order):
    """An order of two teas, 19.80, that awaits its payment; 3 teas are left."""
    make_product("Tea", "9.90", stock=5)
    return order(fill(tea=2), payment="stripe")


@pytest.fixture
def session(awaiting, gateway):
    """The session that its buyer was sent to."""
    start_payment(awaiting.number)
    return gateway.sessions[0]


def look_now():
    OnlinePayment.objects.update(next_look_at=timezone.now())
    return reconcile()


def test_stripe_is_asked_for_the_sum_in_its_smallest_parts_and_for_nothing_of_the_buyer(awaiting, session):
    asked = session["asked"]

    assert (asked["line_items[0][price_data][unit_amount]"], asked["line_items[0][price_data][currency]"]) == (
        "1980",
        "ils",
    )
    assert asked["line_items[0][price_data][product_data][name]"] == f"{awaiting.shown_number} · The Shop"
    assert asked["success_url"].startswith("http://127.0.0.1:8000/payments/return/")
    assert int(asked["expires_at"]) >= timezone.now().timestamp() + 30 * 60
    assert not any(word in str(asked) for word in ("Dana", "dana@", "050"))
    assert not awaiting.is_test


def test_orders_that_a_test_key_pays_are_tests(gateway, settings, tea, fill, order):
    settings.STRIPE_SECRET_KEY = "sk_test_of_the_tests"

    assert order(fill(tea=1), payment="stripe").is_test


@pytest.mark.parametrize("fault", ["lost", "silent", 500, 503])
def test_a_fault_of_the_network_makes_one_session(awaiting, gateway, fault):
    gateway.fault("sessions", fault)

    address = start_payment(awaiting.number)

    assert [session["url"] for session in gateway.sessions] == [address]
    keys = {request["key"] for request in gateway.requests}
    assert (len(gateway.requests), keys) == (2, {OnlinePayment.objects.get().key})


def test_a_payment_that_the_provider_refuses_is_told_as_refused(awaiting, gateway):
    gateway.fault("sessions", 400)

    with pytest.raises(NotTaken, match="does not take this payment") as refusal:
        start_payment(awaiting.number)

    assert "another way" in refusal.value.fix
    assert OnlinePayment.objects.get().state == "failed"
    assert found(awaiting).state == "awaiting"


def test_a_provider_that_stays_away_is_told_and_the_next_try_asks_for_the_same(awaiting, gateway):
    gateway.fault("sessions", "lost", times=2)
    with pytest.raises(NotTaken, match="does not answer as it should"):
        start_payment(awaiting.number)
    assert found(awaiting).state == "awaiting"

    start_payment(awaiting.number)

    assert len(gateway.sessions) == OnlinePayment.objects.count() == 1


def test_a_refusal_ends_the_payment_and_the_next_try_is_another(awaiting, gateway):
    gateway.fault("sessions", 402)
    with pytest.raises(NotTaken):
        start_payment(awaiting.number)

    start_payment(awaiting.number)

    assert list(OnlinePayment.objects.order_by("id").values_list("state", flat=True)) == ["failed", "open"]


def test_an_event_places_the_order_once_however_often_it_comes(awaiting, session, gateway, tell):
    paid = gateway.pay(session["id"])

    answers = [tell("checkout.session.completed", paid, event=event) for event in ("evt_1", "evt_1", "evt_2")]

    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"ours": True})] * 3
    assert kinds(awaiting) == ["awaiting", "paid", "placed"]
    assert found(awaiting).paid == Decimal("19.80")


def test_an_event_that_comes_before_the_answer_of_the_session_counts(awaiting, session, gateway, tell):
    OnlinePayment.objects.update(state="opening", session="", address="")

    tell("checkout.session.completed", gateway.pay(session["id"]))

    assert found(awaiting).state == "placed"
    assert OnlinePayment.objects.get().session == session["id"]


def test_events_out_of_turn_undo_nothing(awaiting, session, gateway, tell):
    expired = session | {"status": "expired"}
    tell("checkout.session.expired", expired, event="evt_2")
    tell("checkout.session.completed", gateway.pay(session["id"]), event="evt_1")
    tell("checkout.session.expired", expired, event="evt_3")
    tell("checkout.session.async_payment_failed", session, event="evt_4")

    assert (found(awaiting).state, found(awaiting).payment_state) == ("placed", "paid")


@pytest.mark.parametrize(("paid", "outcome"), [({"amount": 1}, "amount"), ({"currency": "usd"}, "currency")])
def test_another_sum_or_currency_places_nothing_and_is_kept(awaiting, session, gateway, tell, paid, outcome):
    tell("checkout.session.completed", gateway.pay(session["id"], **paid))

    assert found(awaiting).state == "awaiting"
    assert OnlinePayment.objects.get().outcome == outcome


@pytest.mark.parametrize(
    "forged",
    [
        {"secret": "whsec_of_another"},
        {"age": 301},
        {"signature": ""},
        {"signature": "t=1,v1="},
        {"signature": "t=x,v1=\xe9"},
        {"body": "{}"},
        {"body": "[]"},
        {"body": "no json"},
        {"body": '{"id": "evt", "type": "checkout.session.completed", "data": {"object": {}}}'},
    ],
)
def test_what_stripe_did_not_sign_or_cannot_mean_is_refused(awaiting, session, gateway, tell, forged):
    answer = tell("checkout.session.completed", gateway.pay(session["id"]), **forged)

    assert answer.status_code == 400
    assert kinds(awaiting) == ["awaiting"]


@pytest.mark.parametrize("kind", ["checkout.session.completed", "charge.succeeded"])
def test_events_about_others_are_answered_and_change_nothing(awaiting, session, tell, kind):
    other = session | {"id": "cs_other", "client_reference_id": None, "payment_status": "paid"}

    answer = tell(kind, other)

    assert (answer.status_code, answer.json()) == (200, {"ours": False})
    assert kinds(awaiting) == ["awaiting"]


@pytest.mark.parametrize("setting", [("STRIPE_WEBHOOK_SECRET", ""), ("SHOPMCP_PAYMENTS", [])])
def test_no_event_is_taken_without_a_secret_or_a_switch(awaiting, session, tell, settings, setting):
    setattr(settings, *setting)

    assert tell("checkout.session.completed", session).status_code == 404


def test_a_payment_of_which_no_event_told_is_found_by_asking(awaiting, session, gateway):
    gateway.pay(session["id"])

    look_now()

    assert found(awaiting).state == "placed"


def test_a_debit_keeps_the_order_until_it_is_done_or_has_failed(awaiting, session, gateway):
    gateway.pay(session["id"], processing=True)
    look_now()
    hold_ends(awaiting)
    assert look_now() == 0
    assert OnlinePayment.objects.get().state == "processing"

    gateway.fail_debit(session["id"])

    assert look_now() == 1
    assert (found(awaiting).state, stock()) == ("cancelled", 5)


def test_an_order_is_cancelled_only_after_its_session_was_ended(awaiting, session, gateway):
    hold_ends(awaiting)

    assert reconcile() == 1
    assert gateway.sessions[0]["status"] == "expired"


def test_a_payment_in_the_last_moment_places_the_order_instead(awaiting, session, gateway):
    hold_ends(awaiting)
    gateway.pay(session["id"])

    assert reconcile() == 0
    assert found(awaiting).state == "placed"


def test_a_provider_that_cannot_be_asked_keeps_the_order_for_ten_minutes_more(awaiting, session, gateway):
    hold_ends(awaiting)
    gateway.fault("sessions", 503, times=4)
    assert reconcile() == 0
    assert found(awaiting).state == "awaiting"

    hold_ends(awaiting, ago=timedelta(minutes=11))

    assert reconcile() == 1


def test_a_late_payment_is_kept_for_an_order_that_was_cancelled(awaiting, session, gateway, tell):
    cancel(awaiting.number, SHOPPER, "")

    tell("checkout.session.completed", gateway.pay(session["id"]))

    assert (found(awaiting).state, found(awaiting).due) == ("cancelled", Decimal("-19.80"))


def test_the_session_of_an_order_that_was_cancelled_is_ended(awaiting, session, gateway):
    cancel(awaiting.number, SHOPPER, "")

    look_now()

    assert gateway.sessions[0]["status"] == "expired"
    assert OnlinePayment.objects.get().state == "expired"


def test_a_second_session_for_one_key_is_another_payment(awaiting, session, gateway, tell):
    tell("checkout.session.completed", gateway.pay(session["id"]))
    tell(
        "checkout.session.completed",
        gateway.pay(session["id"]) | {"id": "cs_other", "payment_intent": "pi_other"},
        event="2",
    )

    assert found(awaiting).due == Decimal("-19.80")
    assert Order.objects.get().online_payments.count() == 2


@pytest.mark.no_database
@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [("119.80", "ILS", 11980), ("1500", "JPY", 1500), ("1.230", "KWD", 1230), ("5", "ISK", 500), ("0.29", "USD", 29)],
)
def test_amounts_are_counted_as_stripe_counts_them(amount, currency, units):
    assert minor_units(Decimal(amount), currency) == units


@pytest.mark.no_database
@pytest.mark.parametrize(("amount", "currency"), [("1.001", "ILS"), ("1.5", "JPY"), ("1.234", "KWD"), ("1.5", "ISK")])
def test_amounts_that_stripe_cannot_count_are_refused(amount, currency):
    with pytest.raises(ProviderFault):
        minor_units(Decimal(amount), currency)


@pytest.mark.no_database
def test_a_worker_starts_without_the_library_of_stripe():
    code = "import django; django.setup(); import shopmcp.asgi, sys; print('stripe' in sys.modules)"
    environment = clean_env(
        DJANGO_SETTINGS_MODULE="tests.settings", SHOPMCP_PAYMENTS="stripe", STRIPE_SECRET_KEY="sk_1"
    )

    command = [sys.executable, "-c", code]
    found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "False"
