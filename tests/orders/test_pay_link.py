"""A pay link of the store's own provider, from the checkout page to the order's."""

from decimal import Decimal
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from offers.models import Merchant
from orders.links import link_of, token_of
from orders.models import Order
from orders.paying import to_pay
from orders.refusals import InvalidDetails
from orders.services.changing import LineEdit, change_lines
from orders.services.states import Who
from outbox.models import Message
from tests.orders.pages import full, path, tea

__all__ = ["full", "path", "tea"]

OWNER = Who(Order.Actor.OWNER, "owner")
TEMPLATE = "https://pay.example.com/p?sum={sum}&cur={currency}&ref={number}&back={return}"


@pytest.fixture
def link(pickup, settings):
    settings.SHOPMCP_PAYMENTS = ["link"]
    Merchant.objects.update(pay_link=TEMPLATE)


@pytest.fixture
def placed(link, honey, fill, order):
    return order(fill(honey=2), payment="link")


def asked(order):
    """What the provider's page is asked for."""
    parts = urlsplit(to_pay(order).address)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "pay.example.com", "/p")
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


def test_the_checkout_page_offers_the_link(link, path, client):
    assert "Online, at the shop&#x27;s payment provider" in client.get(path).text


def test_a_link_is_offered_only_where_the_setting_names_it(link, path, client, settings, fill, order):
    settings.SHOPMCP_PAYMENTS = []

    assert "payment provider" not in client.get(path).text
    with pytest.raises(InvalidDetails):
        order(fill("another"), payment="link")
    assert not Order.objects.exists()


def test_the_page_of_the_order_leads_to_the_provider_with_what_is_due(placed, client):
    assert asked(placed) == {
        "sum": "40.00",
        "cur": "ILS",
        "ref": placed.number,
        # Not the link that shows the buyer: the provider keeps what it is sent.
        "back": link_of(placed.number, full=False),
    }
    shown = client.get(f"/orders/{token_of(placed.number, full=True)}").text
    assert to_pay(placed).address in unescape(shown)
    assert "online: not paid" in shown
    assert to_pay(placed).address in Message.objects.get(destination="Dana@Example.com").payload["text"]


def test_the_sum_is_what_is_due_now(placed):
    change_lines(placed.number, OWNER, [LineEdit(0, 1, Decimal(20))], "One was missing.")

    assert asked(Order.objects.get())["sum"] == "20.00"


def test_an_order_keeps_the_link_that_it_was_placed_with(placed):
    Merchant.objects.update(pay_link="https://elsewhere.example.com/{sum}/{number}")

    assert asked(Order.objects.get())["ref"] == placed.number


def test_an_order_says_whom_to_ask_when_the_shop_takes_no_payments_online(placed, settings, client):
    settings.SHOPMCP_PAYMENTS = []

    shown = client.get(f"/orders/{token_of(placed.number, full=True)}").text

    assert "takes no payments online now" in shown
    assert "pay.example.com" not in shown
