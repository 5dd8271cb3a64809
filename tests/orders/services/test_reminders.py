"""Reminding shoppers of carts that they left."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from carts.models import Cart
from catalog.search.index import reindex
from offers.models import Merchant
from orders.models import CartReminder
from orders.services import reminders
from outbox.models import Message
from outbox.sending import send
from tests.orders.ordering import ready

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def reminding(store):
    ready(store, remind_after=24)


@pytest.fixture
def ask(client, path, reminding):
    """Send the form that asks for a reminder."""

    def ask(email="dana@example.com", **fields):
        return client.post(path, {"do": "remind", "remind_email": email, "remind": "on"} | fields)

    return ask


def wait(time=DAY + timedelta(minutes=1)):
    """Let the cart and the wish be so old."""
    CartReminder.objects.update(asked_at=timezone.now() - time)
    Cart.objects.update(updated_at=timezone.now() - time)


def mails():
    return Message.objects.filter(kind="cart.reminder").order_by("id")


def test_the_box_is_there_and_not_ticked_only_where_the_store_reminds(client, path, reminding):
    box = re.search(r'<input type="checkbox" name="remind"[^>]*>', client.get(path).text)

    assert "checked" not in box[0]
    Merchant.objects.update(remind_after=None)
    assert 'name="remind"' not in client.get(path).text


def test_who_asked_is_reminded_once_and_the_address_is_kept_no_longer(ask, client):
    assert "You get one mail if you leave this cart." in ask().text
    assert reminders.send_due() == 0
    wait()

    assert [reminders.send_due(), reminders.send_due()] == [1, 0]

    mail = mails().get()
    assert mail.destination == "dana@example.com"
    assert "2 × Honey" in mail.payload["text"]
    page = re.search(r"https?://\S+/c/\S+", mail.payload["text"])[0]
    assert "Your cart" in client.get(urlsplit(page).path).text
    assert (CartReminder.objects.get().email, CartReminder.objects.get().sent_at is None) == ("", False)
    ask("again@example.com")
    wait()
    assert reminders.send_due() == 0


@pytest.mark.parametrize(
    ("email", "fields", "told"),
    [("dana@example.com", {"remind": ""}, "Tick the box"), ("dana@", {}, "This is no e-mail address.")],
)
def test_without_the_tick_or_an_address_nothing_is_kept(ask, email, fields, told):
    answer = ask(email, **fields)

    assert answer.status_code == 422
    assert told in answer.text
    assert f'value="{email}"' in answer.text
    assert not CartReminder.objects.exists()


@pytest.mark.parametrize("why", ["off", "paused", "ordered", "left", "emptied", "changed", "sold out"])
def test_nobody_is_reminded_of_a_cart_that_is_none_to_be_reminded_of(ask, why, store, honey, tea, call_tool):
    ask()
    wait()
    if why == "off":
        Merchant.objects.update(remind_after=None)
    if why == "paused":
        type(store).objects.update(paused="we are away.")
    if why == "ordered":
        Cart.objects.update(ordered_at=timezone.now())
    if why == "left":
        Cart.objects.update(left_at=timezone.now())
    if why == "emptied":
        call_tool("clear_cart")
        wait()
    if why == "changed":
        call_tool("add_to_cart", product_id="shop:honey")
    if why == "sold out":
        type(honey).versions.update(available=False)
        reindex(type(honey).versions.values_list("identity_id", flat=True))

    assert reminders.send_due() == 0
    assert not mails().exists()


def test_the_mail_can_be_ended_by_one_request_of_the_mail_program(ask, client, settings, mailoutbox):
    settings.DEFAULT_FROM_EMAIL = "shop@example.com"
    ask()
    wait()
    reminders.send_due()
    send(mails().get())
    headers = mailoutbox[0].extra_headers
    page = urlsplit(headers["List-Unsubscribe"].strip("<>")).path
    CartReminder.objects.update(sent_at=None, email="dana@example.com")

    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "Shall this address get no more reminders" in client.get(page).text
    assert CartReminder.objects.get().ended_at is None
    answer = client.post(page, {"List-Unsubscribe": "One-Click"})
    assert "You get no more reminders." in answer.text
    assert (CartReminder.objects.get().email, CartReminder.objects.get().ended_at is None) == ("", False)


@pytest.mark.parametrize("token", ["r_aaaaaaaaaaaaaaaa.x", "x", "r_aaaaaaaaaaaaaaaa", "%00.%00", "א.א"])
def test_a_forged_end_ends_nothing(ask, client, token):
    ask()

    assert client.post(f"/c/reminders/{token}").status_code == 404
    assert CartReminder.objects.get().ended_at is None


def test_an_address_is_reminded_of_three_carts_a_day_at_most(ask):
    for n in range(3):
        ask(f"dana+{n}@example.com")

    assert ask("Dana@example.com").status_code == 429


def test_clean_up_deletes_addresses_of_carts_that_were_ordered_and_old_wishes(ask):
    ask()
    Cart.objects.update(ordered_at=timezone.now())

    reminders.clean_up()
    assert CartReminder.objects.get().email == ""
    CartReminder.objects.update(asked_at=timezone.now() - reminders.KEPT - DAY)
    reminders.clean_up()
    assert not CartReminder.objects.exists()
