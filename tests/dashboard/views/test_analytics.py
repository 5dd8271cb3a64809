import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.urls import reverse
from django.utils import timezone

from analytics.definitions import DEFINITIONS
from analytics.schemas import FruitlessOut, PopularOut, RefusalOut
from analytics.services import catch_up, roll_up, uncounted
from carts.models import Cart, Session
from carts.services import cleanup
from orders.models import Order, PermalinkCount

DOCS = Path(__file__).parents[3] / "docs" / "analytics.md"
PAGE = reverse("dashboard-analytics")


@pytest.fixture
def told(owner):
    def ask(**asked):
        return owner.get(PAGE, asked).context["numbers"]

    return ask


@pytest.fixture
def visit(make_session, make_call):
    """A session that was seen some time ago, with the call that it was seen by."""

    def make(n=0, *, ago=timedelta(0), **fields):
        session = make_session(n, ago=ago, **fields)
        make_call(session, ago=ago)
        return session

    return make


def fill(session, items=1):
    Cart.objects.create(public_id=f"c_{session.pk}", session=session, currency="ILS", item_count=items)


def test_sessions_of_the_period_are_counted_with_their_durations(visit, told):
    for n in range(10):
        ago = timedelta(days=1)
        visit(n, ago=ago, created_at=timezone.now() - ago - timedelta(minutes=n + 1))
    visit(10, ago=timedelta(days=20))

    assert told().sessions == 10
    assert told(period="month").sessions == 11
    assert told(period="day").sessions == 0
    assert (told().median_duration, told().p90_duration) == pytest.approx((300, 540), rel=0.05)


def test_abandoned_and_lost_carts_are_those_that_are_quiet(visit, told):
    for n, ago in enumerate([0, 1, 24, 24 * 8]):
        fill(visit(n, ago=timedelta(hours=ago)))
    visit(9)
    found = told(period="month")

    assert (found.filled, found.abandoned, found.lost) == (4, 3, 1)
    assert (found.abandonment, found.filled_share, found.conversion) == (0.75, 0.8, 0)


@pytest.mark.parametrize("counted", [0, 3, 15])
def test_the_numbers_are_the_same_counted_or_not_and_stay_when_sessions_go(
    owner, make_session, make_call, honey, told, counted
):
    for n in range(5):
        session = make_session(n, created_at=timezone.now() - timedelta(minutes=5))
        fill(session)
        make_call(session, tool="add_to_cart", products=[honey.public_id])
        make_call(session, tool="add_to_cart", outcome="not_found")
        make_call(session, tool="search_products", words=["gold"], results=0)
    roll_up(counted)
    numbers = told()

    assert (numbers.sessions, numbers.filled, numbers.abandoned, numbers.lost) == (5, 5, 0, 0)
    assert numbers.median_duration == pytest.approx(300, rel=0.05)
    assert [stage.sessions for stage in numbers.funnel] == [5, 5, 5, 0, 0]
    assert numbers.products == [PopularOut(product_id=honey.public_id, name="Honey", seen=100, added=100)]
    assert numbers.fruitless_searches == [FruitlessOut(words="gold", searches=5)]
    assert numbers.refusals == [RefusalOut(tool="add_to_cart", code="not_found", calls=5)]
    assert numbers.waiting == 0
    catch_up()
    assert told() == numbers
    cleanup.delete_sessions(Session.objects.all())
    assert told() == numbers


def test_calls_beyond_what_is_looked_at_are_told_to_be_missing(owner, visit, monkeypatch):
    for n in range(5):
        visit(n)
    monkeypatch.setattr("analytics.counts.uncounted", lambda: uncounted(2))

    assert "3 calls are still to be counted." in owner.get(PAGE).text


def test_no_stage_of_the_funnel_is_larger_than_the_one_before(make_session, make_call, told):
    searched, added, idle = make_session(1), make_session(2), make_session(3)
    make_call(searched, tool="search_products")
    make_call(added, tool="add_to_cart", version=1)
    make_call(idle, tool="add_to_cart", outcome="not_found")

    assert [(stage.stage, stage.sessions, round(stage.share, 2)) for stage in told().funnel] == [
        ("searched", 2, 0.67),
        ("viewed", 1, 0.33),
        ("added", 1, 0.33),
        ("handed_over", 0, 0),
        ("ordered", 0, 0),
    ]


