"""The orders that a chat may see: its own, and all of the person to whom it belongs."""

from django.db.models import Q
from django.utils.translation import gettext

from orders.models import Order, OrderQuerySet
from orders.numbers import read_number
from shopmcp.errors import NotFound


def orders_of_chat(session: int | None, person: int | None) -> OrderQuerySet:
    """Return the orders of a conversation, with those of its person from every chat and the web.

    Args:
        session: The key of the conversation's session; None if it has none.
        person: As `carts.people` decides it; None for nobody.
    """
    mine = Q(session=session or 0)
    return Order.objects.filter(mine) if person is None else Order.objects.of_person(person, or_else=mine)


def order_of_chat(session: int | None, person: int | None, number: str) -> Order:
    """Return one of these orders by the number that people wrote, with its store.

    Raises:
        NotFound: If there is none such; another's order is as unknown as none.
    """
    rows = orders_of_chat(session, person).select_related("store")
    if (found := rows.filter(number=read_number(number) or "").first()) is None:
        raise NotFound(
            gettext("This conversation has no order with that number."),
            fix=gettext("Call list_orders: it names this conversation's orders."),
        )
    return found
