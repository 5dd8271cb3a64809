"""Orders whose payment is authorised first, by the tests' own gateway."""

from decimal import Decimal

import pytest
from django.utils import timezone

from offers.models import Merchant
from orders.models import Capture, OnlinePayment, Order
from orders.services.online import start_payment
from orders.services.reconciling import reconcile
from orders.services.states import Who
from outbox.models import Message
from tests.orders.online import found
from tests.orders.stripe import gateway, gateway_process, tell

__all__ = ["gateway", "gateway_process", "tell"]
OWNER = Who(Order.Actor.OWNER, "rina")
SUM = Decimal("19.80")
HELD = "payment_intent.amount_capturable_updated"
DONE = "checkout.session.completed"


@pytest.fixture
def begun(gateway, make_product, fill, order, store, details):
    """An order of two teas, 19.80, whose buyer is on the page of a payment that is authorised first."""
    store.orders_email = "owner@example.com"
    store.save()
    Merchant.objects.update(take_later=True)
    make_product("Tea", "9.90", stock=50)
    placed = order(fill(tea=2), payment="stripe")
    start_payment(placed.number)
    return placed


@pytest.fixture
def held(begun, gateway, tell):
    """The same order, its sum authorised."""
    gateway.pay(gateway.sessions[0]["id"])
    tell(HELD, intent(gateway), event="evt_held")
    return found(begun)


def intent(gateway, **changes):
    """The payment as an event tells it: of its charge the name alone."""
    return gateway.intents[0] | {"latest_charge": "ch_1"} | changes


def look_now():
    OnlinePayment.objects.update(next_look_at=timezone.now())
    Capture.objects.update(next_look_at=timezone.now())
    return reconcile()


def sums(order):
    order = found(order)
    return order.payment_state, order.authorised, order.paid


def mails(kind):
    return sorted(Message.objects.filter(kind=f"order.{kind}").values_list("destination", flat=True))
