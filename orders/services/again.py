"""The orders of one conversation."""

from django.utils.translation import gettext

from orders.models import Order
from orders.numbers import read_number
from shopmcp.errors import NotFound


def order_of_session(session: int, number: str) -> Order:
    """Return an order of this conversation by the number that people wrote, with its store.

    Raises:
        NotFound: If it has none such; another conversation's order is as unknown as none.
    """
    found = Order.objects.of_session(session).select_related("store").filter(number=read_number(number) or "").first()
    if found is None:
        raise NotFound(
            gettext("This conversation has no order with that number."),
            fix=gettext("Call list_orders: it names this conversation's orders."),
        )
    return found
