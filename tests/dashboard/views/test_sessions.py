import csv
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from carts import browse
from carts.models import KEPT_VERSIONS, Cart, Line, Session
from carts.timeline import timeline
from offers.models import Coupon
from orders.models import Order
from orders.numbers import new_number, shown_number

LIST = reverse("dashboard-sessions")
EXPORT = reverse("dashboard-export")


@pytest.fixture
def fill(honey):
    """Put honey into a session's cart."""

    def put(session, product=honey, quantity=1):
        cart = Cart.objects.create(
            public_id=f"c_{session.pk}",
            session=session,
            currency="ILS",
            store=product.store,
            item_count=quantity,
            version=1,
        )
        Line.objects.create(cart=cart, product=product.identity, quantity=quantity, price_when_added=20, price_told=20)
        return cart

    return put


def ids(page):
    return [row.session.pk for row in page.context["rows"]]


def test_pages_follow_each_other_without_gap_or_repetition(owner, make_session):
    # Many at the same moment: the id decides between them.
    for n in range(60):
        make_session(n, ago=timedelta(seconds=0 if n < 40 else n))
    Session.objects.filter(pk__in=Session.objects.order_by("pk")[:40]).update(last_seen_at=timezone.now())
    seen, cursor = [], ""
    while True:
        page = owner.get(LIST, {"cursor": cursor} if cursor else {})
        seen += ids(page)
        if not (cursor := page.context["page"].cursor):
            break

    assert len(seen) == len(set(seen)) == 60
    assert seen == list(Session.objects.order_by("-last_seen_at", "-id").values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"client": "codex"}, [2]),
        ({"source": "threadId"}, [2]),
        ({"product": "shop:honey"}, [1]),
        ({"state": "empty"}, [3, 2]),
        ({"state": "active"}, [2, 1]),
        ({"since": "2020-01-01", "until": "2020-01-02"}, []),
        ({"state": "nonsense"}, [3, 2, 1]),
        ({"since": "never"}, [3, 2, 1]),
    ],
)
def test_the_filters_of_the_address_narrow_the_list(owner, make_session, fill, asked, found):
    fill(make_session(1))
    make_session(2, client="codex", source="threadId")
    make_session(3, ago=timedelta(hours=3))

    shown = {int(row.session.public_id[2:]) for row in owner.get(LIST, asked).context["rows"]}
    assert shown == set(found)


@pytest.mark.parametrize(
    "asked",
    [
        {"q": "s_abcdefghijklwxyz"},
        {"q": "S_ABCDEF"},
        {"q": "abcdefghijklwxyz"},
        {"q": "abcdef"},
        {"q": "wxyz"},
        {"q": " WXYZ "},
        {"q": "c_mnopqrstuvwxyz22"},
        {"q": "c_mnop"},
        {"q": "yz22"},
        {"q": "VS Code"},
        {"q": "Visual Studio Code - Insiders"},
        {"client": "vs code"},
        {"client": "Visual Studio Code - Insiders"},
        {"q": "honey"},
    ],
)
def test_a_search_finds_by_whatever_the_pages_show(owner, make_session, make_product, fill, asked):
    wanted = make_session(1, client="Visual Studio Code - Insiders")
    Session.objects.filter(pk=wanted.pk).update(public_id="s_abcdefghijklwxyz")
    Cart.objects.filter(pk=fill(wanted).pk).update(public_id="c_mnopqrstuvwxyz22")
    fill(make_session(2, client="cursor-vscode"), make_product("Tea"))
    make_session(3)

    assert ids(owner.get(LIST, asked)) == [wanted.pk]
    assert [row.session.pk for row in owner.get(reverse("dashboard"), asked).context["rows"]] == (
        [wanted.pk] if "q" in asked else ids(owner.get(LIST, asked))
    )


@pytest.mark.parametrize("text", ["wxya", "s_b", "c_wxyz", "xyz", "VS Cod", "_", "s_", "%"])
def test_a_search_finds_no_more_than_that(owner, make_session, fill, text):
    wanted = make_session(1, client="Visual Studio Code")
    Session.objects.filter(pk=wanted.pk).update(public_id="s_abcdefghijklwxyz")
    fill(wanted)

    assert ids(owner.get(LIST, {"q": text})) == []


def test_a_session_is_found_by_the_number_of_its_order(owner, make_session, honey):
    ordered = make_session(1)
    make_session(2)
    cart = Cart.objects.create(public_id="c_1", session=ordered, currency="ILS", store=honey.store, item_count=1)
    number = new_number()
    sums = dict.fromkeys(("goods", "total", "first_total"), 20)
    of = {"cart": cart, "session": ordered, "store": honey.store, "currency": "ILS", "request_key": "k"}
    Order.objects.create(number=number, **of, **sums)

    for text in (number, shown_number(number), number.lower()):
        assert ids(owner.get(LIST, {"q": text})) == [ordered.pk]
    assert ids(owner.get(LIST, {"q": new_number()})) == []


