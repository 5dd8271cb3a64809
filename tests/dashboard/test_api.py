"""Webhooks in the JSON API."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User

from accounts.models import Scope
from outbox.models import Endpoint, Message
from outbox.services import announce, deliver
from outbox.services.endpoints import MOST_ENDPOINTS, make_endpoint
from tests.api import script
from tests.catalog.imports.serving import certificate
from tests.outbox.receiving import receiver

__all__ = ["certificate", "receiver"]
NEW: dict[str, Any] = {"address": "https://erp.example.com/hooks/s3cret", "event_types": ["stock.low"]}


@pytest.fixture
def erp(db):
    return make_endpoint(**NEW)


def test_a_webhook_is_made_with_its_secret_and_never_tells_it_again(api):
    made = api.post("webhooks", {**NEW, "name": "ERP"}, 201)

    endpoint = Endpoint.objects.get()
    assert made.pop("secret") == endpoint.secret
    assert (made["id"], made["host"], made["state"]) == (endpoint.public_id, "https://erp.example.com", "active")
    assert api.get(f"webhooks/{made['id']}") == made
    assert api.get("webhooks")["webhooks"] == [made]
    for path in ("webhooks", f"webhooks/{made['id']}", f"webhooks/{made['id']}/messages"):
        api.get(path)
        assert not any(secret in api.answer.text for secret in (endpoint.secret, "s3cret"))


def test_a_webhook_is_changed_paused_resumed_and_deleted(api, erp):
    path = f"webhooks/{erp.public_id}"

    changed = api.patch(path, {"name": "Till", "event_types": ["stock.low", "cart.abandoned"], "active": False})
    assert (changed["name"], changed["state"]) == ("Till", "paused")
    assert changed["event_types"] == ["cart.abandoned", "stock.low"]
    assert api.post(f"{path}/test", {}, 409)["code"] == "kept"
    assert api.patch(path, {"active": True})["state"] == "active"

    api.delete(path)
    assert not Endpoint.objects.exists()


def test_a_test_is_sent_logged_and_replayed(api, receiver):
    endpoint = make_endpoint(receiver.url, ["stock.low"])
    path = f"webhooks/{endpoint.public_id}"
    receiver.answer = lambda handler: (410 if len(receiver.requests) == 1 else 200, {})
    sent = api.post(f"{path}/test", {}, 201)
    deliver()

    (logged,) = api.get(f"{path}/messages")["messages"]
    assert (logged["id"], logged["type"], logged["state"]) == (sent["id"], "webhook.test", "failed")
    assert [attempt["status"] for attempt in logged["attempts"]] == [410]

    assert api.patch(path, {"active": True})["state"] == "active"
    assert api.post(f"{path}/messages/{sent['id']}/replay", {})["state"] == "waiting"
    deliver()
    assert api.get(f"{path}/messages")["messages"][0]["state"] == "sent"
    assert len(set(receiver.ids)) == 1


def test_a_new_secret_is_told_once_and_the_old_one_signs_too(api, receiver):
    endpoint = make_endpoint(receiver.url, ["stock.low"])
    told = api.post(f"webhooks/{endpoint.public_id}/secret", {})
    announce("stock.low", {})
    deliver()

    assert receiver.verified(endpoint.secret) == receiver.verified(told["secret"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "erp"},
        {"address": "https://127.0.0.1/x"},
        {"address": "https://user:word@erp.example.com/"},
        {"address": "https://erp.example.com:99999/"},
        {"event_types": []},
        {"event_types": ["order.lost"]},
        {"secret": "whsec_mine"},
        {"name": "a\u0000b"},
    ],
)
def test_wrong_values_are_refused_and_change_nothing(api, erp, wrong):
    before = Endpoint.objects.values().get()

    assert api.post("webhooks", NEW | wrong, 422)["code"] == "invalid_arguments"
    assert api.patch(f"webhooks/{erp.public_id}", wrong, 422)["code"] == "invalid_arguments"
    assert Endpoint.objects.values().get() == before


def test_a_key_without_people_neither_lets_buyers_be_named_nor_turns_a_webhook_that_names_them(api, erp):
    assert api.post("webhooks", {**NEW, "with_people": True}, 403)["code"] == "forbidden"
    Endpoint.objects.update(with_people=True)
    path = f"webhooks/{erp.public_id}"

    for change in ({"address": "https://other.example.com/"}, {"with_people": False}, {"active": False}):
        assert api.patch(path, change, 403)["code"] == "forbidden"
    assert api.post(f"{path}/secret", {}, 403)["code"] == "forbidden"
    assert Endpoint.objects.filter(address=NEW["address"], with_people=True, is_active=True).count() == 1


def test_a_key_needs_orders_for_a_webhook_that_tells_of_them_and_people_for_their_buyers(client, api, erp):
    orders = {"event_types": ["payment.changed"]}
    assert api.post("webhooks", NEW | orders, 403)["code"] == "forbidden"
    assert api.patch(f"webhooks/{erp.public_id}", orders, 403)["code"] == "forbidden"
    assert script(client, scopes=[Scope.READ, Scope.ORDERS]).post("webhooks", NEW, 403)["code"] == "forbidden"
    assert not Endpoint.objects.exclude(pk=erp.pk).exists()

    wider = script(client, scopes=[Scope.READ, Scope.CATALOGUE, Scope.ORDERS, Scope.PEOPLE])
    assert wider.post("webhooks", NEW | orders | {"with_people": True}, 201)["with_people"] is True


def test_staff_need_the_permission_and_for_buyers_and_orders_theirs(client, erp):
    user = User.objects.create_user("clerk", is_staff=True)
    client.force_login(user)

    def post(**more):
        return client.post("/api/webhooks", NEW | more, content_type="application/json").status_code

    assert post() == 403
    user.user_permissions.set(Permission.objects.filter(content_type__model="endpoint"))
    assert post() == 403
    user.user_permissions.add(Permission.objects.get(codename="view_product"))
    assert [post(), post(with_people=True), post(event_types=["order.placed"])] == [201, 403, 403]
    user.user_permissions.add(*Permission.objects.filter(codename__in=["see_people", "view_order"]))
    assert post(with_people=True, event_types=["order.placed"]) == 201
    assert Endpoint.objects.count() == 3


def test_what_there_is_not_is_not_found(api, erp):
    assert api.get("webhooks/we_none", 404)["code"] == "not_found"
    assert api.post(f"webhooks/{erp.public_id}/messages/msg_none/replay", {}, 404)["code"] == "not_found"
    assert not Message.objects.exists()


def test_a_shop_keeps_a_bounded_number_of_webhooks(api, erp):
    for _ in range(MOST_ENDPOINTS - 1):
        make_endpoint(**NEW)

    assert api.post("webhooks", NEW, 409)["code"] == "kept"
    assert Endpoint.objects.count() == MOST_ENDPOINTS


@pytest.mark.parametrize("count", [1, 12])
def test_lists_cost_the_same_for_any_number(api, erp, django_assert_num_queries, count):
    for _ in range(count):
        make_endpoint(**NEW)
        announce("stock.low", {})

    with django_assert_num_queries(2):  # key, webhooks
        api.get("webhooks")
    with django_assert_num_queries(4):  # key, webhook, messages, attempts
        api.get(f"webhooks/{erp.public_id}/messages")
