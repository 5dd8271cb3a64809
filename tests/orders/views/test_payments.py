"""What the provider of a pay link reports."""

import hashlib
import hmac
import json
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import Store
from offers.models import Merchant
from offers.services.merchants import merchant_of, new_pay_link_secret
from orders.models import Order, OrderState, PaymentReport
from orders.services.states import Who, advance, cancel, note_payment, note_refund
from outbox.models import Message
from tests.carts.answers import text

OWNER = Who(Order.Actor.OWNER, "owner")


@pytest.fixture
def secret(pickup, settings):
    settings.SHOPMCP_PAYMENTS = ["link"]
    Merchant.objects.update(pay_link="https://pay.example.com/{sum}/{number}")
    return new_pay_link_secret(merchant_of(Store.objects.get()))


@pytest.fixture
def placed(secret, honey, fill, order):
    """An order of 40.00 ILS."""
    return order(fill(honey=2), payment="link")


@pytest.fixture
def report(secret):
    """Report a payment as the provider does, without a cookie or a token."""

    def report(order=None, *, store="shop", signature=None, body=None, **fields):
        told = {"order": order.number if order else "", "amount": "40.00", "currency": "ILS", "reference": "tx-1"}
        sent = json.dumps(told | fields).encode() if body is None else body
        signed = hmac.new(secret.encode(), sent, hashlib.sha256).hexdigest() if signature is None else signature
        headers = {"Payment-Signature": signed}
        path = f"/payments/link/{store}/"
        return Client(enforce_csrf_checks=True).post(path, sent, content_type="application/json", headers=headers)

    return report


def untouched(order):
    found = Order.objects.get()
    return found.version == order.version and found.paid == order.paid and not PaymentReport.objects.exists()


def test_a_payment_of_what_is_due_makes_the_order_paid(placed, report, call_tool):
    answer = report(placed)

    assert (answer.status_code, answer.json()["outcome"]) == (200, "counted")
    found = Order.objects.get()
    assert (found.payment_state, found.paid) == ("paid", 40)
    event = found.events.last()
    assert (event.kind, event.actor, event.text) == ("paid", "system", "₪40.00, reference tx-1")
    assert "is paid" in text(call_tool("view_cart"))


def test_the_same_report_again_changes_nothing_more(placed, report):
    report(placed)
    version = Order.objects.get().version

    again = report(placed)

    assert (again.status_code, again.json()["outcome"]) == (200, "counted")
    assert (Order.objects.get().paid, Order.objects.get().version) == (40, version)
    assert PaymentReport.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"amount": "39.99"}, "amount"),
        ({"amount": "40.001"}, "amount"),
        ({"amount": "4000"}, "amount"),
        ({"currency": "USD"}, "currency"),
        ({"currency": "QQQ"}, "currency"),
    ],
)
def test_a_payment_that_does_not_fit_is_kept_and_shown_and_pays_nothing(placed, report, admin_client, fields, outcome):
    answer = report(placed, **fields)

    assert (answer.status_code, answer.json()["outcome"]) == (200, outcome)
    found = Order.objects.get()
    assert (found.payment_state, found.paid, found.events.last().kind) == ("unpaid", 0, "reported")
    shown = admin_client.get(reverse("dashboard-order", args=[found.number])).text
    assert "not counted" in shown
    assert "tx-1" in shown


def test_the_shop_hears_by_mail_of_a_payment_that_does_not_fit(placed, report):
    Store.objects.update(orders_email="shop@example.com")

    report(placed, amount="1")

    mail = Message.objects.filter(destination="shop@example.com").latest("pk").payload
    assert "has to be checked" in mail["subject"]
    assert "₪1.00, reference tx-1: another amount than was due" in mail["text"]


@pytest.mark.parametrize(
    ("before", "outcome", "state"),
    [
        (lambda number: note_payment(number, OWNER, Decimal(40)), "not_due", "paid"),
        (lambda number: cancel(number, OWNER, "Sold out."), "cancelled", "unpaid"),
    ],
)
def test_a_late_payment_is_kept_and_undoes_nothing(placed, report, before, outcome, state):
    before(placed.number)
    then = Order.objects.get()

    assert report(placed).json()["outcome"] == outcome

    found = Order.objects.get()
    assert (found.state, found.payment_state, found.paid) == (then.state, state, then.paid)
    assert PaymentReport.objects.to_be_checked().count() == 1


