"""How an order that is paid outside of the shop is paid: what its page, mail and chat say."""

from decimal import Decimal

import pytest

from catalog.models import Store
from offers.models import Merchant
from orders.links import token_of
from orders.models import Order
from orders.paying import to_pay
from orders.services.changing import LineEdit, change_lines
from orders.services.states import SHOPPER, Who, cancel, note_payment, note_refund
from outbox.models import Message
from tests.carts.answers import text

OWNER = Who(Order.Actor.OWNER, "owner")
BANK = "Transfer to account <12-345>."
ADDRESS = "https://pay.example.com/shop?a=1&b=2"
SHOWN = "https://pay.example.com/shop?a=1&amp;b=2"


@pytest.fixture
def placed(honey, fill, order):
    """An order of 40.00 that is paid as the shop says."""
    Store.objects.update(pay_instructions=BANK)
    Merchant.objects.update(pay_address=ADDRESS)
    return order(fill(honey=2), payment="instructions")


def page(client, order, *, full=True):
    return client.get(f"/orders/{token_of(order.number, full=full)}").text


def test_the_page_says_how_to_pay_with_sum_and_number(placed, client):
    for full in (True, False):
        shown = page(client, placed, full=full)

        for told in ("Pay <strong><bdi>₪40.00", placed.shown_number, "&lt;12-345&gt;", f'href="{SHOWN}"', "not paid"):
            assert told in shown


def test_the_mail_to_the_buyer_says_how_to_pay(placed):
    mail = Message.objects.get(destination="Dana@Example.com").payload

    assert f"Pay ₪40.00, and name the order: {placed.shown_number}." in mail["text"]
    assert BANK in mail["text"]
    assert ADDRESS in mail["text"]
    assert f'href="{SHOWN}"' in mail["html"]
    assert "&lt;12-345&gt;" in mail["html"]


def test_the_chat_hears_what_is_not_paid_yet(placed, call_tool):
    said = text(call_tool("list_orders"))
    assert "Not paid yet: ₪40.00. The page says how to pay." in said

    note_payment(placed.number, OWNER, Decimal(40))

    answer = call_tool("list_orders")
    assert "Not paid yet" not in text(answer)
    assert "to_pay" not in answer.structured_content["orders"][0]
    assert f"Order {placed.shown_number} is paid." in text(answer) + text(call_tool("view_cart"))


def test_an_order_keeps_how_it_is_paid_when_the_store_changes_it(placed, client):
    Store.objects.update(pay_instructions="Elsewhere.")
    Merchant.objects.update(pay_address="https://elsewhere.example.com/")

    shown = page(client, placed)

    assert SHOWN in shown
    assert "lsewhere" not in shown


@pytest.mark.parametrize(
    "ended",
    [
        lambda number: note_payment(number, OWNER, Decimal(40)),
        lambda number: cancel(number, SHOPPER, ""),
    ],
)
def test_nobody_is_asked_to_pay_what_is_paid_or_cancelled(ended, placed, client):
    ended(placed.number)

    assert to_pay(Order.objects.get()) is None
    assert ADDRESS not in page(client, placed)


def test_what_came_in_part_is_kept_and_the_rest_is_asked_for(placed, client):
    note_payment(placed.number, OWNER, Decimal(15))

    found = Order.objects.get()
    assert (found.paid, found.payment_state) == (15, "unpaid")
    assert found.events.last().text == "₪15.00, while ₪40.00 was due"
    assert "₪25.00" in page(client, placed)
    assert "₪15.00</bdi> has come so far" in page(client, placed)

    note_payment(placed.number, OWNER, Decimal(25))
    assert Order.objects.get().payment_state == "paid"


def test_what_came_in_part_is_all_of_it_when_the_order_becomes_cheaper(placed):
    note_payment(placed.number, OWNER, Decimal(20))

    change_lines(placed.number, OWNER, [LineEdit(0, 1, Decimal(20))], "One was missing.")

    assert Order.objects.get().payment_state == "paid"


def test_what_an_order_costs_more_is_asked_for_and_it_stays_paid(placed, client):
    note_payment(placed.number, OWNER, Decimal(40))

    change_lines(placed.number, OWNER, [LineEdit(0, 2, Decimal(21))], "Heavier.")

    assert Order.objects.get().payment_state == "paid"
    assert "Pay <strong><bdi>₪2.00" in page(client, placed)


def test_a_present_of_the_shop_leaves_the_order_paid_and_asks_for_nothing(placed):
    note_payment(placed.number, OWNER, Decimal(40))
    note_refund(placed.number, OWNER, Decimal(5), "Sorry.")

    found = Order.objects.get()
    assert found.payment_state == "paid"
    assert to_pay(found) is None
