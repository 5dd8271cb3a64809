"""The owner's orders."""

import csv
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from catalog.models import Store
from orders.models import Order, OrderState
from orders.services.changing import LineEdit, change_lines
from orders.services.states import SHOPPER, Who, advance, cancel, note_payment
from tests.orders.ordering import courier, details, fill, order, pickup, to_haifa

__all__ = ["courier", "details", "fill", "order", "pickup", "to_haifa"]

LIST = reverse("dashboard-orders")
OWNER = Who(Order.Actor.OWNER, "owner")
PEOPLE = ("Dana Levi", "050-2345678", "Dana@Example.com")


@pytest.fixture
def placed(honey, fill, order):
    return order(fill(honey=2))


@pytest.fixture
def helper(client, db):
    """A member of staff who may see and change orders, and no people."""
    user = User.objects.create_user("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_order", "change_order"]))
    client.force_login(user)
    return client


def page(order, name="dashboard-order"):
    return reverse(name, args=[order.number])


def act(owner, order, **form):
    return owner.post(page(order, "dashboard-order-act"), {"version": order.version} | form, follow=True)


def numbers(answer):
    return [found.shown_number for found in answer.context["rows"]]


def test_orders_are_listed_with_their_buyers_new_first(honey, fill, order, owner):
    first, second = (order(fill(f"chat-{n}", honey=1), key=str(n)) for n in range(2))

    answer = owner.get(LIST)

    assert numbers(answer) == [second.shown_number, first.shown_number]
    assert "2 new orders wait" in answer.text
    assert 'data-badge="2"' in answer.text
    assert "Dana Levi" in answer.text


def test_the_list_names_three_of_an_orders_products_and_says_if_there_are_more(fill, order, owner, make_product):
    for name in ("Honey", "Jam", "Milk", "Rice"):
        make_product(name)
    three = order(fill("chat-1", honey=1, jam=1, milk=1), key="1")
    told = owner.get(LIST).text
    order(fill("chat-2", honey=1, jam=1, milk=1, rice=1), key="2")

    assert three.lines.count() == 3
    assert ("<bdi>Milk</bdi></span>" in told, " …</span>" in told) == (True, False)
    assert "<bdi>Milk</bdi> …</span>" in owner.get(LIST).text


@pytest.mark.parametrize(
    "query, fits",
    [
        ("state=placed", True),
        ("state=open", True),
        ("state=cancelled", False),
        ("store=shop", True),
        ("q=dana", True),
        ("q=levi", True),
        ("q=avi", False),
        ("q=%2B972502345678", True),
        ("q=02345678", True),
        ("q=DANA@example.com", True),
        ("q=000000000", False),
        ("since=2001-01-01&until=2001-01-02", False),
        ("q=%00", True),  # no text: the filter is ignored, and marked
    ],
)
def test_orders_are_found_by_state_store_day_number_name_and_phone(query, fits, placed, owner):
    assert bool(numbers(owner.get(f"{LIST}?{query}"))) is fits


def test_an_order_is_found_by_its_number_as_people_write_it(placed, owner):
    assert numbers(owner.get(f"{LIST}?q={placed.shown_number.lower()}")) == [placed.shown_number]


@pytest.mark.parametrize(
    "price, said", [("25.00", "still to be paid: <bdi>₪10.00</bdi>"), ("18.00", "to be paid back: <bdi>₪4.00</bdi>")]
)
def test_the_list_tells_what_is_due_of_an_order_that_was_paid_before_it_was_changed(price, said, placed, owner):
    note_payment(placed.number, OWNER, placed.total)
    assert said[:10] not in owner.get(LIST).text

    change_lines(placed.number, OWNER, [LineEdit(0, 2, Decimal(price))], "weight")

    for shown in (owner.get(LIST).text, owner.get(page(placed)).text):
        assert said in shown


@pytest.mark.slow
@pytest.mark.parametrize("many", [1, 12])
def test_the_list_takes_as_many_queries_for_any_number_of_orders(
    many, honey, fill, order, owner, django_assert_num_queries
):
    for n in range(many):
        order(fill(f"chat-{n}", honey=1), key=str(n), phone=f"050-11111{n:02d}", email="")
    owner.get(LIST)

    with django_assert_num_queries(8):  # sign-in, user, stores, orders and theirs, lines, new ones, open warnings
        owner.get(LIST)


def test_an_order_shows_what_was_bought_and_leads_to_its_conversation(placed, owner):
    shown = owner.get(page(placed)).text

    for text in (*PEOPLE, "Honey", "40.00", placed.session.public_id, "Packing slip"):
        assert text in shown


def test_the_owner_brings_an_order_on(placed, owner):
    answer = act(owner, placed, do="confirmed")

    found = Order.objects.get()
    assert found.state == "confirmed"
    assert found.events.last().who == "admin"
    assert "Done." in answer.text


def test_a_page_that_is_behind_is_told_so(placed, owner):
    advance(placed.number, OrderState.CONFIRMED, OWNER)

    answer = act(owner, placed, do="cancel", reason="late")

    assert "since you opened the page" in answer.text
    assert Order.objects.get().state == "confirmed"


