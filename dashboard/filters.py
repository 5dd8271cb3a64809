"""The filter of a list of sessions, where owners use the words that the pages show."""

from dataclasses import replace

from carts.browse import SessionFilter
from dashboard.forms import SessionFilterForm
from dashboard.texts import client_pattern
from orders.models import Order
from orders.numbers import read_number


def filter_of(form: SessionFilterForm) -> SessionFilter:
    """Return the filter of a validated form, where a client may have the name that pages show.

    The search may be such a name too, or the number of an order; one query if it looks like that.
    """
    asked = form.asked
    if pattern := client_pattern(asked.client):
        asked = replace(asked, client="", client_pattern=pattern)
    if pattern := client_pattern(asked.search):
        return replace(asked, search="", client_pattern=pattern)
    if (number := read_number(asked.search)) is not None:
        session = Order.objects.filter(number=number).values_list("session__public_id", flat=True).first()
        return replace(asked, search=session or asked.search)
    return asked
