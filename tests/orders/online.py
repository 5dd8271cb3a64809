"""Orders that are paid online, by the dummy or by a provider of the tests' own."""

from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Product
from orders.models import OnlinePayment, Order
from orders.services.online import start_payment
from outbox.models import Message


@pytest.fixture
def dummy(settings):
    """Let the dummy take payments of every store."""
    settings.SHOPMCP_PAYMENTS = ["dummy"]
    settings.DEBUG = True


@pytest.fixture
def awaiting(dummy, make_product, fill, order):
    """An order of two teas, 19.80, whose buyer has not paid; 3 teas are left."""
    make_product("Tea", "9.90", stock=5)
    return order(fill(tea=2), payment="dummy")


@pytest.fixture
def payment(awaiting):
    """The payment that its buyer was sent to."""
    start_payment(awaiting.number)
    return OnlinePayment.objects.select_related("order").get()


def found(order):
    return Order.objects.get(pk=order.pk)


def kinds(order):
    return list(order.events.order_by("id").values_list("kind", flat=True))


def told():
    """The messages of the outbox, each with where it goes."""
    return list(Message.objects.order_by("pk").values_list("kind", "destination"))


def stock():
    return Product.objects.get(sku="tea").stock


def hold_ends(order, ago=timedelta(seconds=1)):
    Order.objects.filter(pk=order.pk).update(hold_until=timezone.now() - ago)
