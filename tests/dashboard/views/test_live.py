from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from carts.models import Cart, Line, SessionWarning

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

    assert page.context["now"].unkeyed == 1
    assert page.text.index("Chats come without a conversation id") < page.text.index("Active sessions")
    assert reverse("dashboard-warning", args=["unkeyed"]) in page.text


def test_without_warnings_the_page_says_that_chats_are_told_apart(owner, call_tool, honey):
    call_tool("view_cart")

    assert "Every chat is told apart" in owner.get(LIVE).text


def test_the_presets_choose_by_state(owner, make_session, honey):
    with_cart, idle, unkeyed = (
        make_session(1),
        make_session(2, ago=timedelta(hours=2)),
        make_session(3, source="cart_id"),
    )
    cart = Cart.objects.create(public_id="c_1", session=with_cart, currency="ILS", item_count=1)
    Line.objects.create(cart=cart, product=honey, quantity=1, price_when_added=20, price_told=20)

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


def test_calls_are_drawn_in_their_hour_and_written_in_the_table(owner, make_session, make_call):
    session = make_session()
    for _ in range(3):
        make_call(session, ago=timedelta(hours=2))
    chart = owner.get(LIVE).context["charts"]["calls"]

    assert len(chart.bars) == 24
    assert [bar.value for bar in chart.bars][-4:] == [0, 3, 0, 0]
    assert chart.most == 3


def test_unkeyed_calls_are_counted_once_however_often_the_page_is_read(owner, make_call):
    unkeyed = {"warning": "unkeyed"}
    make_call(**unkeyed, ago=timedelta(days=2))
    make_call(**unkeyed)
    counts = []
    for _ in range(2):
        counts.append(owner.get(LIVE).context["now"].unkeyed)
        make_call(**unkeyed)

    assert counts == [1, 2]


@pytest.mark.parametrize("n", [1, 25])
def test_the_page_costs_the_same_for_one_session_and_for_many(
    owner, django_assert_num_queries, make_session, make_call, make_product, n
):
    for number in range(n):
        session = make_session(number)
        make_call(session)
        product = make_product(f"Product {number}")
        cart = Cart.objects.create(public_id=f"c_{number}", session=session, currency="ILS", item_count=1)
        Line.objects.create(cart=cart, product=product, quantity=1, price_when_added=20, price_told=20)
        SessionWarning.objects.create(
            kind="unkeyed", client=f"client {number}", first_at=timezone.now(), last_at=timezone.now()
        )

    # Session, user; warnings, rotating ids; bounds, sessions, carts, lines; active, carts, values, unkeyed before and
    # lately; two charts.
    with django_assert_num_queries(15):
        owner.get(LIVE)


def test_a_client_that_changes_its_id_with_every_call_is_told(owner, make_session, make_call):
    for n in range(25):
        make_call(make_session(n, client="forgetful"))
    page = owner.get(LIVE)

    assert "A new conversation with nearly every call" in page.text
    assert "forgetful" in page.text


def test_names_from_outside_are_shown_as_text(owner, make_session, make_product):
    session = make_session(client="<script>alert(1)</script>")
    product = make_product("<img src=x onerror=alert(1)>")
    cart = Cart.objects.create(public_id="c_1", session=session, currency="ILS", item_count=1)
    Line.objects.create(cart=cart, product=product, quantity=1, price_when_added=20, price_told=20)
    text = owner.get(LIVE).text

    assert "<script>alert" not in text
    assert "<img src=x" not in text