def test_products_searches_refusals_and_times_are_told(make_session, make_call, visit, honey, told):
    session = make_session()
    visit(2)
    make_call(session, tool="search_products", words=["honey"], results=1, products=[honey.public_id], milliseconds=1)
    make_call(session, tool="search_products", words=["gold", "leaf"], results=0, milliseconds=3)
    make_call(session, tool="add_to_cart", products=[honey.public_id])
    make_call(session, tool="add_to_cart", outcome="not_for_sale")
    found = told()

    assert [(item.name, item.seen, item.added) for item in found.products] == [("Honey", 50, 50)]
    assert [(search.words, search.searches) for search in found.fruitless_searches] == [("gold leaf", 1)]
    assert [(refusal.tool, refusal.code, refusal.calls) for refusal in found.refusals] == [
        ("add_to_cart", "not_for_sale", 1)
    ]
    (speed,) = [speed for speed in found.tools if speed.tool == "search_products"]
    assert (speed.calls, speed.p50, speed.p95) == (2, pytest.approx(1, rel=0.05), pytest.approx(3, rel=0.05))


def test_sessions_without_an_id_are_counted_and_that_is_said(owner, visit, told):
    visit(1)
    fill(visit(2, source="cart_id"))

    assert (told().sessions, told().filled, told().unkeyed) == (2, 1, 1)
    assert "1 of these sessions comes without a conversation id" in owner.get(PAGE).text


def test_a_shop_whose_chats_send_no_id_has_numbers(owner, make_call):
    make_call(tool="search_products", words=["gold"], results=0)
    page = owner.get(PAGE).text

    assert "No sessions in these days" not in page
    assert "gold" in page


def test_what_sold_is_told_in_units_and_money_without_tests_and_cancelled_orders(owner, visit, make_product):
    honey, tea = make_product("Honey"), make_product("Tea")
    cancelled, test = {"state": "cancelled"}, {"is_test": True}
    bought: list[Any] = [(honey, 2, {}), (honey, 1, {}), (tea, 9, cancelled), (tea, 1, test), (tea, 1, {})]
    for n, (product, quantity, more) in enumerate(bought):
        session = visit(n)
        cart = Cart.objects.create(public_id=f"c_{n}", session=session, currency="ILS", store=honey.store)
        sums = dict.fromkeys(("goods", "total", "first_total"), 20 * quantity)
        of = {"cart": cart, "session": session, "store": honey.store, "currency": "ILS", "request_key": str(n)}
        order = Order.objects.create(number=f"N{n}", **of, **sums, **more)
        order.lines.create(
            product=product.identity,
            position=0,
            product_id_then=product.public_id,
            name=product.name,
            unit_price=20,
            quantity=quantity,
            first_quantity=quantity,
            total=20 * quantity,
            discount=5 if n == 1 else 0,
        )
    sold = owner.get(PAGE).context["found"].sold

    assert [(item.name, item.units, item.currency, item.amount) for item in sold] == [
        ("Honey", 3, "ILS", 55),
        ("Tea", 1, "ILS", 20),
    ]


def test_a_check_counts_nowhere(make_session, visit, told):
    visit(1, is_check=True)

    assert told().sessions == 0


