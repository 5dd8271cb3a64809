"""Orders in the JSON API."""

import pytest
from django.contrib.auth.models import Permission, User

from accounts.models import Scope
from orders.models import Order
from orders.services.states import SHOPPER, cancel
from tests.api import Script, script

PEOPLE = ("Dana Levi", "050-2345678", "Dana@Example.com", "12 Herzl St", "ring twice")


@pytest.fixture
def api(client, db):
    return script(client, scopes=[Scope.READ, Scope.ORDERS])


@pytest.fixture
def people(client, db):
    return script(client, scopes=[Scope.READ, Scope.ORDERS, Scope.PEOPLE])


@pytest.fixture
def placed(honey, tea, fill, order, to_haifa):
    typed = {name: getattr(to_haifa, name) for name in to_haifa.__slots__} | {"note": "ring twice"}
    return order(fill(honey=2, tea=1), **typed)


def test_orders_are_listed_with_their_lines_and_sums(placed, api):
    (found,) = api.get("orders")["orders"]

    assert found["number"] == placed.number
    assert (found["state"], found["total"]["amount"], found["due"]["amount"]) == ("placed", "74.90", "74.90")
    assert [(line["product_id"], line["quantity"]) for line in found["lines"]] == [("shop:honey", 2), ("shop:tea", 1)]


def test_buyers_are_for_keys_with_the_scope_people(placed, api, people):
    for path in ("orders", f"orders/{placed.number}"):
        api.get(path)
        for text in PEOPLE:
            assert text not in api.answer.text
        people.get(path)
        for text in PEOPLE:
            assert text in people.answer.text
    assert api.get("orders", search="dana")["orders"] == []
    assert len(people.get("orders", search="dana")["orders"]) == 1
    assert len(api.get("orders", search=placed.shown_number)["orders"]) == 1


def test_a_key_without_the_scope_orders_sees_none(placed, client, db):
    old = script(client)

    assert old.get("orders", 403)["code"] == "forbidden"
    assert old.get(f"orders/{placed.number}", 403)
    assert old.patch(f"orders/{placed.number}", {"state": "confirmed"}, 403)
    assert Order.objects.get().state == "placed"


def test_a_key_for_orders_alone_opens_nothing_else(placed, client, api):
    from accounts.services import create_key

    only = Script(client, create_key("erp", scopes=[Scope.ORDERS])[1])

    assert only.get("orders")["orders"]
    assert only.get("sessions", 403)["code"] == "forbidden"


def test_an_order_is_brought_on_and_cancelled(placed, api):
    assert api.patch(f"orders/{placed.shown_number}", {"state": "confirmed"})["state"] == "confirmed"
    assert Order.objects.get().events.last().who == "API: test"

    assert api.patch(f"orders/{placed.number}", {"state": "cancelled"}, 422)["code"] == "invalid_details"
    assert api.patch(f"orders/{placed.number}", {"state": "cancelled", "reason": "why"})["cancel_reason"] == "why"
    assert api.patch(f"orders/{placed.number}", {"state": "ready"}, 409)["code"] == "wrong_state"


def test_a_read_only_key_brings_nothing_on(placed, client, db):
    key = script(client, read_only=True, scopes=[Scope.READ, Scope.ORDERS])

    assert key.patch(f"orders/{placed.number}", {"state": "confirmed"}, 403)
    assert Order.objects.get().state == "placed"


@pytest.mark.parametrize("state, many", [("open", 1), ("placed", 1), ("cancelled", 0), ("", 1)])
def test_orders_are_filtered(state, many, placed, api):
    assert len(api.get("orders", state=state)["orders"]) == many
    assert api.get("orders", state=state, store="other")["orders"] == []
    assert api.get("orders", state=state, until="2001-01-01")["orders"] == []


def test_an_unknown_order_is_not_found(placed, api):
    assert api.get("orders/K7M29QXFM", 404)["code"] == "not_found"


def test_pages_hold_each_order_once(honey, fill, order, api):
    made = [order(fill(f"chat-{n}", honey=1), key=str(n), phone=f"050-11111{n:02d}", email="").number for n in range(5)]

    assert [found["number"] for found in api.walk("orders", "orders", limit=2)] == made[::-1]


@pytest.mark.parametrize("many", [1, 10])
def test_the_list_takes_as_many_queries_for_any_number_of_orders(
    many, honey, fill, order, api, django_assert_num_queries
):
    for n in range(many):
        order(fill(f"chat-{n}", honey=1), key=str(n), phone=f"050-11111{n:02d}", email="")
    with django_assert_num_queries(4):  # key, orders, stores, lines
        api.get("orders")


def test_staff_need_the_permissions_that_their_pages_need(placed, client, db):
    user = User.objects.create_user("helper", is_staff=True)
    client.force_login(user)
    staff = Script(client, "")

    assert staff.get("orders", 403)
    user.user_permissions.set(Permission.objects.filter(codename="view_order"))
    assert staff.get("orders")["orders"][0]["buyer"] is None
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_order", "see_people"]))
    assert staff.get("orders")["orders"][0]["buyer"]["name"] == "Dana Levi"


def test_what_a_buyer_wrote_is_told_with_people_alone(placed, api, people):
    cancel(placed.number, SHOPPER, "Dana moved to Akko")

    assert api.get(f"orders/{placed.number}")["cancel_reason"] == ""
    assert people.get(f"orders/{placed.number}")["cancel_reason"] == "Dana moved to Akko"
