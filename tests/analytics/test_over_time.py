"""The course of a range of days, beside the days before."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from analytics.breakdown import clients, known_clients, stores
from analytics.counts import at_one_moment
from analytics.over_time import over_time
from analytics.reports import summary
from analytics.services import catch_up
from carts.models import Cart
from orders.models import Order


@pytest.fixture(autouse=True)
def jerusalem():
    with timezone.override("Asia/Jerusalem"):
        yield


@pytest.fixture
def visit(make_session, make_call):
    def make(n, at, **fields):
        session = make_session(n, created_at=at, last_seen_at=at, **fields)
        make_call(session, at=at)
        return session

    return make


def course(since, until, **asked):
    return at_one_moment(lambda waiting: over_time(waiting, since, until, **asked))


def noon(days_ago):
    return timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=days_ago)


@pytest.fixture
def order(honey):
    def place(session, at, total, **more):
        cart = Cart.objects.create(public_id=f"c_{session.pk}", session=session, currency="ILS", store=honey.store)
        sums = dict.fromkeys(("goods", "total", "first_total"), total)
        of = {"cart": cart, "session": session, "store": honey.store, "request_key": str(session.pk)}
        return Order.objects.create(number=f"N{session.pk}", currency="ILS", placed_at=at, **of, **sums, **more)

    return place


@pytest.mark.parametrize("counted", [False, True])
def test_each_day_stands_beside_the_same_day_of_the_time_before(visit, order, counted):
    for n, days_ago in enumerate([1, 1, 2, 4, 5, 5, 5, 7]):
        visit(n, noon(days_ago))
    order(visit(20, noon(1)), noon(1), 30)
    order(visit(21, noon(4)), noon(4), 12)
    order(visit(22, noon(4)), noon(4), 99, state="cancelled")
    if counted:
        catch_up()
    today = timezone.localdate()
    found = course(today - timedelta(days=3), today - timedelta(days=1))

    assert [timezone.localtime(start).hour for start in found.starts] == [0, 0, 0]
    (sessions,) = found.of("sessions")
    assert ([*sessions.now], [*sessions.before]) == ([0, 1, 3], [0, 3, 3])
    (orders,), (revenue,) = found.of("orders"), found.of("revenue")
    assert ([*orders.now], [*orders.before]) == ([0, 0, 1], [0, 0, 1])
    assert (revenue.currency, revenue.total, revenue.total_before) == ("ILS", 30, 12)
    assert summary(found.first, found.end).sessions == sessions.total


def test_an_unfinished_day_is_compared_with_as_many_hours_of_the_day_before(visit, monkeypatch):
    now = noon(0)
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    for n, hours_ago in enumerate([1, 23, 25, 26]):
        visit(n, now - timedelta(hours=hours_ago))
    (sessions,) = course(now.date(), now.date()).of("sessions")

    assert (len(sessions.now), sessions.total, sessions.total_before) == (24, 1, 2)


@pytest.mark.parametrize("days", [1, 2, 31, 32, 365, 4000])
def test_a_range_of_any_length_has_few_parts_and_counts_each_session_once(visit, days):
    until = timezone.localdate() - timedelta(days=1)
    visit(0, noon(1))
    found = course(until - timedelta(days=days - 1), until)

    assert 1 < len(found.starts) <= 31 or (days == 1 and len(found.starts) in (23, 24, 25))
    assert found.of("sessions")[0].total == 1


def test_the_first_days_of_the_calendar_have_none_before(db):
    first = datetime(1, 1, 1).date()
    found = course(first, timezone.localdate())

    assert all(not series.total_before for series in found.series)


def test_clients_and_stores_are_told_apart_and_add_up(visit, order, honey):
    for n, client in enumerate(["codex", "codex", "", "openai-mcp"]):
        order(visit(n, noon(1), client=client), noon(1), 10)
    visit(9, noon(8), client="codex")
    today = timezone.localdate()

    def read(waiting):
        found = over_time(waiting, today - timedelta(days=6), today)
        return found, clients(waiting, found, known_clients(waiting, found))

    found, rows = at_one_moment(read)

    assert [(row.client, row.sessions, row.before, row.orders) for row in rows] == [
        ("codex", 2, 1, 2),
        ("", 1, 0, 1),
        ("openai-mcp", 1, 0, 1),
    ]
    assert [(row.slug, row.orders, row.revenue, row.orders_before) for row in stores(found, "")] == [
        (honey.store.slug, 4, 40, 0)
    ]
    assert stores(found, "codex")[0].orders == 2
