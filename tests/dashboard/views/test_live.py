from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from analytics.services import catch_up, roll_up
from carts.models import CallRecord, Cart, Line, SessionWarning
from carts.services.warnings import settle
from health.models import Milestone
from outbox.services import enqueue
from shopmcp.data_dir import note_backup
from tests.carts.answers import cart

LIVE = reverse("dashboard")


def test_what_a_chat_fills_its_cart_with_is_seen_at_once(owner, call_tool, honey):
    call_tool("add_to_cart", product_id="honey", quantity=2)
    page = owner.get(LIVE)

    assert page.context["now"].active == 1
    assert page.context["now"].carts == 1
    assert page.context["now"].values == [("ILS", 40)]
    (row,) = page.context["rows"]
    assert (row.items, str(row.value)) == (2, "40.000")
    assert "Honey" in page.text
    assert row.session.public_id in page.text
    assert "chat-1" not in page.text


def test_an_unkeyed_call_is_a_warning_above_everything_else(owner, call_tool, honey):
    call_tool("view_cart", session=None)
    page = owner.get(LIVE)

    assert page.context["day"].unkeyed == 1
    assert page.text.index("Chats come without a conversation id") < page.text.index("Active sessions")
    assert reverse("dashboard-warning", args=["unkeyed"]) in page.text


def test_without_warnings_the_page_says_that_chats_are_told_apart(owner, call_tool, honey):
    call_tool("view_cart")

    assert "Every chat is told apart" in owner.get(LIVE).text


@pytest.mark.parametrize("policy", ["isolate", "refuse"])
def test_a_shop_without_a_call_does_not_say_that_chats_are_told_apart(owner, settings, policy):
    settings.SHOPMCP_UNKEYED_CALLS = policy
    page = owner.get(LIVE).text

    assert 'data-isolation="unknown"' in page
    assert "Every chat is told apart" not in page


def test_the_green_line_says_what_it_rests_on(owner, call_tool, ask, honey):
    call_tool("view_cart")
    call_tool("view_cart", session="chat-2")
    assert "2 calls in the 24 hours up to the last one, all with ids." in owner.get(LIVE).text

    handle = cart(ask("add_to_cart", {}, product_id="shop:honey"))["cart_id"]
    ask("view_cart", {}, cart_id=handle)
    settle(SessionWarning.objects.get().pk, "fixed")
    assert "4 calls in the 24 hours up to the last one: 1 with a cart_id, 1 without either" in strip_tags(
        owner.get(LIVE).text
    )


def test_a_stray_call_does_not_stay_on_top_for_ever(owner, call_tool, make_call, honey):
    make_call(ago=timedelta(days=3), source="default", warning="unkeyed")
    then = timezone.now() - timedelta(days=3)
    SessionWarning.objects.create(kind="unkeyed", client="openai-mcp", first_at=then, last_at=then, calls=1)
    assert 'id="sign-unkeyed"' in owner.get(LIVE).text
    call_tool("view_cart")
    page = owner.get(LIVE).text

    assert 'data-isolation="apart"' in page
    assert 'id="sign-unkeyed"' not in page
    assert 'id="sign-unkeyed"' in owner.get(reverse("dashboard-warnings")).text


def test_the_tile_counts_what_the_warning_counts(owner, call_tool, honey):
    """A call with a malformed id is an unkeyed one too."""
    call_tool("view_cart", session=None, meta={"openai/session": 7})
    call_tool("view_cart", session=None)
    page = owner.get(LIVE)

    assert page.context["day"].unkeyed == SessionWarning.objects.get(kind="unkeyed").calls == 2
    catch_up()
    assert owner.get(LIVE).context["day"].unkeyed == 2


def test_the_presets_choose_by_state(owner, make_session, honey):
    with_cart, idle, unkeyed = (
        make_session(1),
        make_session(2, ago=timedelta(hours=2)),
        make_session(3, source="cart_id"),
    )
    cart = Cart.objects.create(public_id="c_1", session=with_cart, currency="ILS", item_count=1)
    Line.objects.create(cart=cart, product=honey.identity, quantity=1, price_when_added=20, price_told=20)

    def shown(**asked):
        return {row.session for row in owner.get(LIVE, asked).context["rows"]}

    assert shown() == {with_cart, idle, unkeyed}
    assert shown(state="cart") == {with_cart}
    assert shown(state="idle") == {idle}
    assert shown(state="unkeyed") == {unkeyed}
    assert shown(q="honey") == {with_cart}
    assert shown(q=idle.public_id) == {idle}
    assert shown(q="nothing like it") == set()


def test_a_check_of_the_isolation_counts_nowhere(owner, make_session):
    make_session(1, is_check=True)
    page = owner.get(LIVE)

    assert page.context["rows"] == []
    assert page.context["now"].active == 0


