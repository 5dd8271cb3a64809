"""Links that are ended while somebody else asks for one: whoever comes later finds an end, and makes no new link."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from carts.models import Cart, Session
from catalog.models import Store
from catalog.services.products import create_product
from orders.handoff.links import end_links_of, token_of
from orders.models import CartReminder, CheckoutLink
from orders.services import reminders
from tests.beside import beside
from tests.orders.ordering import ready

__all__ = ["beside"]


@pytest.fixture
def begun(shared_database):
    """A cart that a browser began by a permalink."""
    store = Store.objects.create(slug="shop", name="The Shop", currency="ILS")
    create_product(store, sku="honey", name="Honey", price="20")
    ready(store, remind_after=24)
    browser = Client()
    browser.post("/c/new?items=shop:honey:1", {"do": "save"})
    return browser


def close():
    """Order the cart, as far as links see it."""
    list(Session.objects.select_for_update().values_list("pk"))
    end_links_of(Session.objects.get())
    Cart.objects.update(ordered_at=timezone.now())


def test_a_cart_that_is_closed_gets_no_link_from_its_browser(begun, beside):
    answers = []

    beside(close, lambda: answers.append(begun.get("/c/mine").status_code))

    assert answers == [404]
    assert not CheckoutLink.objects.open().exists()


def test_a_cart_that_is_closed_gets_no_link_from_a_reminder(begun, beside):
    begun.post(
        f"/c/{token_of(CheckoutLink.objects.get())}", {"do": "remind", "remind_email": "d@e.com", "remind": "on"}
    )
    past = timezone.now() - timedelta(days=2)
    CartReminder.objects.update(asked_at=past)
    Cart.objects.update(updated_at=past)
    sent = []

    beside(close, lambda: sent.append(reminders.send_due()))

    assert sent == [0]
    assert not CheckoutLink.objects.open().exists()
