"""The coupon of a cart on its page."""

from decimal import Decimal

import pytest

from carts.models import Cart, Change
from offers.models import Coupon
from orders.models import Order
from tests.carts.answers import cart, text
from tests.orders.pages import TYPED, button, form_of


@pytest.fixture
def coupon(store):
    return Coupon.objects.create(store=store, code="SAVE10", code_key="save10", kind="percent", value=10)


@pytest.fixture
def send(client, path, pickup):
    """Send the form of the page; `changes` take the place of what stands in it."""
    return lambda **changes: client.post(path, form_of(client.get(path).text) | TYPED | changes)


def test_a_coupon_is_applied_and_taken_off(client, path, send, coupon, call_tool):
    assert send(do="coupon", coupon="save 10").status_code == 303

    page = client.get(path).text
    assert "Coupon SAVE10 takes off ₪4.99." in page
    assert button(page) == "Order and pay ₪44.91"
    assert cart(call_tool("view_cart"))["coupon"]["code"] == "SAVE10"
    assert "SAVE10" in text(call_tool("view_cart"))
    send(do="no-coupon")
    assert button(client.get(path).text) == "Order and pay ₪49.90"
    assert list(Change.objects.order_by("version").values_list("tool", flat=True)) == ["add_to_cart", "page", "page"]


@pytest.mark.parametrize("do", ["save", "set:shop:honey:2"])
def test_a_code_that_was_typed_counts_whichever_button_was_pressed(client, path, send, coupon, do):
    send(do=do, coupon="SAVE10")

    assert Cart.objects.get().coupon == coupon


def test_a_code_that_does_not_work_says_so_beside_its_field_and_loses_nothing(path, send, coupon):
    answer = send(do="coupon", coupon="<b>WRONG")

    assert answer.status_code == 409
    assert 'id="wrong-coupon"' in answer.text
    assert form_of(answer.text)["coupon"] == "<b>WRONG"
    assert "Dana Levi" in answer.text
    assert Cart.objects.get().coupon is None


def test_an_order_is_not_placed_for_another_sum_than_a_typed_code_makes(send, coupon):
    answer = send(do="order", coupon="SAVE10", total="49.90")

    assert answer.status_code == 409
    assert "Quantities or coupon were changed, and with them the sum." in answer.text
    assert button(answer.text) == "Order and pay ₪44.91"
    assert not Order.objects.exists()
    assert send(do="order").status_code == 303
    assert Order.objects.get().discount == Decimal("4.99")


def test_the_button_of_the_answer_orders_for_the_sum_that_a_typed_code_made(client, path, send, coupon):
    shown = send(do="order", coupon="SAVE10")

    again = client.post(path, form_of(shown.text) | {"do": "order"})

    assert (again.status_code, Order.objects.get().discount) == (303, Decimal("4.99"))


def test_codes_are_tried_ten_times_an_hour(send, coupon):
    answers = [send(do="coupon", coupon=f"WRONG{n}") for n in range(11)]

    assert [answer.status_code for answer in answers] == [409] * 10 + [429]
