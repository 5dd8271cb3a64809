"""Keeping a chat with an account, from the page of its cart."""

import pytest
from django.test import Client

from carts.models import Cart, Session
from carts.services import linking
from orders.links import token_of
from tests.carts.answers import text
from tests.my.linking import links, of_chat
from tests.my.signing_in import code_to


def test_the_page_of_a_cart_leads_there_by_signing_in(client, mail, path, keep_path):
    assert f'href="{keep_path}"' in client.get(path).text

    answer = client.get(keep_path)
    answer = client.post(answer["Location"], {"email": "dana@example.com", "next": keep_path})
    answer = client.post(answer["Location"], {"code": code_to("dana@example.com")})

    assert answer["Location"] == keep_path


def test_without_mail_nothing_is_offered(client, path):
    assert "/my/keep/" not in client.get(path).text


def test_looking_asks_and_shows_what_will_be_kept_and_keeps_nothing(client, dana, keep_path):
    page = client.get(keep_path).text

    assert "2 × <bdi>Honey</bdi>" in page
    assert "dana@example.com" in page
    assert "it may be their cart and not yours" in page
    assert links() == [(None, False)]


def test_the_account_then_sees_cart_and_orders_and_the_chat_nothing(client, dana, keep_path, call_tool, order, full):
    other = order(Cart.objects.get())
    call_tool("add_to_cart", product_id="shop:tea")

    assert client.post(keep_path)["Location"] == "/my/"

    page = client.get("/my/").text
    assert links() == [(dana.pk, False)]
    assert other.shown_number in page
    assert "Open the cart" in page
    assert "it sees nothing of you" in page
    order_elsewhere = call_tool("add_to_cart", session="chat-2", product_id="shop:honey")
    assert not order_elsewhere.is_error
    Session.objects.filter(pk=of_chat("chat-2").pk).update(person=dana, sees_person=True)
    mine = order(Cart.objects.get(session=of_chat("chat-2")), key="key-2")
    assert mine.shown_number not in text(call_tool("list_orders"))
    assert call_tool("resume_cart", code=mine.shown_number).is_error


def test_the_chat_is_told_once_that_it_is_kept(client, dana, keep_path, call_tool):
    client.post(keep_path)

    assert "keeps it with their account" in text(call_tool("view_cart"))
    assert "keeps it with their account" not in text(call_tool("view_cart"))


def test_keeping_needs_a_csrf_token_and_a_post(dana, keep_path, client):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies

    assert strict.post(keep_path).status_code == 403
    assert links() == [(None, False)]
    page = strict.get(keep_path)
    assert page["X-Frame-Options"] == "DENY"


def test_a_link_to_look_keeps_nothing(client, dana, view_path):
    path = view_path.replace("/c/", "/my/keep/") + "/"

    assert client.get(path).status_code == client.post(path).status_code == 400
    assert links() == [(None, False)]
    assert "/my/keep/" not in client.get(view_path).text


def test_the_page_of_an_order_keeps_nothing(client, dana, order, full):
    token = token_of(order(Cart.objects.get()).number, full=True)

    assert client.post(f"/my/keep/{token}/").status_code == 404
    assert links() == [(None, False)]


@pytest.mark.parametrize("token", ["x", "a" * 42])
def test_a_made_up_link_keeps_nothing(client, dana, full, token):
    assert client.post(f"/my/keep/{token}/").status_code == 404
    assert links() == [(None, False)]


def test_who_is_not_signed_in_keeps_nothing(client, mail, keep_path):
    assert client.post(keep_path).status_code == 303
    assert links() == [(None, False)]


def test_a_chat_is_kept_with_one_account(client, dana, ruth, keep_path):
    client.post(keep_path)

    answer = ruth.browser.post(keep_path)

    assert answer.status_code == 409
    assert "linked to another account" in answer.text
    assert links() == [(dana.pk, False)]
    assert "Open the cart" not in ruth.browser.get("/my/").text


def test_ending_a_link_to_buy_ends_keeping_by_it(client, ruth, path):
    linking.keep(of_chat().public_id, ruth)

    page = client.post(path, {"do": "end"}, headers={"accept-language": "en"})

    assert "Whoever had the link is shut out" in page.text
    assert links() == [(None, False)]


def test_ending_a_link_leaves_a_proved_chat_alone(client, ruth, path):
    Session.objects.update(person=ruth, sees_person=True)

    client.post(path, {"do": "end"})

    assert links() == [(ruth.pk, True)]


def test_ending_a_link_to_look_leaves_keeping_alone(client, ruth, view_path):
    linking.keep(of_chat().public_id, ruth)

    assert "shut out" not in client.post(view_path, {"do": "end"}, headers={"accept-language": "en"}).text
    assert links() == [(ruth.pk, False)]