def test_a_report_that_comes_again_after_the_money_was_paid_back_undoes_nothing(placed, report):
    report(placed)
    note_refund(placed.number, OWNER, Decimal(40), "")

    assert report(placed).json()["outcome"] == "counted"  # then
    assert report(placed, reference="tx-2").json()["outcome"] == "not_due"

    assert (Order.objects.get().payment_state, Order.objects.get().paid) == ("refunded", 40)


def test_an_order_that_went_on_is_paid_where_it_is(placed, report):
    advance(placed.number, OrderState.COMPLETED, OWNER)

    report(placed)

    assert (Order.objects.get().state, Order.objects.get().payment_state) == ("completed", "paid")


def test_a_reference_names_one_payment(placed, report, fill, order):
    other = order(fill("chat-2", honey=2), key="k2", payment="link")
    report(placed)

    answer = report(other)

    assert answer.status_code == 409
    assert "another payment before" in answer.json()["error"]["message"]
    assert Order.objects.get(pk=other.pk).payment_state == "unpaid"


@pytest.mark.parametrize("signature", ["", "sha256=", "0" * 64, "é", "sha1=abc"])
def test_a_wrong_signature_is_refused(placed, report, signature):
    assert report(placed, signature=signature).status_code == 400
    assert untouched(placed)


def test_a_signature_holds_for_its_body_and_its_secret_alone(placed, report, secret):
    body = json.dumps({"order": placed.number, "amount": "40", "currency": "ILS", "reference": "x"}).encode()
    signed = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()

    assert report(body=body + b" ", signature=signed).status_code == 400
    new_pay_link_secret(merchant_of(Store.objects.get()))
    assert report(body=body, signature=signed).status_code == 400
    assert untouched(placed)


def test_a_signature_may_be_named_and_in_capitals(placed, report, secret):
    body = json.dumps({"order": placed.shown_number, "amount": 40.0, "currency": "ils", "reference": "x"}).encode()
    signed = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().upper()

    assert report(body=body, signature=f"sha256={signed}").json()["outcome"] == "counted"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"\xff", b"[" * 9000, b'{"amount": NaN}', b"null",
        *(
            json.dumps({"order": "K7M29QXFM", "amount": "40", "currency": "ILS", "reference": "x"} | wrong).encode()
            for wrong in (
                {"amount": "0"}, {"amount": "-40"}, {"amount": "many"}, {"amount": "NaN"}, {"amount": "1e30"},
                {"amount": True}, {"amount": None}, {"amount": "0.0001"}, {"amount": 1e300}, {"currency": "shekel"},
                {"currency": 1}, {"reference": ""}, {"reference": "\0"}, {"reference": "x" * 201}, {"order": 7},
            )
        ),
    ],
)  # fmt: skip
def test_a_report_that_makes_no_sense_is_refused_in_words(placed, report, body):
    answer = report(body=body)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_arguments"
    assert untouched(placed)


def test_a_body_that_is_too_large_is_refused(placed, report):
    assert report(placed, note="x" * 20_000).status_code == 413
    assert untouched(placed)


@pytest.mark.parametrize("number", ["000000000", "no number", "K7M29QXFM"])
def test_an_order_that_there_is_not_is_not_found(placed, report, number):
    body = {"order": number, "amount": "40.00", "currency": "ILS", "reference": "x"}

    assert report(body=json.dumps(body).encode()).status_code == 404
    assert untouched(placed)


def test_an_order_of_another_store_is_not_found(placed, report):
    Order.objects.update(store=Store.objects.create(slug="other", name="Other", currency="ILS"))

    assert report(placed).status_code == 404
    assert untouched(placed)


def test_a_store_without_reports_is_not_found(placed, report, settings):
    assert report(placed, store="ghost").status_code == 404
    settings.SHOPMCP_PAYMENTS = []
    assert report(placed).status_code == 404
    settings.SHOPMCP_PAYMENTS = ["link"]
    Merchant.objects.update(pay_link_secret="")
    assert report(placed).status_code == 404
    assert untouched(placed)


def test_a_report_is_posted(secret, client):
    assert client.get("/payments/link/shop/").status_code == 405


def test_a_report_may_leave_the_last_slash_out(placed, secret):
    body = json.dumps({"order": placed.number, "amount": "40", "currency": "ILS", "reference": "x"}).encode()
    signed = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()

    answer = Client().post(
        "/payments/link/shop", body, content_type="application/json", headers={"Payment-Signature": signed}
    )

    assert answer.json()["outcome"] == "counted"
