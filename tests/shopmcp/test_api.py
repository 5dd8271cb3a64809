"""The JSON API as a whole: who may ask, how often, how it refuses, and what its description says."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from accounts.models import ApiKey, Scope
from accounts.services import create_key, revoke_keys
from carts.models import Session, SessionWarning
from catalog.models import Store
from shopmcp.api import api as whole_api
from shopmcp.db.outcome import Unsettled
from tests.api import Script, script

pytestmark = pytest.mark.django_db


def operations():
    document = whole_api.get_openapi_schema(path_prefix="/api/")
    return [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


OPERATIONS = operations()
NAMES = [f"{method} {path}" for method, path, _ in OPERATIONS]


@pytest.fixture
def store():
    return Store.objects.create(slug="shop", name="The Shop", currency="ILS", language="en")


@pytest.fixture
def warning():
    now = timezone.now()
    return SessionWarning.objects.create(kind="unkeyed", first_at=now, last_at=now)


@pytest.fixture
def session():
    return Session.objects.create(public_id="s_aaaaaaaaaaaaaaaa", source="openai/session")


def ask(client, method, path, **options):
    for place in ("{session_id}", "{cart_id}", "{product_id}"):
        path = path.replace(place, "s_aaaaaaaaaaaaaaaa")
    path = path.replace("{option_id}", "1").replace("{coupon_id}", "1")
    path = path.replace("{warning_id}", str(getattr(SessionWarning.objects.first(), "pk", 1)))
    body = {"data": json.dumps({"state": "fixed"}), "content_type": "application/json"} if method == "patch" else {}
    return getattr(client, method)(path, **body, **options)


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=NAMES)
def test_nobody_is_answered_without_saying_who_they_are(client, warning, session, method, path, operation):
    answer = ask(client, method, path)

    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthorized"
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert SessionWarning.objects.open().exists()
    assert Session.objects.exists()


@pytest.mark.parametrize("header", ["Bearer", "Bearer wrong", "Bearer shopmcp_wrong", "Basic b3duZXI6eA==", "Bearer é"])
def test_a_key_that_is_none_is_refused(client, header):
    answer = client.get("/api/health", headers={"Authorization": header})

    assert answer.status_code == 401


def test_an_expired_and_a_revoked_key_are_refused(client):
    expired, revoked = script(client, expires_in=timedelta(days=1)), script(client)
    ApiKey.objects.filter(expires_at__isnull=False).update(expires_at=timezone.now())
    revoke_keys(ApiKey.objects.filter(expires_at=None))

    assert expired.get("health", 401)["code"] == "unauthorized"
    assert revoked.get("health", 401)["code"] == "unauthorized"


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=NAMES)
@pytest.mark.parametrize("made", [{"read_only": True, "scopes": Scope}, {"scopes": [Scope.READ, Scope.PEOPLE]}])
def test_a_key_to_read_changes_nothing(client, warning, session, method, path, operation, made):
    _, key = create_key("reports", **made)

    answer = ask(client, method, path, headers={"Authorization": f"Bearer {key}"})

    if method == "get" and ("orders" not in path or "read_only" in made):
        assert answer.status_code in (200, 404)
    else:
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "forbidden"
    assert SessionWarning.objects.open().exists()
    assert Session.objects.exists()


def test_a_member_of_staff_reads_by_their_session(admin_client):
    assert admin_client.get("/api/health").status_code == 200


def test_a_customer_s_session_opens_nothing(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("customer"))

    assert client.get("/api/health").status_code == 401


def test_a_member_of_staff_changes_something_with_the_csrf_token_alone(admin_user, warning):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(admin_user)

    def fix(**headers):
        address, body = f"/api/warnings/{warning.pk}", '{"state": "fixed"}'
        return browser.patch(address, body, content_type="application/json", headers=headers)

    refused = fix()
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "forbidden"
    assert SessionWarning.objects.open().exists()

    browser.get("/api/docs")
    token = browser.cookies["csrftoken"].value
    assert fix(**{"X-CSRFToken": token}).status_code == 200
    assert not SessionWarning.objects.open().exists()


def test_a_key_needs_no_csrf_token(warning):
    _, key = create_key("script")
    asked = Script(Client(enforce_csrf_checks=True), key)

    assert asked.patch(f"warnings/{warning.pk}", {"state": "fixed"})["state"] == "fixed"


def test_a_wrong_key_is_refused_even_where_somebody_is_signed_in(admin_client):
    assert admin_client.get("/api/health", headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_a_key_is_throttled_and_told_when_to_come_back(client, settings):
    settings.SHOPMCP_API_PER_KEY = 3
    asked, other = script(client), script(client)
    asked.get("health")
    asked.get("health")

    assert asked.get("health", 429)["code"] == "too_many_requests"
    assert 1 <= int(asked.answer["Retry-After"]) <= 60
    other.get("health")


def test_wrong_keys_are_throttled_by_address_and_lock_out_no_good_one(client, settings):
    settings.SHOPMCP_API_PER_ADDRESS = 2
    owner = script(client)
    for wrong in ("shopmcp_guess", ""):
        Script(client, wrong).get("health", 401)

    stranger = Script(client, "shopmcp_guess")
    assert stranger.get("health", 429)["code"] == "too_many_requests"
    assert "Retry-After" in stranger.answer
    for _ in range(5):
        owner.get("health")
    assert client.get("/api/health", REMOTE_ADDR="192.0.2.9").status_code == 401


def test_a_forged_forwarding_header_gives_no_other_address(client, settings):
    settings.SHOPMCP_API_PER_ADDRESS = 1
    client.get("/api/health")

    assert client.get("/api/health", headers={"X-Forwarded-For": "192.0.2.9"}).status_code == 429


def test_a_signed_in_member_of_staff_is_throttled_alone(admin_client, client, settings):
    settings.SHOPMCP_API_PER_KEY = 2

    assert [admin_client.get("/api/health").status_code for _ in range(3)] == [200, 200, 429]
    script(client).get("health")


@pytest.mark.parametrize("allowed", [False, True])
def test_a_member_of_staff_needs_the_permission_for_what_they_change(
    client, django_user_model, warning, session, allowed
):
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    if allowed:
        names = ("delete_session", "change_sessionwarning")
        clerk.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(clerk)

    fixed = client.patch(f"/api/warnings/{warning.pk}", '{"state": "fixed"}', content_type="application/json")
    deleted = client.delete(f"/api/sessions/{session.public_id}")

    assert [fixed.status_code, deleted.status_code] == ([200, 204] if allowed else [403, 403])
    assert Session.objects.exists() != allowed
    assert SessionWarning.objects.open().exists() != allowed
    if not allowed:
        assert "carts.delete_session" in deleted.json()["error"]["message"]
    assert client.get("/api/sessions").status_code == 200


@pytest.mark.parametrize(
    "path", ["/api/nothing", "/api/sessions/", "/api/", "/api/warnings/one/two", "/api/products/a%0Ab"]
)
def test_an_address_where_nothing_is_answers_in_json(client, path):
    answer = client.get(path)

    assert answer.status_code == 404
    assert set(answer.json()["error"]) == {"code", "message", "fix"}


def test_a_method_that_an_address_does_not_take_is_refused_in_json(client):
    answer = client.put("/api/warnings/1")

    assert answer.status_code == 405
    assert answer["Allow"] == "PATCH"
    assert answer.json()["error"]["code"] == "method_not_allowed"


def test_a_bug_is_logged_and_not_shown(client, break_stores, caplog):
    asked = script(client)
    break_stores(ZeroDivisionError("division by zero"))

    assert asked.get("health", 500)["code"] == "internal"
    assert "division" not in asked.answer.text
    assert "ZeroDivisionError" in caplog.text


def test_a_database_that_does_not_answer_is_no_bug(client, break_stores, caplog):
    asked = script(client)
    break_stores(OperationalError("database is locked by postgres://owner:password@host"))

    assert asked.get("health", 503)["code"] == "busy"
    assert asked.answer["Retry-After"] == "5"
    assert "password" not in asked.answer.text


def test_a_change_of_which_nothing_is_known_is_not_called_undone(client, break_stores):
    asked = script(client)
    break_stores(Unsettled("the connection broke at a COMMIT"))

    told = asked.get("health", 503)

    assert told["code"] == "uncertain"
    assert told["message"] == "The database did not answer in time, so this may have been done."


def test_a_body_that_is_too_large_is_refused(client, settings, warning):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    asked = script(client)

    assert asked.patch(f"warnings/{warning.pk}", {"state": "x" * 200}, 400)["code"] == "bad_request"


def test_refusals_speak_hebrew_and_their_codes_do_not(client):
    answer = client.get("/api/health", headers={"Accept-Language": "he"})

    assert answer.json()["error"]["code"] == "unauthorized"
    assert answer["Content-Language"] == "he"


def test_no_answer_is_for_a_cache(client):
    asked = script(client)

    for path in ("health", "sessions", "products"):
        asked.get(path)
        assert "no-store" in asked.answer["Cache-Control"]
        assert "Authorization" in asked.answer["Vary"]


def test_hebrew_is_written_as_it_is(client, store):
    store.name = "המכולת"
    store.save()
    asked = script(client)
    asked.get("stores")

    assert "המכולת" in asked.answer.text


def test_health_tells_the_stores(client, store):
    assert script(client).get("health") == {
        "status": "degraded",
        "reasons": ["nothing_for_sale"],
        "stores": [{"slug": "shop", "name": "The Shop", "products": 0}],
    }


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=NAMES)
def test_each_operation_is_described_with_its_arguments_and_refusals(method, path, operation):
    assert operation["summary"]
    assert len(operation["description"]) > 20
    assert operation["tags"]
    assert all(parameter.get("description") for parameter in operation["parameters"])
    assert {"Bearer", "StaffSession"} == {name for way in operation["security"] for name in way}
    refusals = {status: answer for status, answer in operation["responses"].items() if status >= 400}
    assert {401, 403, 429, 503} <= set(refusals)
    assert (404 in refusals) >= ("{" in path)
    assert (400 in refusals) == ("requestBody" in operation)
    for answer in refusals.values():
        shown = answer["content"]["application/json"]
        assert shown["schema"] == {"$ref": "#/components/schemas/ErrorOut"}
        assert set(shown["example"]["error"]) == {"code", "message", "fix"}


def test_the_description_is_there_for_everybody(client):
    document = client.get("/api/openapi.json").json()

    assert "/api/sessions/{session_id}" in document["paths"]
    assert document["components"]["securitySchemes"]["Bearer"]["scheme"] == "bearer"
    assert client.get("/api/docs").status_code == 200
