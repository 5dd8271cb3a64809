"""Clients and tokens in Django's admin."""

import pytest
from django.urls import reverse
from oauth2_provider.models import AccessToken, Application, RefreshToken

from accounts.oauth.tokens import holder_of

NAMES = ("application", "accesstoken", "refreshtoken")


def address(name, page, *of):
    return reverse(f"admin:oauth2_provider_{name}_{page}", args=of)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_secret_is_shown(app, dana, client, admin_client, name):
    given = app.signs_in(client)
    model = {"application": Application, "accesstoken": AccessToken, "refreshtoken": RefreshToken}[name]
    row = model.objects.get()
    secrets = [given["access_token"], given["refresh_token"], getattr(row, "token_checksum", row.pk)]

    for page in (address(name, "changelist"), address(name, "change", row.pk)):
        text = admin_client.get(page).text
        assert "Chat" in text
        assert not any(str(secret) in text for secret in secrets if len(str(secret)) > 8)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_made_or_changed_here(app, dana, client, admin_client, name):
    app.signs_in(client)
    row = AccessToken.objects.get() if name == "accesstoken" else RefreshToken.objects.get()
    row = Application.objects.get() if name == "application" else row

    assert admin_client.get(address(name, "add")).status_code == 403
    assert admin_client.post(address(name, "change", row.pk), {"name": "Other"}).status_code == 403
    assert Application.objects.get().name == "Chat"


@pytest.mark.parametrize("name", ["accesstoken", "refreshtoken"])
def test_a_token_is_ended_from_the_list(app, dana, client, admin_client, name):
    given = app.signs_in(client)
    row = (AccessToken if name == "accesstoken" else RefreshToken).objects.get()

    answer = admin_client.post(
        address(name, "changelist"),
        {"action": "revoke", "_selected_action": [row.pk]},
        follow=True,
        headers={"accept-language": "en"},
    )

    assert "1 token was ended." in answer.text
    assert holder_of(given["access_token"]) is None
    assert app.refresh(given["refresh_token"]).status_code == 400


def test_deleting_a_client_ends_what_its_tokens_open(app, dana, client, admin_client):
    given = app.signs_in(client)

    admin_client.post(address("application", "delete", Application.objects.get().pk), {"post": "yes"})

    assert holder_of(given["access_token"]) is None


def test_codes_are_not_in_the_admin(admin_client):
    assert "grant" not in admin_client.get("/admin/").text.casefold()


def test_lists_cost_the_same_for_many(app, dana, client, admin_client, django_assert_max_num_queries):
    for _ in range(5):
        app.signs_in(client)

    for name in NAMES:
        with django_assert_max_num_queries(4):  # session, user, capped count, rows
            admin_client.get(address(name, "changelist"))
