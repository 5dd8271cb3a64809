"""The page of an order."""

import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils.timezone import get_current_timezone_name

from orders.links import link_of, token_of
from orders.models import Order, OrderState
from orders.services.states import Who, advance
from orders.views.orders import remember_order
from outbox.models import Message

OWNER = Who(Order.Actor.OWNER, "owner")


def path(order, *, full):
    return urlsplit(link_of(order.number, full=full)).path


@pytest.fixture
def placed(honey, fill, order, to_haifa):
    typed = {name: getattr(to_haifa, name) for name in to_haifa.__slots__}
    return order(fill(honey=2), **typed | {"note": "ring <b>twice</b>"})


@pytest.fixture
def full(placed):
    return path(placed, full=True)


PEOPLE = ("Dana Levi", "050-2345678", "Dana@Example.com", "12 Herzl St", "Haifa", "ring")


def test_the_link_of_a_chat_shows_state_lines_and_sum_only(placed, client):
    page = client.get(path(placed, full=False))

    assert page.status_code == 200
    for shown in (placed.shown_number, "placed", "Honey", "65.00"):
        assert shown in page.text
    for hidden in (*PEOPLE, token_of(placed.number, full=True), placed.session.public_id):
        assert hidden not in page.text
    assert "Cancel the order" not in page.text


def test_the_mailed_link_shows_the_buyers_details_as_text(placed, full, client):
    page = client.get(full)

    for shown in PEOPLE:
        assert shown in page.text
    assert "ring &lt;b&gt;twice" in page.text


def test_the_browser_that_placed_it_sees_the_details_and_another_does_not(placed, client, rf):
    from django.http import HttpResponse

    response = HttpResponse()
    remember_order(rf.get("/"), response, placed)
    client.cookies = response.cookies

    assert "Dana Levi" in client.get(path(placed, full=False)).text
    assert "Dana Levi" not in Client().get(path(placed, full=False)).text


def test_a_cookie_that_was_written_by_hand_shows_nothing(placed, client):
    client.cookies["orders"] = placed.number

    assert "Dana Levi" not in client.get(path(placed, full=False)).text


@pytest.mark.parametrize("forged", ["x", "K7M29QXFM.abc", "%00", "א" * 50, "a" * 5000])
def test_a_forged_address_opens_nothing_and_says_so(forged, placed, client):
    page = client.get(f"/orders/{forged}")

    assert page.status_code == 404
    assert "opens no order" in page.text


def test_a_short_link_does_not_open_more_by_another_number(placed, client):
    _, mac = token_of(placed.number, full=False).split(".")

    assert client.get(f"/orders/{token_of('K7M29QXFM', full=True)}").status_code == 404
    assert client.get(f"/orders/K7M29QXFM.{mac}").status_code == 404


def test_the_page_is_for_nobody_else(placed, full, client):
    page = client.get(full)

    assert page["Referrer-Policy"] == "no-referrer"
    assert "noindex" in page["X-Robots-Tag"]
    assert "no-store" in page["Cache-Control"]


def test_what_the_buyer_wrote_to_the_shop_is_told_to_no_other_holder_and_to_no_chat(placed, full, client, call_tool):
    client.post(full, {"do": "cancel", "reason": "Dana moved to Akko"})

    assert "Dana moved" in client.get(full).text
    assert "Dana moved" not in Client().get(path(placed, full=False)).text
    told = str(call_tool("view_cart"))
    assert "cancelled" in told
    assert "Dana moved" not in told


def test_an_order_is_cancelled_in_two_steps_with_a_dated_receipt(placed, full, client):
    asked = client.get(f"{full}?step=cancel").text
    assert "Cancel this order for good?" in asked
    assert Order.objects.get().state == "placed"

    answer = client.post(full, {"do": "cancel", "reason": "too much"})

    assert (answer.status_code, answer["Location"]) == (303, full)
    page = client.get(full).text
    assert "You have cancelled this order." in page
    assert f"Received on {Order.objects.get().changed_at:%Y-%m-%d}" in page
    assert Order.objects.get().cancel_reason == "too much"


def test_what_the_shop_works_on_can_be_withdrawn_from(placed, full, client):
    advance(placed.number, OrderState.CONFIRMED, OWNER)

    assert "step=cancel" not in client.get(full).text
    assert "I withdraw from the purchase" in client.get(f"{full}?step=withdraw").text
    refused = client.post(full, {"do": "cancel"})
    assert refused.status_code == 409
    assert "already working" in refused.text
    client.post(full, {"do": "withdraw"})
    assert "You have withdrawn" in client.get(full).text
    assert Order.objects.get().state == "confirmed"


@pytest.mark.parametrize("wish", ["cancel", "withdraw"])
def test_the_link_of_a_chat_cancels_nothing(wish, placed, client):
    client.post(path(placed, full=False), {"do": wish})

    found = Order.objects.get()
    assert (found.state, found.withdrawn_at) == ("placed", None)


def test_another_site_cancels_nothing(placed, full, client):
    assert client.post(full, {"do": "cancel"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403

    assert Order.objects.get().state == "placed"


def test_the_page_is_in_the_shoppers_language(placed, full, client):
    Order.objects.update(language="he")

    page = client.get(full).text
    assert 'lang="he" dir="rtl"' in page
    assert "ביטול ההזמנה" in page


def test_times_are_those_of_the_store_on_the_page_and_in_the_receipt(placed, full, client, store):
    store.time_zone = "Asia/Jerusalem"
    store.save()
    Order.objects.filter(pk=placed.pk).update(placed_at=datetime(2026, 11, 27, 22, 8, tzinfo=UTC))

    client.post(full, {"do": "withdraw"})
    page = client.get(full).text

    assert "Nov. 28, 2026, 00:08" in page
    assert re.search(r"Received on \d{4}-\d\d-\d\d \d\d:\d\d I[SD]T\.", page)
    receipt = Message.objects.get(kind="order.withdrawn", destination="Dana@Example.com")
    assert re.search(r"received on \d{4}-\d\d-\d\d \d\d:\d\d I[SD]T", receipt.payload["text"])
    assert get_current_timezone_name() == "UTC"
