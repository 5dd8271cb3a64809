"""A buyer with orders, and what the shop holds of them."""

import pytest

from orders.models import Order, OrderEvent
from orders.services.states import Who, advance

OWNER = Who(Order.Actor.OWNER, "noa")


@pytest.fixture
def buy(order, fill, honey):
    """Order something as a person; `done` completes it."""
    made = iter(range(100))

    def buy(*, done=True, **changes):
        chat = f"chat-{next(made)}"
        placed = order(fill(chat, honey=1), key=chat, **changes)
        return advance(placed.number, Order.State.COMPLETED, OWNER) if done else placed

    return buy


def rows():
    """All that orders hold, to compare."""
    return [list(model.objects.order_by("pk").values()) for model in (Order, OrderEvent)]


def typed(order):
    """What the order holds of its buyer."""
    order.refresh_from_db()
    names = ("name", "phone", "email", "note", "street", "street_more", "city", "postal_code")
    keys = ("name_key", "surname_key", "phone_key", "email_key")
    return "".join(getattr(order, name) for name in names + keys)