def test_a_row_says_what_the_chat_did_last_and_what_it_searched_for(owner, make_session, make_call, honey):
    session = make_session()
    make_call(session, tool="search_products", words=["golden", "honey"], results=3, products=[honey.public_id])
    make_call(session, tool="add_to_cart", products=[honey.public_id])
    text = strip_tags(owner.get(LIST).text)

    assert re.search(r"added\s+Honey\s+·\s+searched\s+“golden honey”", text)
    make_call(session, tool="search_products", words=["unobtainium"], results=0)
    assert re.search(r"searched\s+“unobtainium”\s+nothing found", strip_tags(owner.get(LIST).text))
    make_call(session, tool="add_to_cart", outcome="not_for_sale", products=["shop:gone"])
    assert re.search(r"cannot be bought\s+added\s+shop:gone", strip_tags(owner.get(LIST).text))


def test_what_a_filter_does_not_understand_is_said(owner, make_session):
    make_session()

    assert "Enter a valid date" in owner.get(LIST, {"since": "never"}).text


def test_a_search_ends_after_so_many_sessions_and_leads_on(owner, make_session, monkeypatch):
    monkeypatch.setattr(browse, "SCANNED", 5)
    make_session(0, ago=timedelta(hours=1), client="rare")
    for n in range(1, 9):
        make_session(n)
    page = owner.get(LIST, {"client": "rare"})

    assert ids(page) == []
    assert page.context["page"].searched_to is not None
    assert "Search older sessions" in page.text
    following = owner.get(LIST, {"client": "rare", "cursor": page.context["page"].cursor})
    assert [row.session.client for row in following.context["rows"]] == ["rare"]


def test_a_cursor_that_no_page_gave_leads_nowhere(owner, make_session):
    one = reverse("dashboard-session", args=[make_session().public_id])

    assert [owner.get(address, {"cursor": "made-up"}).status_code for address in (LIST, one)] == [404, 404]


@pytest.mark.parametrize("n", [1, 25])
def test_the_list_costs_the_same_for_one_session_and_for_many(
    owner, django_assert_num_queries, make_session, make_product, fill, n
):
    for number in range(n):
        fill(make_session(number), make_product(f"Product {number}"))

    # Session, user; bounds, sessions, carts, lines; the latest calls; warnings.
    with django_assert_num_queries(8):
        assert len(ids(owner.get(LIST))) == n


def test_the_export_holds_what_the_filters_choose(owner, make_session, fill):
    fill(make_session(1), quantity=3)
    make_session(2, client="codex")
    answer = owner.get(EXPORT, {"state": "cart"})

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    head, *rows = csv.reader(answer.text.removeprefix("\ufeff").splitlines())
    assert head[0] == "Session"
    assert [(row[0], row[6], row[7], row[8], row[9]) for row in rows] == [
        ("s_0000000000000001", "3", "60.00", "ILS", "3 × Honey")
    ]