def test_every_number_leads_to_the_sessions_behind_it(owner, visit, make_session, make_call, honey):
    ago = timedelta(hours=2)
    busy, quiet, searched, away = visit(1), visit(2, ago=ago), visit(3), visit(4, ago=timedelta(days=8))
    for session in (busy, quiet, away):
        fill(session)
    make_call(busy, tool="add_to_cart", outcome="not_found")
    make_call(busy, tool="add_to_cart", products=["shop:other", honey.public_id])
    make_call(searched, tool="search_products", products=[honey.public_id])
    make_call(searched, tool="search_products", words=["gold", "leaf"], results=0)
    unkeyed = visit(5, source="cart_id")
    fill(unkeyed)
    make_call(unkeyed, tool="add_to_cart", products=[honey.public_id])

    def behind(link):
        return {row.session for row in owner.get(unescape(link)).context["rows"]}

    links = re.findall(r'href="(/dashboard/sessions/\?[^"]*)"', owner.get(PAGE, {"period": "month"}).text)

    assert [behind(link) for link in links] == [
        # Sessions, duration; filled, abandoned, lost.
        *({busy, quiet, searched, away, unkeyed}, {busy, quiet, searched, away, unkeyed}),
        *({busy, quiet, away, unkeyed}, {quiet, away}, {away}),
        # Searched, viewed, added.
        *({busy, searched, unkeyed}, {busy, unkeyed}, {busy, unkeyed}),
        # Honey and the other product, seen and added.
        *({busy, searched, unkeyed}, {busy, unkeyed}, {busy}, {busy}),
        # The fruitless search, the refusal.
        *({searched}, {busy}),
        # view_cart, add_to_cart, search_products.
        *({busy, quiet, searched, away, unkeyed}, {busy, unkeyed}, {searched}),
        {unkeyed},
    ]


def test_the_links_keep_to_the_client_and_the_days(owner, visit, make_call):
    make_call(visit(1, client="codex"), tool="search_products")
    visit(2, client="other", ago=timedelta(days=3))
    day = str(timezone.localdate())

    for link in re.findall(r'href="/dashboard/sessions/\?([^"]*)"', owner.get(PAGE, {"client": "codex"}).text):
        asked = parse_qs(unescape(link))
        assert (asked["client"], asked["until"]) == (["codex"], [day])


@pytest.mark.parametrize("asked", [{"client": "codex"}, {"client": "openai-mcp"}, {"client": "nobody"}])
def test_a_filter_never_raises_a_number(make_session, make_call, told, asked):
    for n, client in enumerate(["codex", "codex", "openai-mcp"]):
        session = make_session(n, client=client)
        fill(session)
        make_call(session, tool="add_to_cart")
    whole, part = told(), told(**asked)

    assert part.sessions <= whole.sessions
    assert part.filled <= whole.filled
    assert all(less.sessions <= more.sessions for less, more in zip(part.funnel, whole.funnel, strict=True))


@pytest.mark.parametrize("name", DEFINITIONS)
def test_the_definitions_are_at_hand(owner, visit, name):
    visit()
    visit(2, source="cart_id")
    shown = owner.get(PAGE).context["definitions"]

    assert shown[name] == DEFINITIONS[name]
    assert DEFINITIONS[name] in DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "asked",
    [
        {"period": "century"},
        {"since": "never"},
        {"since": "2026-12-01", "until": "2020-01-01"},
        {"until": "9999-12-31"},
        {"since": "0001-01-01"},
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

    # Session, user; how far counting has come, the latest calls, what is known of their sessions, the sessions; the
    # tallies, lively carts, whether counting went on meanwhile; products; what sold; warnings. Over time
    # four, by client four, by store two, what carts hold two.
    with django_assert_num_queries(30):
        owner.get(PAGE)


def test_the_first_day_there_is_has_a_page_east_of_greenwich(owner, settings):
    settings.TIME_ZONE = "Asia/Jerusalem"

    assert owner.get(PAGE, {"since": "0001-01-01"}).status_code == 200


def test_carts_begun_by_permalinks_are_counted_by_source(owner, visit):
    visit()
    today = timezone.localdate()
    for source, carts, days in (("newsletter", 2, 0), ("newsletter", 1, 1), ("<b>", 9, 0), ("old", 5, 40)):
        PermalinkCount.objects.create(day=today - timedelta(days=days), source=source, carts=carts)

    page = owner.get(PAGE, {"period": "month"})

    assert page.context["found"].sources == [("<b>", 9), ("newsletter", 3)]
    assert "&lt;b&gt;" in page.text
