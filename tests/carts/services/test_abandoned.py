"""The shop's systems are told of a cart that was left without an order."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from carts.models import Cart, Session
from carts.services.abandoned import AbandonedCarts
from outbox.models import Message
from outbox.services.endpoints import make_endpoint

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def endpoint():
    return make_endpoint("https://crm.example.com/", ["cart.abandoned"])


@pytest.fixture
def left(call_tool, honey):
    """A cart whose chat was heard last a minute longer ago than a cart may be quiet."""
    call_tool("add_to_cart", product_id="shop:honey")
    Session.objects.update(last_seen_at=timezone.now() - settings.SHOPMCP_ABANDONED_AFTER - timedelta(minutes=1))
    return Cart.objects.get()


def test_a_cart_that_was_left_is_told_once_whoever_looks(left):
    assert AbandonedCarts().look() == 1
    AbandonedCarts().look()

    data = Message.objects.get().payload
    assert (data["cart"], data["session"], data["items"]) == (left.public_id, left.session.public_id, 1)


def test_a_server_looks_at_what_is_new_since_its_last_look(left):
    carts = AbandonedCarts()

    assert [carts.look(), carts.look()] == [1, 0]


def test_a_cart_that_changed_and_was_left_again_is_told_again(left):
    AbandonedCarts().look()
    Cart.objects.update(version=left.version + 1)
    AbandonedCarts().look()

    assert Message.objects.count() == 2


@pytest.mark.parametrize("change", [{"ordered_at": timezone.now()}, {"item_count": 0}])
def test_an_ordered_or_an_empty_cart_is_not_told(left, change):
    Cart.objects.update(**change)

    assert AbandonedCarts().look() == 0
    assert not Message.objects.exists()


def test_a_cart_in_use_and_one_of_an_isolation_check_are_not_told(left):
    Session.objects.update(is_check=True)
    assert AbandonedCarts().look() == 0
    Session.objects.update(is_check=False, last_seen_at=timezone.now())
    assert AbandonedCarts().look() == 0


def test_while_nobody_asks_one_query_is_made(left, endpoint, django_assert_num_queries):
    endpoint.delete()

    with django_assert_num_queries(1):
        assert AbandonedCarts().look() == 0
