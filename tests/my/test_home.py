import re
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from carts.models import CallRecord, Cart, Session
from catalog.models import Store
from orders.models import Order


@pytest.fixture
def fill_account(dana, fill, order, honey):
    """Give Dana this many chats, each with an order and an open cart."""

    def fill_account(count):
        for n in range(count):
            order(fill(f"chat-{n}"), key=f"key-{n}", email=f"dana{n}@example.com", phone=f"05022222{n:02}")
            fill(f"chat-{n}")
        Session.objects.update(person=dana, sees_person=True, linked_at=timezone.now())

    return fill_account


@pytest.mark.parametrize("count", [1, 6])
def test_the_number_of_queries_does_not_grow(client, fill_account, django_assert_num_queries, count):
    fill_account(count)

    with django_assert_num_queries(12):  # session, user, person, sessions, orders, lines, carts, chats, marks
        page = client.get("/my/").text

    assert page.count("Order again") == count
    assert page.count("Open the cart") == count
    assert page.count('value="unlink"') == count


def test_an_order_leads_to_its_page_and_to_the_same_again(client, fill_account):
    fill_account(1)
    mine = Order.objects.get()

    page = client.get("/my/").text

    assert f'href="/orders/{mine.number}.' in page
    assert 'href="/buy/shop:honey:1"' in page


def test_the_day_of_an_order_is_one_of_its_store(client, fill_account):
    fill_account(1)
    Store.objects.update(time_zone="Pacific/Auckland")
    Order.objects.update(placed_at=datetime(2026, 11, 26, 13, 30, tzinfo=UTC))

    assert "Nov. 27, 2026" in client.get("/my/").text


@pytest.mark.parametrize("proved", [True, False])
def test_chats_of_one_client_are_told_apart_by_their_carts_and_ones_own_searches(client, dana, fill, honey, proved):
    fill("chat-1")
    for words in (["sweet", "tooth"], ["later"]):
        CallRecord.objects.create(
            session=Session.objects.get(), at=timezone.now(), tool="search_products", outcome="ok", milliseconds=1,
            words=words, results=1,
        )  # fmt: skip
    Session.objects.update(person=dana, sees_person=proved)

    page = client.get("/my/").text

    assert page.count("<bdi>Honey</bdi>") == 2  # beside the cart and beside the chat
    assert ("sweet tooth" in page, "later" in page) == (proved, False)


def test_who_only_keeps_a_chat_gets_no_details_of_the_buyer(client, dana, fill, order, honey):
    theirs = order(fill())
    Session.objects.update(person=dana)

    page = client.get("/my/").text
    assert theirs.shown_number in page
    address = page.split('href="/orders/')[1].split('"')[0]
    assert "Dana Levi" not in client.get(f"/orders/{address}").text


def test_an_order_by_the_link_of_a_proved_chat_tells_its_account_no_details(client, dana, fill, order, honey):
    """Whoever orders may be somebody else, to whom the link was sent."""
    cart = fill()
    Session.objects.update(person=dana, sees_person=True)
    theirs = order(cart, email="other@example.com")

    page = client.get("/my/").text
    assert theirs.shown_number in page
    address = page.split('href="/orders/')[1].split('"')[0]
    assert "Dana Levi" not in client.get(f"/orders/{address}").text
    assert "other@example.com" not in client.post("/my/data/download/").text
    client.post("/my/data/", {"email": dana.email})
    theirs.refresh_from_db()
    assert (theirs.person, theirs.email) == (None, "other@example.com")


def test_an_order_of_the_account_shows_its_details(client, dana, fill, order, honey):
    mine = order(fill())
    Order.objects.update(person=dana)

    address = client.get("/my/").text.split('href="/orders/')[1].split('"')[0]

    assert "Dana Levi" in client.get(f"/orders/{address}").text
    assert mine.shown_number in client.get("/my/").text


def test_an_order_that_another_account_placed_in_a_kept_chat_is_theirs(client, dana, ruth, fill, order, honey):
    theirs = order(fill())
    Session.objects.update(person=dana)
    Order.objects.update(person=ruth)

    assert theirs.shown_number not in client.get("/my/").text
    assert theirs.shown_number in ruth.browser.get("/my/").text


def test_older_orders_come_page_by_page(client, fill_account, monkeypatch):
    fill_account(3)
    monkeypatch.setattr("my.views.home.MOST_ORDERS", 2)

    page = client.get("/my/").text
    assert page.count("Order again") == 2
    older = page.split("?before=")[1].split('"')[0]
    assert client.get(f"/my/?before={older}").text.count("Order again") == 1


def test_a_cart_opens_on_its_page(client, dana, fill, honey):
    fill()
    Session.objects.update(person=dana, client="openai-mcp")
    page = client.get("/my/").text
    assert "<bdi>ChatGPT</bdi>, today" in page

    answer = client.post("/my/", {"do": "open", "which": Cart.objects.get().public_id})

    assert "Honey" in client.get(answer["Location"]).text


def test_an_account_without_anything_says_so(client, dana):
    page = client.get("/my/").text

    assert "No orders yet." in page
    assert "No open carts." in page
    assert "No chat is linked." in page


@pytest.mark.parametrize("which", ["", "c_nothing", "x" * 500])
def test_a_cart_that_is_not_there_is_refused_in_words(client, dana, which):
    page = client.post("/my/", {"do": "open", "which": which})

    assert page.status_code == 409
    assert "not open any more" in page.text


@pytest.mark.parametrize("wish", ["code", "open", "unlink"])
def test_a_nul_in_a_form_names_nothing(client, fill_account, wish):
    fill_account(1)

    answer = client.post("/my/", {"do": wish, "which": "a\0b"})

    assert answer.status_code in (200, 302, 409)
    assert Session.objects.get().person_id is not None
    assert Cart.objects.count() == 2


def test_a_chat_says_when_it_was_used_last(client, dana, fill, honey):
    """The line is no sentence, and ends without a full stop."""
    fill()
    Session.objects.update(person=dana)

    page = client.get("/my/").text

    assert re.search(r"Last used: [^<]+\d\d:\d\d<", page)


def test_too_many_codes_are_refused_with_the_time_to_wait(client, dana):
    answers = [client.post("/my/", {"do": "code"}) for _ in range(21)]

    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert "Too many codes" in answers[-1].text