def test_an_order_is_cancelled_with_a_reason_only(placed, owner):
    assert "Write why" in act(owner, placed, do="cancel", reason="").text
    assert Order.objects.get().state == "placed"

    act(owner, placed, do="cancel", reason="Sold out.")
    assert Order.objects.get().cancel_reason == "Sold out."


def test_the_owner_changes_what_is_in_an_order(placed, owner):
    form = {"version": placed.version, "line0-quantity": "1", "line0-unit_price": "20", "line0-remark": "bruised"}

    answer = owner.post(page(placed, "dashboard-order-change"), form | {"why": "One was broken."}, follow=True)

    assert "costs now" in answer.text
    assert (Order.objects.get().total, Order.objects.get().first_total) == (20, 40)


@pytest.mark.parametrize("quantity, price", [("-1", "20"), ("x", "20"), ("1", "-2"), ("1", "1.234"), ("0", "20")])
def test_a_change_that_makes_no_sense_is_refused_on_the_form(quantity, price, placed, owner):
    form = {"version": placed.version, "line0-quantity": quantity, "line0-unit_price": price, "why": "x"}

    answer = owner.post(page(placed, "dashboard-order-change"), form)

    assert answer.status_code == 200
    assert Order.objects.get().version == placed.version


def test_payments_are_noted_and_paying_back_needs_its_own_permission(placed, helper):
    act(helper, placed, do="paid", amount="40.00")
    found = Order.objects.get()
    assert found.payment_state == "paid"

    refused = act(helper, found, do="refund", amount="10", reason="x")

    assert refused.status_code == 403
    assert Order.objects.get().refunded == 0


def test_the_owner_pays_back(placed, owner):
    note_payment(placed.number, OWNER, placed.total)

    act(owner, Order.objects.get(), do="refund", amount="40", reason="all of it")

    assert Order.objects.get().payment_state == "refunded"


def test_what_a_buyer_wrote_is_shown_to_who_may_see_people(placed, owner):
    cancel(placed.number, SHOPPER, "Dana moved to Akko")
    admin_page = reverse("admin:orders_order_change", args=[placed.pk])

    assert "Dana moved" in owner.get(page(placed)).text
    assert "Dana moved" in owner.get(admin_page).text


def test_what_a_buyer_wrote_is_not_shown_to_who_may_not_see_people(placed, helper):
    cancel(placed.number, SHOPPER, "Dana moved to Akko")

    for address in (page(placed), reverse("admin:orders_order_change", args=[placed.pk])):
        answer = helper.get(address)
        assert answer.status_code == 200
        assert "Dana moved" not in answer.text


def test_who_may_not_see_people_sees_none_and_cannot_search_them(placed, helper):
    note = {"note": "leave it with Ruth", "street": "12 Herzl St"}
    Order.objects.update(**note)

    for address in (LIST, page(placed), page(placed, "dashboard-order-slip"), reverse("dashboard-orders-export")):
        shown = helper.get(address).content.decode()
        assert placed.shown_number in shown
        for text in (*PEOPLE, *note.values()):
            assert text not in shown
    assert numbers(helper.get(f"{LIST}?q=dana")) == []
    assert numbers(helper.get(f"{LIST}?q={placed.number}")) == [placed.shown_number]


def test_staff_without_the_permission_see_no_orders(placed, client, db):
    client.force_login(User.objects.create_user("other", is_staff=True))

    assert client.get(LIST).status_code == 403
    assert client.get(page(placed)).status_code == 403
    assert act(client, placed, do="confirmed").status_code == 403
    assert Order.objects.get().state == "placed"


def test_a_stranger_is_sent_to_sign_in(placed, client):
    assert client.get(LIST).status_code == 302


def test_the_file_holds_every_line_and_no_formula(honey, tea, fill, order, owner):
    order(fill(honey=2, tea=1), name="=cmd()", note="+1")

    rows = list(csv.DictReader(StringIO(owner.get(reverse("dashboard-orders-export")).content.decode("utf-8-sig"))))

    assert [(row["Name"], row["Quantity"], row["Total"]) for row in rows] == [
        ("Honey", "2", "49.90"),
        ("Tea", "1", ""),
    ]
    assert rows[0]["Buyer"] == "'=cmd()"
    assert rows[0]["Note"] == "'+1"


def test_an_unknown_order_is_not_there(owner):
    assert owner.get(reverse("dashboard-order", args=["K7M29QXFM"])).status_code == 404


def test_the_packing_slip_and_the_csv_file_tell_the_stores_day(placed, owner):
    Store.objects.update(time_zone="Pacific/Auckland")
    Order.objects.update(placed_at=datetime(2026, 11, 26, 13, 30, tzinfo=UTC))

    assert "Nov. 27, 2026, 02:30" in owner.get(page(placed, "dashboard-order-slip")).text
    assert "2026-11-27T02:30:00+13:00" in owner.get(reverse("dashboard-orders-export")).text
