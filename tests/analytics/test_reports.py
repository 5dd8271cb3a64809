"""What the tallies say of a range."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from analytics.reports import summary
from analytics.services import catch_up, roll_up, uncounted
from carts.models import Cart, Session


def fill(session):
    Cart.objects.create(public_id=f"c_{session.pk}", session=session, currency="ILS", item_count=1)


def month(**asked):
    now = timezone.now()
    return summary(now - timedelta(days=29), now, **asked)


def test_durations_are_right_within_five_percent(make_session, make_call):
    for n in range(10):
        make_call(make_session(n, created_at=timezone.now() - timedelta(minutes=n + 1)))
    catch_up()

    assert month().median_duration == pytest.approx(300, rel=0.05)
    assert month().p90_duration == pytest.approx(540, rel=0.05)


def test_abandoned_and_lost_carts_are_those_that_are_quiet(make_session, make_call):
    for n, ago in enumerate([timedelta(minutes=29), timedelta(minutes=31), timedelta(days=1), timedelta(days=8)]):
        session = make_session(n, ago=ago)
        fill(session)
        make_call(session, ago=ago)
    catch_up()

    assert (month().filled, month().abandoned, month().lost) == (4, 3, 1)


@pytest.mark.parametrize("client", ["codex", "openai-mcp", "nobody"])
def test_a_filter_never_raises_a_number_and_the_parts_make_the_whole(make_session, make_call, client):
    for n, name in enumerate(["codex", "codex", "openai-mcp", ""]):
        session = make_session(n, client=name)
        fill(session)
        make_call(session, tool="add_to_cart", products=["shop:honey"])
    catch_up()
    part = month(client=client)

    assert part.sessions == {"codex": 2, "openai-mcp": 1, "nobody": 0}[client]
    assert part.filled == part.calls == part.funnel[2].sessions == part.sessions
    assert month().sessions == 4


@pytest.mark.parametrize("hours", [1, 5, 24, 30, 49, 73])
@pytest.mark.parametrize("begins", [0, 7, 23])
def test_days_and_hours_together_make_any_range_once(make_session, make_call, begins, hours):
    # Hours are kept for 65 days.
    since = (
        (timezone.now() - timedelta(days=30)).astimezone(UTC).replace(hour=begins, minute=0, second=0, microsecond=0)
    )
    for n in range(100):
        at = since + timedelta(hours=n - 10)
        make_call(make_session(n, created_at=at, last_seen_at=at), at=at)
    catch_up()

    found = summary(since, since + timedelta(hours=hours))

    assert (found.sessions, found.calls) == (hours, hours)


@pytest.mark.parametrize("n", [1, 25])
def test_a_summary_costs_the_same_for_one_session_and_for_many(make_session, make_call, django_assert_num_queries, n):
    for number in range(n):
        make_call(make_session(number), tool="add_to_cart", products=[f"shop:{number}"])
    catch_up()

    # How far counting has come, the latest calls; lost, all, lively; whether counting went on meanwhile; products.
    with django_assert_num_queries(12):
        month()


@pytest.mark.parametrize("step", [0, 5, 12, 100])
def test_what_is_not_counted_yet_is_in_the_numbers_all_the_same(make_session, make_call, step):
    for n in range(8):
        session = make_session(n, client=["codex", ""][n % 2], ago=timedelta(minutes=10 * n))
        make_call(session, ago=timedelta(minutes=10 * n), tool="search_products", products=["shop:honey"])
    roll_up(step)
    for n, session in enumerate(Session.objects.order_by("pk")):
        fill(session)
        Session.objects.filter(pk=session.pk).update(last_seen_at=timezone.now() - timedelta(minutes=n))
        make_call(session, tool="add_to_cart", products=["shop:tea"])
    found, of_codex = month(), month(client="codex")
    catch_up()

    assert (month(), month(client="codex")) == (found, of_codex)
    assert (found.sessions, of_codex.sessions, found.abandoned) == (8, 4, 0)


def test_a_step_in_between_is_neither_missed_nor_counted_twice(make_session, make_call, monkeypatch):
    make_call(make_session())
    looked = []

    def look():
        looked.append(uncounted())
        if len(looked) == 1:
            roll_up()
        return looked[-1]

    monkeypatch.setattr("analytics.counts.uncounted", look)

    assert month().calls == 1
    assert len(looked) == 2


def test_the_part_of_an_hour_counts_as_the_hour(make_session, make_call):
    at = datetime(2026, 3, 1, 10, 20, tzinfo=UTC)
    make_call(make_session(1, created_at=at, last_seen_at=at), at=at)
    found = summary(at + timedelta(minutes=10), at + timedelta(minutes=20))

    assert (found.since.hour, found.until.hour, found.sessions) == (10, 11, 1)
