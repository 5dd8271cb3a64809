"""What a shopper, the chat and the mail tell of a payment that is authorised and not taken."""

import html
import re
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from offers.models import Merchant
from orders.links import token_of
from orders.models import OnlinePayment, Order
from orders.services.captures import take_payment
from orders.services.changing import LineEdit, change_lines
from orders.services.reconciling import reconcile
from orders.services.states import Who
from outbox.models import Message
from tests.orders.online import dummy, found
from tests.orders.pages import TYPED, form_of

__all__ = ["dummy"]
OWNER = Who(Order.Actor.OWNER, "rina")


@pytest.fixture
def placed(client, path, pickup, dummy):
    """The order of a page, whose payment is authorised first."""
    Merchant.objects.update(take_later=True)
    text = client.get(path).text
    assert "The sum is only authorised now. The shop takes the money later" in text
    client.post(path, form_of(text) | TYPED | {"do": "order", "delivery": pickup.pk, "payment": "dummy"})
    return Order.objects.get()


@pytest.fixture
def held(client, placed):
    text = client.get(pay_page(placed)).text
    assert "Authorise</button>" in text
    client.post(pay_page(placed), {"do": "pay"})
    return found(placed)


def pay_page(order):
    return f"/payments/dummy/{order.online_payments.latest('id').key}/"


def page_of(order):
    return f"/orders/{token_of(order.number, full=True)}"


def mail(kind, part="text"):
    message = Message.objects.filter(kind=f"order.{kind}", destination="dana@example.com").latest("id")
    return message.payload["subject"] + "\n" + message.payload[part]


def test_the_page_of_the_order_says_that_no_money_was_taken(client, held):
    text = client.get(page_of(held)).text

    assert held.state == "placed"
    assert "₪49.90 is authorised, and no money was taken yet. The shop takes it later" in text
    assert "authorised, not taken yet" in text
    assert "Pay ₪" not in text
    assert "Authorised, not taken yet." in client.get(pay_page(held)).text


def test_the_mail_says_that_no_money_was_taken(held):
    told = mail("placed")

    assert "online, as a test, authorised, not taken yet" in told
    assert "no money was taken yet" in told
    assert "no money was taken yet" in mail("placed", "html")


def test_the_chat_hears_that_no_money_was_taken(held, call_tool):
    assert "Its payment is authorised" in call_tool("view_cart").content[0].text
    text = call_tool("list_orders").content[0].text
    assert "Authorised, and not taken yet: ₪49.90" in text
    assert "Not paid yet" not in text
    (told,) = call_tool("list_orders").structured_content["orders"]
    assert told["authorised"]["amount"] == "49.90"
    assert "to_pay" not in told


def test_after_a_change_the_page_tells_what_will_be_taken_and_the_mail_what_was(client, held):
    change_lines(held.number, OWNER, [LineEdit(0, 1, Decimal("17.50"))], "by weight")
    assert "The shop will take ₪27.40 of it." in client.get(page_of(held)).text
    assert "The shop will take ₪27.40 of it." in mail("changed")

    take_payment(held.number, OWNER)

    assert "Paid: ₪27.40" in mail("paid")
    assert "has received your payment" in mail("paid")
    assert "is authorised" not in client.get(page_of(held)).text


def test_an_authorisation_that_expires_is_told_and_the_page_takes_the_payment_again(client, held, call_tool):
    OnlinePayment.objects.update(capture_before=timezone.now(), next_look_at=timezone.now())

    reconcile()

    assert found(held).payment_state == "unpaid"
    told = mail("expired")
    assert "was not taken" in told
    assert "you are not charged" in told
    assert "dummy_" not in told
    assert "is still to be paid" in call_tool("view_cart").content[0].text
    assert "Pay ₪49.90" in client.get(page_of(held)).text
    again = client.post(page_of(held), {"do": "pay"})["Location"]
    client.post(re.sub("^http://[^/]+", "", again), {"do": "pay"})
    assert found(held).payment_state == "authorised"


def test_a_shopper_who_cancels_is_told_that_nothing_is_taken(client, held):
    client.post(page_of(held), {"do": "cancel"})
    assert "will not be taken: you are not charged" in client.get(page_of(held)).text
    assert "will not be taken: you are not charged" in mail("cancelled")

    reconcile()

    assert "authorised" not in client.get(page_of(held)).text.partition("What happened")[0]
    assert found(held).authorised == 0


def test_the_dummys_buyer_lets_the_authorisation_expire(client, held):
    client.post(pay_page(held), {"do": "end"})

    assert found(held).payment_state == "unpaid"
    assert "Pay ₪49.90" in client.get(page_of(held)).text


def test_a_payment_that_was_not_authorised_does_not_end(client, placed):
    client.post(pay_page(placed), {"do": "end"})

    assert OnlinePayment.objects.get().state == "open"


@pytest.mark.parametrize("path_of", [page_of, pay_page])
def test_it_is_told_in_hebrew(client, held, path_of):
    with translation.override("he"):
        Order.objects.update(language="he")

        text = html.unescape(client.get(path_of(held)).text)

    assert "אושר לחיוב, עוד לא נגבה" in text