@pytest.mark.parametrize("client", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1+1", "\uff20SUM(A1)"])
def test_a_cell_that_a_spreadsheet_would_run_is_defused(owner, make_session, client):
    make_session(1, client=client)
    rows = list(csv.reader(owner.get(EXPORT).text.removeprefix("\ufeff").splitlines()))

    begins = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff20")
    assert not any(cell.startswith(begins) for row in rows for cell in row)


def test_a_sessions_page_steps_through_its_cart(owner, call_tool, honey, tea):
    call_tool("add_to_cart", product_id="honey", quantity=2)
    call_tool("add_to_cart", product_id="tea")
    call_tool("remove_from_cart", product_id="honey")
    address = reverse("dashboard-session", args=[Session.objects.get().public_id])

    def held(**asked):
        return [(line.name, line.quantity) for line in owner.get(address, asked).context["lines"]]

    assert held() == [("Tea", 1)]
    assert sorted(held(at=2)) == [("Honey", 2), ("Tea", 1)]
    assert held(at=1) == [("Honey", 2)]
    assert held(at=0) == []
    assert owner.get(address, {"at": 4}).status_code == 404
    page = owner.get(address)
    assert [step.call.tool for step in page.context["timeline"].steps] == [
        "remove_from_cart", "add_to_cart", "add_to_cart",
    ]  # fmt: skip
    assert "2 → 0" in page.text
    assert "openai/session" in page.text
    assert "chat-1" not in page.text


def test_a_cart_with_a_long_history_steps_back_as_far_as_it_can_be_shown(owner, make_session):
    session = make_session()
    Cart.objects.create(session=session, public_id="c_1", currency="ILS", version=KEPT_VERSIONS + 5)
    address = reverse("dashboard-session", args=[session.public_id])

    assert owner.get(address, {"at": 6}).context["before"] == 5
    assert owner.get(address, {"at": 5}).context["before"] is None
    assert owner.get(address, {"at": 4}).status_code == 404


def test_a_change_leads_to_its_version_as_long_as_that_can_be_shown(owner, call_tool, honey):
    call_tool("add_to_cart", product_id="honey")
    call_tool("add_to_cart", product_id="honey")
    cart = Cart.objects.get()
    address = reverse("dashboard-session", args=[cart.session.public_id])

    assert "?at=1" in owner.get(address).text
    Cart.objects.update(version=KEPT_VERSIONS + 2)
    page = owner.get(address).text
    assert "?at=2" in page
    assert "?at=1&" not in page
    assert '?at=1"' not in page


def test_a_session_without_calls_or_cart_has_a_page(owner, make_session):
    session = make_session()
    page = owner.get(reverse("dashboard-session", args=[session.public_id]))

    assert "The cart is empty." in page.text
    assert reverse("admin:carts_session_change", args=[session.pk]) not in page.text


def test_an_unknown_session_has_none(owner):
    assert owner.get(reverse("dashboard-session", args=["s_nobody"])).status_code == 404


@pytest.mark.parametrize("n", [1, 25])
def test_a_sessions_page_costs_the_same_for_one_call_and_for_many(
    owner, django_assert_num_queries, call_tool, make_product, n
):
    for number in range(n):
        call_tool("add_to_cart", product_id=make_product(f"Product {number}").public_id)
    address = reverse("dashboard-session", args=[Session.objects.get().public_id])

    # Session, user; session, cart, its lines; lines and newer changes; calls, their changes, those on pages; links;
    # warnings.
    with django_assert_num_queries(12):
        owner.get(address, {"at": 0})
    with django_assert_num_queries(10):
        owner.get(address)


def test_a_long_timeline_has_pages(owner, make_session, make_call):
    session = make_session()
    for _ in range(60):
        make_call(session)
    address = reverse("dashboard-session", args=[session.public_id])
    first = owner.get(address).context["timeline"]
    second = owner.get(address, {"cursor": first.cursor}).context["timeline"]

    assert (len(first.steps), len(second.steps), second.cursor) == (50, 10, "")


def test_a_timeline_has_pages_after_a_billion_calls(owner, make_session, make_call):
    session = make_session()
    make_call(session, pk=10**9)
    make_call(session, pk=10**10)
    cursor = timeline(session, limit=1).cursor
    page = owner.get(reverse("dashboard-session", args=[session.public_id]), {"cursor": cursor})

    assert [step.call.pk for step in page.context["timeline"].steps] == [10**9]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Jerusalem", "America/New_York"])
@pytest.mark.parametrize("asked", [{"since": "0001-01-01"}, {"until": "9999-12-31"}, {"since": "9999-12-31"}])
def test_days_at_the_ends_of_time_still_have_a_page(owner, settings, asked, zone):
    settings.TIME_ZONE = zone

    assert owner.get(LIST, asked).status_code == 200


def test_a_timeline_tells_when_coupon_and_budget_changed(owner, call_tool, honey, store):
    Coupon.objects.create(store=store, code="SAVE10", code_key="save10", kind="percent", value=10)
    call_tool("add_to_cart", product_id="shop:honey", budget=50)
    call_tool("apply_coupon", code="SAVE10")
    call_tool("apply_coupon", code="")
    shown = owner.get(f"/dashboard/sessions/{Session.objects.get().public_id}/")

    steps = [[(each.term, each.before, each.after) for each in step.terms] for step in shown.context["timeline"].steps]
    assert steps == [[("coupon", "SAVE10", "")], [("coupon", "", "SAVE10")], [("budget", "", "₪50.00")]]
    assert "SAVE10" in shown.text


def test_a_test_is_left_out_of_the_list(owner, make_session):
    kept, test = make_session(1), make_session(2)

    answer = owner.post(reverse("dashboard-leave-out", args=[test.public_id]), follow=True)

    assert "no number counts this conversation" in answer.text
    assert kept.public_id in answer.text and test.public_id not in answer.text


def test_who_may_only_look_leaves_nothing_out(client, make_session, django_user_model):
    client.force_login(django_user_model.objects.create_user("looker", is_staff=True))
    session = make_session(1)

    assert client.post(reverse("dashboard-leave-out", args=[session.public_id])).status_code == 403
    session.refresh_from_db()
    assert not session.is_check
