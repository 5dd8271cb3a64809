"""The owner's page of an order that is paid online."""

import csv
from decimal import Decimal
from io import StringIO

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from orders.models import OnlinePayment, Order, Refund
from orders.payments.provider import Paid, Told
from orders.services.online import settle, start_payment
from tests.dashboard.views.test_orders import LIST, act, helper, page
from tests.orders.online import dummy, found
from tests.orders.ordering import courier, details, fill, order, pickup, to_haifa

__all__ = ["courier", "details", "dummy", "fill", "helper", "order", "pickup", "to_haifa"]


@pytest.fixture
def awaiting(dummy, honey, fill, order):
    placed = order(fill(honey=2), payment="dummy")
    start_payment(placed.number)
    return placed


@pytest.fixture
def paid(awaiting):
    settled(awaiting)
    return found(awaiting)


def settled(order, amount=40, currency="ILS"):
    payment = order.online_payments.get()
    return settle(payment, Told(payment.session, Paid.PAID, "", Decimal(amount), currency, "pi_1"))


def test_an_order_that_awaits_its_payment_is_not_new(awaiting, owner):
    assert 'data-badge="0"' in owner.get(LIST).text
    assert "It is not placed before it is paid online." in owner.get(page(awaiting)).text
    assert 'value="placed"' not in owner.get(page(awaiting)).text


def test_a_part_is_paid_back(paid, owner):
    payment = OnlinePayment.objects.get()
    assert "Pay back at test, up to <bdi>₪40.00</bdi>" in owner.get(page(paid)).text

    answer = act(owner, paid, do="refund-online", payment=payment.pk, amount="15", reason="One was broken")

    assert found(paid).refunded == 15
    assert Refund.objects.get().who == "admin"
    assert "up to <bdi>₪25.00</bdi>" in answer.text
    assert "One was broken" in answer.text


@pytest.mark.parametrize("form", [{"amount": "41"}, {"amount": ""}, {"payment": "x"}, {"payment": "999"}])
def test_what_cannot_be_paid_back_is_refused(paid, owner, form):
    payment = OnlinePayment.objects.get()

    answer = act(owner, paid, **{"do": "refund-online", "payment": payment.pk, "amount": "15"} | form)

    assert found(paid).refunded == 0
    assert not Refund.objects.exists()
    assert "messages" in answer.context


def test_paying_back_is_a_permission_of_its_own(paid, helper):
    payment = OnlinePayment.objects.get()
    form = {"do": "refund-online", "payment": payment.pk, "amount": "15"}
    assert "refund-online" not in helper.get(page(paid)).text
    assert act(helper, paid, **form).status_code == 403
    assert not Refund.objects.exists()

    user = helper.get(page(paid)).context["request"].user
    user.user_permissions.add(Permission.objects.get(codename="refund"))

    act(helper, paid, **form)
    assert found(paid).refunded == 15


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [(39, "ILS", "It counts as paid."), (40, "USD", "It is not counted: pay it back")],
)
def test_a_payment_that_was_not_due_is_shown(awaiting, owner, amount, currency, words):
    settled(awaiting, amount, currency)

    text = owner.get(page(awaiting)).text

    assert "A payment came on" in text
    assert words in text
    assert "refund-online" in text


@pytest.mark.parametrize(("state", "words"), [("pending", "It has not said yet"), ("failed", "did not go back")])
def test_a_refund_that_is_not_done_is_shown(paid, owner, state, words):
    payment = OnlinePayment.objects.get()
    Refund.objects.create(order=paid, payment=payment, amount=5, currency="ILS", state=state, fault="bank said no")

    assert words in owner.get(page(paid)).text


def test_the_file_tells_what_was_paid(paid, owner):
    rows = list(csv.DictReader(StringIO(owner.get(reverse("dashboard-orders-export")).content.decode("utf-8-sig"))))

    assert [(row["Payment"], row["Paid"], row["Paid back"], row["Test"]) for row in rows] == [
        ("online, as a test: paid", "40.00", "0.00", "test")
    ]
    assert Order.objects.real().count() == 0
