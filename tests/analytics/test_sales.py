"""What was ordered, in the numbers."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from analytics.leaving_out import leave_out
from analytics.reports import summary
from carts.models import CallRecord, Session
from orders.models import Order
from orders.services.states import Who, cancel
from shopmcp.errors import Kept
from tests.carts.shop import honey, make_product, store, tea
from tests.orders.ordering import courier, details, fill, order, pickup, to_haifa

__all__ = ["courier", "details", "fill", "honey", "make_product", "order", "pickup", "store", "tea", "to_haifa"]
HOUR = timedelta(hours=1)


@pytest.fixture
def chats(honey, fill, order):
    """Four chats that filled a cart two hours ago; two of them ordered it."""
    made = [fill(f"chat-{n}", honey=n + 1) for n in range(4)]
    placed = [order(cart, key=str(n)) for n, cart in enumerate(made[:2])]
    then = timezone.now() - 2 * HOUR
    Session.objects.update(created_at=then, last_seen_at=then, client="chat")
    CallRecord.objects.all().delete()
    for session in Session.objects.all():
        CallRecord.objects.create(
            session=session, at=then, tool="add_to_cart", outcome="ok", milliseconds=1, client="chat",
            source="openai/session",
        )  # fmt: skip
    return placed


def numbers(**options):
    return summary(timezone.now() - timedelta(days=1), timezone.now() + HOUR, **options)


def test_conversion_and_revenue_are_those_of_orders(chats):
    found = numbers()

    assert (found.sessions, found.conversion, found.orders) == (4, 0.5, 2)
    assert [(sum.currency, sum.orders, Decimal(sum.amount)) for sum in found.revenue] == [("ILS", 2, 60)]
    assert numbers(client="another").orders == 0


def test_a_cart_that_was_ordered_is_not_abandoned(chats):
    found = numbers()

    assert (found.filled, found.abandoned, found.abandonment) == (4, 2, 0.5)


def test_cancelled_orders_and_test_orders_count_in_no_number(chats):
    cancel(chats[0].number, Who(Order.Actor.OWNER), "why")
    Order.objects.filter(pk=chats[1].pk).update(is_test=True)

    found = numbers()

    assert (found.orders, found.revenue, found.conversion) == (0, [], 0)


def test_a_conversation_with_an_order_is_no_test(chats):
    before = numbers()

    with pytest.raises(Kept):
        leave_out(chats[0].session)

    assert numbers() == before
    assert Session.objects.real().count() == 4
