"""What of an order is still to be paid, and what of it can be taken."""

from decimal import Decimal

import pytest

from orders.models import Order


def made(**fields):
    amounts = {"total": 40, "paid": 0, "refunded": 0, "authorised": 0} | fields
    return Order(**{name: Decimal(value) if isinstance(value, int) else value for name, value in amounts.items()})


@pytest.mark.no_database
@pytest.mark.parametrize(
    ("fields", "due", "to_take"),
    [
        ({}, 40, 0),
        ({"authorised": 40}, 0, 40),
        ({"authorised": 30}, 10, 30),
        ({"authorised": 50}, 0, 40),
        ({"authorised": 40, "paid": 10}, 0, 30),
        ({"authorised": 40, "paid": 40}, 0, 0),
        ({"authorised": 40, "state": "cancelled"}, 0, 0),
        ({"paid": 50}, -10, 0),
        ({"paid": 40, "state": "cancelled"}, -40, 0),
        # What the shop gave back for nothing in return is not to be paid again.
        ({"paid": 40, "refunded": 5}, 0, 0),
        ({"paid": 30, "refunded": 30, "payment_state": "refunded"}, 0, 0),
    ],
)
def test_what_is_due_is_beside_what_is_authorised(fields, due, to_take):
    order = made(**fields)

    assert (order.due, order.to_take, order.awaits_payment) == (due, to_take, due > 0)
    assert order.owed == max(-due, 0)
