"""Whose a token is, and how access ends."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application, Grant, RefreshToken

from accounts.oauth.tokens import checksum_of, clean_up, holder_of
from shopmcp.mcp.access import Holder
from tests.accounts.oauth.asking import RESOURCE, App


def age(model, days, **of):
    then = timezone.now() - timedelta(days=days)
    model.objects.filter(**of).update(created=then, updated=then)


def test_a_token_names_its_person_in_one_query(app, dana, client, django_assert_num_queries):
    token = app.signs_in(client)["access_token"]

    with django_assert_num_queries(1):
        assert holder_of(token) == Holder(dana.pk, frozenset({"cart", "orders"}), checksum_of(token))


@pytest.mark.parametrize(
    "change",
    [
        {"resource": []},
        {"resource": ["http://127.0.0.1:8000/"]},
        {"resource": [RESOURCE, "https://other.example/"]},
        {"scope": ""},
        {"scope": "oauth2_provider:registration"},
        {"user": None},
        {"expires": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
)
def test_a_token_that_is_not_for_this_shop_names_nobody(app, dana, client, change):
    token = app.signs_in(client)["access_token"]
    AccessToken.objects.update(**change)

    assert holder_of(token) is None


@pytest.mark.parametrize("token", ["", "x", "\ud800", "\0", "a" * 10_000])
def test_a_made_up_token_names_nobody(db, token):
    assert holder_of(token) is None


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": True}])
def test_a_token_of_somebody_who_may_not_sign_in_names_nobody(app, dana, client, change):
    token = app.signs_in(client)["access_token"]
    User.objects.filter(pk=dana.user_id).update(**change)

    assert holder_of(token) is None


def test_a_user_who_is_no_shopper_has_no_tokens(app, dana, client):
    token = app.signs_in(client)["access_token"]
    AccessToken.objects.update(user=User.objects.create_user("somebody"))

    assert holder_of(token) is None


def test_the_clean_up_deletes_what_is_over_and_leaves_what_is_in_use(app, dana, client, capsys):
    old, used = app.signs_in(client), app.signs_in(client)
    app.code(client)
    past = timezone.now() - timedelta(days=61)
    AccessToken.objects.filter(token_checksum=checksum_of(old["access_token"])).update(expires=past)
    Grant.objects.update(expires=past)
    unused, forgotten, allowed = App(), App(), App()
    allowed.code(client)
    Grant.objects.update(expires=past)
    age(Application, 0.9, client_id=unused.id)
    age(Application, 1.1, client_id=forgotten.id)
    Application.objects.filter(client_id=allowed.id).update(created=timezone.now() - timedelta(days=8))
    age(Application, 400, client_id=app.id)

    call_command("cleanup_sessions")

    assert RefreshToken.objects.count() == AccessToken.objects.count() == 1
    assert holder_of(used["access_token"]).person == dana.pk
    assert not Grant.objects.exists()
    assert set(Application.objects.values_list("client_id", flat=True)) == {app.id, unused.id, allowed.id}


def test_a_client_that_once_had_tokens_is_kept_for_a_year(app, dana, client):
    app.signs_in(client)
    AccessToken.objects.all().delete()
    RefreshToken.objects.all().delete()
    Application.objects.update(
        created=timezone.now() - timedelta(days=500), updated=timezone.now() - timedelta(days=360)
    )
    clean_up()
    assert Application.objects.exists()

    Application.objects.update(updated=timezone.now() - timedelta(days=367))
    clean_up()

    assert not Application.objects.exists()


def test_clients_that_the_owner_made_and_documents_in_use_stay(app, dana, client):
    Application.objects.update(registration_source="manual")
    age(Application, 1000)
    clean_up()
    assert Application.objects.exists()

    Application.objects.update(registration_source="cimd")
    clean_up()

    assert not Application.objects.exists()
