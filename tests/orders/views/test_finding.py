"""Asking for the link of an order that was lost."""

import re
from urllib.parse import urlsplit

import pytest

from orders.models import Order
from outbox.models import Message

PAGE = "/orders/find"


@pytest.fixture
def placed(fill, order, honey):
    return order(fill(honey=1))


def mails():
    return Message.objects.filter(kind="order.link")


@pytest.mark.parametrize("contact", ["dana@example.com", "DANA+x@Example.com", "+972-50-2345678"])
def test_the_buyer_is_mailed_the_link_on_which_the_order_is_cancelled(client, placed, contact):
    answer = client.post(PAGE, {"number": placed.shown_number.lower(), "contact": contact})

    assert "a mail with its link is on its way" in answer.text
    assert placed.number not in answer.text
    mail = mails().get()
    assert mail.destination == "Dana@Example.com"
    page = client.get(urlsplit(re.search(r"https?://\S+", mail.payload["text"])[0]).path)
    assert "Cancel the order" in page.text


@pytest.mark.parametrize("contact", ["noa@example.com", "", "@", "050-0000000", "x" * 300])
def test_nobody_else_is_mailed_and_all_hear_the_same(client, placed, contact):
    right = client.post(PAGE, {"number": "K7M-29Q-XFM", "contact": contact}).text

    assert client.post(PAGE, {"number": placed.number, "contact": contact}).text == right
    assert not mails().exists()


def test_an_order_whose_buyer_was_forgotten_has_no_link_to_mail(client, placed):
    Order.objects.update(email="", phone="", name="")

    client.post(PAGE, {"number": placed.number, "contact": "dana@example.com"})

    assert not mails().exists()


def test_three_mails_an_hour_are_enough_for_an_order_and_20_questions_for_a_network(client, placed):
    answers = [client.post(PAGE, {"number": placed.number, "contact": "dana@example.com"}) for _ in range(21)]

    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert mails().count() == 3


def test_the_shops_page_leads_there(client, placed):
    assert PAGE in client.get("/store/shop/").text
    assert "Cancel an order" in client.get(PAGE).text
