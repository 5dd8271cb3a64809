"""The owner's page of an order whose payment is authorised and not taken."""

import csv
from decimal import Decimal
from io import StringIO

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from offers.models import Merchant
from orders.models import Capture, OnlinePayment
from orders.payments.provider import Paid, Told
from orders.services.online import settle, start_payment
from orders.services.states import SHOPPER, cancel
from tests.dashboard.views.test_orders import LIST, act, helper, page
from tests.orders.online import dummy, found
from tests.orders.ordering import courier, details, fill, order, pickup, to_haifa

__all__ = ["courier", "details", "dummy", "fill", "helper", "order", "pickup", "to_haifa"]
TAKE = "Take the payment: <bdi>₪40.00</bdi>"
STORE = reverse("dashboard-store", args=["shop"])


@pytest.fixture
def held(dummy, honey, fill, order, pickup):
    Merchant.objects.update(take_later=True)
    placed = order(fill(honey=2), payment="dummy")
    start_payment(placed.number)
    payment = placed.online_payments.get()
    settle(payment, Told(payment.session, Paid.AUTHORISED, "", Decimal(40), "ILS", payment.session))
    return found(placed)


def test_the_page_and_the_list_say_that_it_is_not_taken_and_the_button_takes_it(held, owner):
    text = owner.get(page(held)).text
    assert "authorised, not taken yet" in text
    assert "Take it before" in text
    assert TAKE in text
    assert "Mark as paid" not in text
    assert "to be taken: <bdi>₪40.00</bdi>" in owner.get(LIST).text

    answer = act(owner, held, do="take")

    assert (found(held).payment_state, found(held).paid) == ("paid", 40)
    assert "Take the payment" not in answer.text
    assert Capture.objects.get().who == "admin"


def test_taking_is_the_permission_of_paying_back(held, helper):
    assert "The payment is not taken yet." in helper.get(page(held)).text
    assert TAKE not in helper.get(page(held)).text
    for what in ("take", "let-go"):
        assert act(helper, held, do=what).status_code == 403
    assert found(held).payment_state == "authorised"

    user = helper.get(page(held)).context["request"].user
    user.user_permissions.add(Permission.objects.get(codename="refund"))

    act(helper, held, do="take")
    assert found(held).paid == 40


def test_a_second_click_is_refused_and_takes_nothing_more(held, owner):
    act(owner, held, do="take")

    answer = act(owner, held, do="take")

    assert "Somebody has changed this order" in answer.text
    assert Capture.objects.count() == 1


def test_completing_an_order_whose_money_was_not_taken_warns(held, owner):
    assert "The payment is not taken yet." in owner.get(page(held)).text

    answer = act(owner, held, do="completed")

    assert "The order is completed, and its payment is not taken yet" in answer.text
    assert "<strong>The order is completed.</strong>" in answer.text
    assert TAKE in answer.text


def test_what_is_authorised_is_let_go(held, owner):
    answer = act(owner, held, do="let-go")

    assert (found(held).payment_state, found(held).due) == ("unpaid", 40)
    assert "Mark as paid" in answer.text
    assert "The authorisation has expired" not in answer.text


def test_an_authorisation_that_expired_is_shown_with_what_to_do(held, owner):
    payment = OnlinePayment.objects.get()
    settle(payment, Told(payment.session, Paid.RELEASED))

    text = owner.get(page(held)).text

    assert "The authorisation has expired, and no money was taken." in text
    assert "the page of the order</a>" in text
    assert "Mark as paid" in text


@pytest.mark.parametrize(
    ("state", "words"), [("pending", "It has not said yet that it was"), ("failed", "was not taken")]
)
def test_a_capture_that_is_not_done_is_shown(held, owner, state, words):
    payment = OnlinePayment.objects.get()
    Capture.objects.create(order=held, payment=payment, amount=40, currency="ILS", state=state, fault="bank said no")

    text = owner.get(page(held)).text

    assert words in text
    assert (TAKE in text) == (state == "failed")


def test_what_is_being_let_go_cannot_be_taken(held, owner):
    cancel(held.number, SHOPPER, "")

    text = owner.get(page(held)).text

    assert "is being let go: nothing is taken of it" in text
    assert "Take the payment" not in text
    assert "Let go what" not in text


def test_the_file_tells_what_is_authorised(held, owner):
    rows = list(csv.DictReader(StringIO(owner.get(reverse("dashboard-orders-export")).content.decode("utf-8-sig"))))

    assert [(row["Payment"], row["Authorised"], row["Paid"]) for row in rows] == [
        ("online, as a test: authorised, not taken yet", "40.00", "0.00")
    ]


def test_a_store_takes_payments_later_only_where_its_provider_can(owner, pickup, dummy, settings):
    assert 'name="take_later"' in owner.get(STORE).text
    settings.SHOPMCP_PAYMENTS = ["link"]
    Merchant.objects.update(take_later=True)

    assert 'name="take_later"' not in owner.get(STORE).text
    form = owner.get(STORE).context["form"]
    values = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    assert owner.post(STORE, values | {"delivery_hours": "9-17"}).status_code == 302
    assert Merchant.objects.get().take_later
