"""Which tokens open a cart, and what every other gets."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from carts.models import Cart, Session
from orders.handoff.links import token_of
from orders.models import CheckoutLink
from tests.orders.pages import links

SAYS = "This link opens no cart."


def forged(path):
    return path[:-1] + ("b" if path[-1] != "b" else "c")


def expire():
    links().update(expires_at=timezone.now() - timedelta(seconds=1))


def revoke():
    links().update(revoked_at=timezone.now())


def lose():
    Session.objects.all().delete()


@pytest.mark.parametrize("spoil", [expire, revoke, lose], ids=["expired", "revoked", "deleted"])
def test_a_link_that_opened_once_and_one_that_never_was_look_the_same(client, path, spoil):
    assert client.get(path).status_code == 200
    spoil()

    answers = [client.get(p) for p in (path, forged(path), "/c/short", f"/c/{'a' * 42}", "/c/%00", "/c/א", "/c/a%0Ab")]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert SAYS in answers[0].text
    assert "Ask the chat for a new link." in answers[0].text


@pytest.mark.parametrize("spoil", [forged, lambda path: path], ids=["forged", "expired"])
def test_what_opens_nothing_takes_the_same_queries(client, path, spoil, django_assert_num_queries):
    expire()
    with django_assert_num_queries(1):
        client.get(spoil(path))


def test_a_link_of_another_cart_s_row_does_not_open_it(client, path, call_tool, honey):
    call_tool("add_to_cart", session="other", product_id="shop:honey")
    call_tool("get_checkout_link", session="other")
    mine, other = links()

    mixed = token_of(mine)[:16] + token_of(other)[16:]

    assert client.get(f"/c/{mixed}").status_code == 404


def test_a_change_of_the_secret_key_keeps_links_that_the_old_one_made(client, path, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key that is long enough: 0123456789 0123456789"
    assert client.get(path).status_code == 200

    settings.SECRET_KEY_FALLBACKS = []

    assert client.get(path).status_code == 404


def test_the_first_opening_is_noted(client, path):
    assert links().get().opened_at is None
    client.get(path)
    first = links().get().opened_at
    client.get(path)

    assert links().get().opened_at == first is not None


def test_the_shopper_ends_every_link_to_the_cart_from_a_page_to_buy(client, path, view_path):
    answer = client.post(path, {"do": "end"})

    assert "It opens the cart for nobody any more." in answer.text
    assert client.get(path).status_code == client.get(view_path).status_code == 404
    assert Cart.objects.get().item_count == 3


def test_a_page_to_look_ends_only_links_to_look(client, path, view_path):
    client.post(view_path, {"do": "end"})

    assert client.get(view_path).status_code == 404
    assert client.get(path).status_code == 200


def test_cleanup_forgets_links_that_expired_a_week_ago(client, path, view_path):
    CheckoutLink.objects.filter(scope="view").update(expires_at=timezone.now() - timedelta(days=8))

    call_command("cleanup_sessions")

    assert links().get().scope == "buy"
