from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from analytics.services import catch_up
from carts import services
from carts.models import Cart, Session

PAGE = reverse("dashboard-analytics")


@pytest.fixture
def told(owner):
    def ask(**asked):
        return owner.get(PAGE, asked).context["report"]

    return ask


def fill(session, items=1):
    Cart.objects.create(public_id=f"c_{session.pk}", session=session, currency="ILS", item_count=items)


def test_sessions_of_the_period_are_counted_with_their_durations(make_session, told):
    for n in range(10):
        ago = timedelta(days=1)
        make_session(n, ago=ago, created_at=timezone.now() - ago - timedelta(minutes=n + 1))
    make_session(10, ago=timedelta(days=20))

    assert told().sessions == 10
    assert told(period="month").sessions == 11
    assert told(period="day").sessions == 0
    assert (told().median, told().p90) == pytest.approx((300, 540), abs=1)


def test_abandoned_and_lost_carts_are_those_that_are_quiet(make_session, told, settings):
    for n, ago in enumerate([0, 1, 24, 24 * 8]):
        fill(make_session(n, ago=timedelta(hours=ago)))
    make_session(9)
    found = told(period="month")

    assert (found.filled, found.abandoned, found.lost) == (4, 3, 1)
    assert (found.abandonment, found.conversion) == (0.75, 0.8)


def test_what_was_deleted_or_is_too_much_to_count_now_stays_in_the_numbers(
    owner, make_session, make_call, honey, told, monkeypatch
):
    for n in range(5):
        session = make_session(n, created_at=timezone.now() - timedelta(minutes=5))
        fill(session)
        make_call(session, tool="add_to_cart", products=[honey.public_id])
        make_call(session, tool="add_to_cart", outcome="not_found")
        make_call(session, tool="search_products", words=["gold"], results=0)
    catch_up()

    def numbers():
        found = told()
        stages = [(stage.key, stage.sessions, stage.of, stage.link) for stage in found.funnel]
        shown = (found.sessions, found.filled, found.abandoned, found.lost, found.is_sample, found.links, stages)
        return (*shown, found.popular, found.unanswered, found.refusals)

    before = numbers()
    monkeypatch.setattr("dashboard.figures.MOST_SESSIONS", 2)
    assert numbers() == before
    assert told().median == pytest.approx(300, rel=0.05)
    services.delete_sessions(Session.objects.all())
    assert numbers() == before
    assert owner.get(PAGE).status_code == 200


def test_no_stage_of_the_funnel_is_larger_than_the_one_before(make_session, make_call, told):
    searched, added, idle = make_session(1), make_session(2), make_session(3)
    make_call(searched, tool="search_products")
    make_call(added, tool="add_to_cart", version=1)
    make_call(idle, tool="add_to_cart", outcome="not_found")

    assert [(stage.key, stage.sessions, stage.of) for stage in told().funnel] == [
        ("searched", 2, 3),
        ("viewed", 1, 3),
        ("added", 1, 3),
    ]


def test_products_searches_refusals_and_times_are_told(make_session, make_call, honey, told):
    session = make_session()
    make_session(2)
    make_call(session, tool="search_products", words=["honey"], results=1, products=[honey.public_id], milliseconds=1)
    make_call(session, tool="search_products", words=["gold", "leaf"], results=0, milliseconds=3)
    make_call(session, tool="add_to_cart", products=[honey.public_id])
    make_call(session, tool="add_to_cart", outcome="not_for_sale")
    found = told()

    assert [(item.name, item.seen, item.added) for item in found.popular] == [("Honey", 50, 50)]
    assert found.unanswered == [("gold leaf", 1)]
    assert [(refusal.tool, refusal.code, refusal.calls) for refusal in found.refusals] == [
        ("add_to_cart", "not_for_sale", 1)
    ]
    assert ("search_products", 2, 1, 3) in [(s.tool, s.calls, s.p50, s.p95) for s in found.speeds]


def test_unkeyed_sessions_are_left_out_and_that_is_said(owner, make_session, told):
    make_session(1)
    fill(make_session(2, source="cart_id"))

    assert (told().sessions, told().filled, told().unkeyed) == (1, 0, 1)
    assert "1 session without a conversation id is left out" in owner.get(PAGE).text


def test_a_check_counts_nowhere(make_session, told):
    make_session(1, is_check=True)

    assert told().sessions == 0


def test_every_number_leads_to_the_sessions_behind_it(owner, make_session, make_call, told):
    busy, quiet = make_session(1), make_session(2, ago=timedelta(hours=2))
    fill(busy)
    fill(quiet)
    make_call(busy, tool="add_to_cart", outcome="not_found")
    make_call(busy, tool="add_to_cart")
    make_session(3, source="cart_id")
    found = told()

    def behind(link):
        return {row.session for row in owner.get(link).context["rows"]}

    assert behind(found.links["sessions"]) == {busy, quiet}
    assert behind(found.links["abandoned"]) == {quiet}
    assert behind(found.funnel[-1].link) == {busy}
    assert behind(found.refusals[0].link) == {busy}


@pytest.mark.parametrize("asked", [{"client": "codex"}, {"client": "openai-mcp"}, {"client": "nobody"}])
def test_a_filter_never_raises_a_number(make_session, make_call, told, asked):
    for n, client in enumerate(["codex", "codex", "openai-mcp"]):
        session = make_session(n, client=client)
        fill(session)
        make_call(session, tool="add_to_cart")
    whole, part = told(), told(**asked)

    assert part.sessions <= whole.sessions
    assert part.filled <= whole.filled
    assert all(a.sessions <= b.sessions for a, b in zip(part.funnel, whole.funnel, strict=True))


@pytest.mark.parametrize(
    "asked",
    [
        {"period": "century"},
        {"since": "never"},
        {"since": "2026-12-01", "until": "2020-01-01"},
        {"until": "9999-12-31"},
    ],
)
def test_a_period_that_makes_no_sense_still_has_a_page(owner, db, asked):
    assert owner.get(PAGE, asked).status_code == 200


@pytest.mark.parametrize("n", [1, 25])
def test_the_page_costs_the_same_for_one_session_and_for_many(
    owner, django_assert_num_queries, make_session, make_call, make_product, n
):
    for number in range(n):
        make_call(make_session(number), tool="add_to_cart", products=[make_product(f"Product {number}").public_id])

    # Session, user; sessions, two of what was counted, calls, carts, products, unkeyed; warnings, rotating ids.
    with django_assert_num_queries(11):
        owner.get(PAGE)
