"""Lists of orders, page by page."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orders.browse import OrderFilter, order_page
from orders.models import Order
from shopmcp.errors import InvalidArguments

NOW = timezone.now()


@pytest.fixture
def orders(honey, fill, order):
    """Five orders, a day apart, in different states; the newest last."""
    made = [order(fill(f"chat-{n}", honey=1), key=str(n), phone=f"050-11111{n:02d}", email="") for n in range(5)]
    for n, state in enumerate(["ready", "completed", "placed", "confirmed", "placed"]):
        Order.objects.filter(pk=made[n].pk).update(state=state, placed_at=NOW - timedelta(days=5 - n))
    return made


def pages(asked, limit):
    """The places of the orders of each page."""
    found, cursor = [], ""
    while True:
        page, cursor = order_page(asked, limit=limit, cursor=cursor)
        found.append([int(order.phone[-2:]) for order in page])
        if not cursor:
            return found


@pytest.mark.parametrize("limit", [1, 2, 3, 25])
@pytest.mark.parametrize(
    "asked, fits",
    [
        (OrderFilter(), [4, 3, 2, 1, 0]),
        (OrderFilter(state="placed"), [4, 2]),
        (OrderFilter(state="open"), [4, 3, 2, 0]),
        (OrderFilter(state="open", store="shop"), [4, 3, 2, 0]),
        (OrderFilter(state="open", store="none"), []),
        (OrderFilter(since=NOW - timedelta(days=4)), [4, 3, 2, 1]),
        (OrderFilter(until=NOW - timedelta(days=2)), [2, 1, 0]),
        (OrderFilter(state="open", until=NOW - timedelta(days=1)), [3, 2, 0]),
        (OrderFilter(search="Dana", by_people=True, until=NOW), [4, 3, 2, 1, 0]),
    ],
)
def test_each_order_that_fits_is_on_one_page_the_newest_first(orders, asked, fits, limit):
    assert pages(asked, limit) == [fits[n : n + limit] for n in range(0, max(len(fits), 1), limit)]


def test_a_cursor_of_a_list_with_days_is_none_of_one_without(orders):
    by_day = OrderFilter(until=NOW)
    _page, cursor = order_page(by_day, limit=1)

    with pytest.raises(InvalidArguments):
        order_page(OrderFilter(), limit=1, cursor=cursor)


@pytest.mark.parametrize("limit", [1, 25])
def test_open_orders_take_as_many_queries_for_any_number_of_them(orders, limit, django_assert_num_queries):
    with django_assert_num_queries(6):  # the keys of three states, orders, stores, lines
        order_page(OrderFilter(state="open"), limit=limit)
