"""Links to the one cart, which a chat holds that may not see it any more."""

import pytest
from django.db import transaction

from accounts.ending import close_chats
from accounts.services import people
from carts.models import Cart, Session
from carts.sources import ACCOUNT
from orders.handoff import switching
from orders.handoff.access import end_access, unlink
from tests.carts.answers import quantities

HONEY = "shop:honey"


def unlinked(dana):
    unlink(Session.objects.chats().get(person=dana).public_id, dana)


def programs_ended(dana):
    Session.objects.chats().update(linked_by=1)
    close_chats(dana, 1)


def deleted(dana):
    with transaction.atomic():
        people.delete(dana)


@pytest.mark.parametrize("end", [unlinked, end_access, programs_ended, deleted])
def test_a_link_that_a_chat_got_opens_the_one_cart_no_more(end, dana, honey, call_tool, client):
    call_tool("add_to_cart", session="a", product_id=HONEY)
    Session.objects.update(person=dana, sees_person=True)
    switching.switch_on(dana)
    call_tool("add_to_cart", session="a", product_id=HONEY, quantity=5)
    url = call_tool("get_checkout_link", session="a").structured_content["url"].partition("8000")[2]
    assert "Honey" in client.get(url).text

    end(dana)

    assert "Honey" not in client.get(url).text
    assert quantities(call_tool("view_cart", session="a")) == {HONEY: 1}


def test_a_link_shows_another_account_no_order_of_the_one_cart(dana, ruth, honey, call_tool, order):
    call_tool("add_to_cart", session="a", product_id=HONEY)
    Session.objects.update(person=dana, sees_person=True)
    switching.switch_on(dana)
    call_tool("add_to_cart", session="a", product_id=HONEY)
    mine = order(Cart.objects.get(session__source=ACCOUNT))
    call_tool("add_to_cart", session="a", product_id=HONEY)
    url = call_tool("get_checkout_link", session="a").structured_content["url"]

    page = ruth.browser.get(f"/my/keep/{url.rpartition('/')[2]}/")

    assert page.status_code == 200
    assert mine.shown_number not in page.text