@pytest.mark.parametrize("counted", [0, 4, 100])
def test_the_hours_show_what_counting_the_rows_would_give(owner, make_session, make_call, counted):
    for n, (hours_ago, source) in enumerate(
        [(0, "x"), (1, "x"), (1, "default"), (2, "cart_id"), (2, "x"), (23, "x"), (30, "x")]
    ):
        ago = timedelta(hours=hours_ago)
        session = make_session(n, ago=ago, source=source, client=f"client {n % 2}")
        make_call(session, ago=ago)
        make_call(session, ago=ago, warning="unkeyed" if source == "default" else "")
        if n % 2:
            Cart.objects.create(public_id=f"c_{n}", session=session, created_at=timezone.now() - ago)
    make_call(make_session(99))
    roll_up(counted)
    charts = owner.get(LIVE).context["charts"]
    until = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    hours = [until - timedelta(hours=24 - n) for n in range(24)]

    def rows(model, moment):
        within = [{f"{moment}__gte": hour, f"{moment}__lt": hour + timedelta(hours=1)} for hour in hours]
        return [model.objects.filter(**hour).count() for hour in within]

    assert [bar.value for bar in charts["calls"].bars] == rows(CallRecord, "at")
    assert [bar.value for bar in charts["carts"].bars] == rows(Cart, "created_at")
    assert sum(bar.value for bar in charts["calls"].bars) == 13
    assert charts["calls"].most == 4


@pytest.mark.parametrize("zone", ["UTC", "Asia/Jerusalem", "Asia/Kolkata", "Asia/Kathmandu", "America/Los_Angeles"])
def test_unkeyed_calls_are_those_since_midnight_where_the_owner_is(owner, make_call, zone):
    midnight = timezone.localtime(timezone=ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    for n in range(10):
        for at in (midnight - timedelta(minutes=n * 17 + 1), midnight + n * (timezone.now() - midnight) / 10):
            make_call(warning="unkeyed", at=at)
            make_call(at=at, source="cart_id")
    owner.cookies["timezone"] = zone
    counts = [owner.get(LIVE).context["day"].unkeyed]
    roll_up(30)
    counts.append(owner.get(LIVE).context["day"].unkeyed)
    catch_up()
    counts.append(owner.get(LIVE).context["day"].unkeyed)

    assert counts == [10, 10, 10]


@pytest.mark.parametrize("n", [1, 25])
def test_the_page_costs_the_same_for_one_session_and_for_many(
    owner, django_assert_num_queries, make_session, make_call, make_product, n
):
    for number in range(n):
        session = make_session(number)
        make_call(session)
        product = make_product(f"Product {number}")
        cart = Cart.objects.create(public_id=f"c_{number}", session=session, currency="ILS", item_count=1)
        Line.objects.create(cart=cart, product=product.identity, quantity=1, price_when_added=20, price_told=20)
        SessionWarning.objects.create(
            kind="unkeyed", client=f"client {number}", first_at=timezone.now(), last_at=timezone.now()
        )

    # How the shop is, is found out every 20 seconds, and the first hour is over.
    for step in owner.get(LIVE).context["first_hour"].steps:
        Milestone.objects.get_or_create(step=step.name)

    # Session, user; warnings; the newest call, the unfixed warnings; bounds, sessions, carts, lines; the latest calls
    # of each; active, carts, values; how far counting has come, the latest calls, what is known of their sessions, the
    # sessions; the hours, whether counting went on; the first hour.
    with django_assert_num_queries(21):
        owner.get(LIVE)


def test_names_from_outside_are_shown_as_text(owner, make_session, make_product):
    session = make_session(client="<script>alert(1)</script>")
    product = make_product("<img src=x onerror=alert(1)>")
    cart = Cart.objects.create(public_id="c_1", session=session, currency="ILS", item_count=1)
    Line.objects.create(cart=cart, product=product.identity, quantity=1, price_when_added=20, price_told=20)
    text = owner.get(LIVE).text

    assert "<script>alert" not in text
    assert "<img src=x" not in text


def test_what_is_wrong_is_said_with_what_to_do_the_worst_first(owner, make_product):
    make_product("Sold out", stock=0)
    enqueue("alarm.test", "owner@example.com", {"subject": "s", "text": "t"})
    page = owner.get(LIVE)

    assert [trouble.kind for trouble in page.context["health"].troubles] == ["nothing_for_sale", "mail_waits"]
    assert page.text.index("has nothing for sale") < page.text.index("Mails that wait because")
    assert "EMAIL_URL" in page.text


def test_the_last_backup_is_said(owner, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    assert "no backup yet" in owner.get(LIVE).text
    note_backup(tmp_path)
    cache.clear()

    assert "last backup" in owner.get(LIVE).text


def test_what_is_for_sale_is_said_in_one_line(owner, honey, make_product):
    make_product("Tea", price=None)

    assert "1 of 2 products for sale" in strip_tags(owner.get(LIVE).text)
