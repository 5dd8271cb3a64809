"""From the checkout page to the dummy's page and back to the order's."""

import re
from urllib.parse import urlsplit

import pytest

from orders.links import token_of
from orders.models import OnlinePayment, Order
from tests.orders.online import dummy, found, hold_ends
from tests.orders.pages import TYPED, form_of

__all__ = ["dummy"]


@pytest.fixture
def placed(client, path, pickup, dummy):
    """The order of a page."""
    form = form_of(client.get(path).text) | TYPED | {"do": "order", "delivery": pickup.pk, "payment": "dummy"}
    answer = client.post(path, form)
    payment = OnlinePayment.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, payment.address)
    return Order.objects.get()


def pay_page(order):
    """The path of the page to which the buyer was sent first."""
    return f"/payments/dummy/{order.online_payments.earliest('id').key}/"


def page_of(order, *, full=True):
    return f"/orders/{token_of(order.number, full=full)}"


def test_the_order_leads_to_the_payment_and_the_payment_back_to_the_order(client, placed):
    pay = pay_page(placed)
    text = client.get(pay).text
    assert "This is a test: no money moves" in text
    assert "₪49.90" in text

    back = client.post(pay, {"do": "pay"})["Location"]
    seen = client.get(client.get(back)["Location"]).text

    assert found(placed).state == "placed"
    assert "This is a test order." in seen
    assert "waiting.js" not in seen


def test_a_payment_that_fails_can_be_begun_again(client, placed):
    client.post(pay_page(placed), {"do": "fail"})

    again = client.post(page_of(placed), {"do": "pay"})["Location"]

    assert found(placed).state == "awaiting"
    assert urlsplit(again).path != pay_page(placed)
    client.post(urlsplit(again).path, {"do": "pay"})
    assert found(placed).state == "placed"


def test_whoever_pays_later_finds_the_way_on_the_orders_page(client, placed):
    back = client.post(pay_page(placed), {"do": "later"})["Location"]

    text = client.get(back).text

    assert "It is kept for you until" in text
    assert "Pay ₪49.90" in text
    assert found(placed).state == "awaiting"


def test_an_open_page_learns_the_outcome_with_a_script_and_without(client, placed):
    text = client.get(page_of(placed)).text
    asked = re.search(r'data-state="([^"]+)"', text)[1]
    version = re.search(r'data-version="(\d+)"', text)[1]
    assert '<noscript><meta http-equiv="refresh" content="20"></noscript>' in text
    assert client.get(asked).json() == {"state": "awaiting", "payment_state": "unpaid", "version": int(version)}

    client.post(pay_page(placed), {"do": "pay"})

    assert client.get(asked).json()["state"] == "placed"
    assert client.get(asked).json()["version"] > int(version)


def test_a_page_on_which_somebody_types_does_not_reload(client, placed):
    assert "refresh" not in client.get(f"{page_of(placed)}?step=cancel").text


def test_coming_back_counts_nothing_by_itself(client, placed):
    back = f"/payments/return/{token_of(placed.number, full=False)}"

    page = client.get(client.get(back)["Location"]).text

    assert "We are waiting for the word of the payment provider" in page
    assert found(placed).payment_state == "unpaid"
    assert OnlinePayment.objects.get().next_look_at is not None


@pytest.mark.parametrize("query", ["?status=paid", "?verification_result=confirmed", "?do=pay"])
def test_reading_the_dummys_page_changes_nothing(client, placed, query):
    client.get(pay_page(placed) + query)

    assert OnlinePayment.objects.get().state == "open"
    assert found(placed).state == "awaiting"


def test_whoever_has_the_chats_link_can_pay_and_see_no_buyer(client, placed):
    client.cookies.clear()

    answer = client.post(page_of(placed, full=False), {"do": "pay"})

    assert urlsplit(answer["Location"]).path == pay_page(placed)
    assert "Dana" not in client.get(page_of(placed, full=False)).text
    assert "Dana" not in client.get(pay_page(placed)).text


def test_whoever_has_the_chats_link_can_still_not_cancel(client, placed):
    client.cookies.clear()

    client.post(page_of(placed, full=False), {"do": "cancel"})

    assert found(placed).state == "awaiting"


def test_a_payment_after_the_time_is_refused_on_the_page(client, placed):
    hold_ends(placed)

    answer = client.post(page_of(placed), {"do": "pay"})

    assert answer.status_code == 409
    assert "The time to pay for this order is over." in answer.text


def test_a_late_payment_is_owed_to_the_buyer(client, placed):
    client.post(page_of(placed), {"do": "cancel"})
    client.post(pay_page(placed), {"do": "pay"})

    assert "The shop owes you <bdi>₪49.90</bdi>" in client.get(page_of(placed)).text


@pytest.mark.parametrize("setting", ["SHOPMCP_PAYMENTS", "DEBUG", "PUBLIC_URL"])
def test_the_dummy_is_nowhere_where_it_may_not_be(client, path, pickup, placed, settings, setting):
    wrong = {"SHOPMCP_PAYMENTS": ["link"], "DEBUG": False, "PUBLIC_URL": "http://shop.example.com"}
    setattr(settings, setting, wrong[setting])

    assert client.post(pay_page(placed), {"do": "pay"}).status_code == 404
    assert found(placed).state == "awaiting"
    assert "Pay ₪49.90" not in client.get(page_of(placed)).text


def test_an_unknown_payment_is_not_found(client, db, dummy):
    assert client.get("/payments/dummy/guessed/").status_code == 404
    assert client.get("/payments/return/guessed").status_code == 404
    assert client.get("/payments/state/guessed").status_code == 404
