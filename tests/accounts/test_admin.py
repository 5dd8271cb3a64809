"""API keys in Django's admin."""

import pytest
from django.urls import reverse

from accounts.models import ApiKey
from accounts.services import create_key, find_key

LIST = "admin:accounts_apikey_changelist"


@pytest.mark.parametrize("keys", [1, 25])
def test_keys_are_listed_at_the_same_cost(admin_client, django_assert_num_queries, keys):
    for n in range(keys):
        create_key(f"script {n}")

    with django_assert_num_queries(4):  # session, user, capped count, rows
        page = admin_client.get(reverse(LIST))

    assert page.text.count("script ") >= keys


def test_neither_key_nor_digest_is_shown(admin_client):
    record, key = create_key("reports")

    for page in (reverse(LIST), reverse("admin:accounts_apikey_change", args=[record.pk])):
        text = admin_client.get(page).text
        assert record.ending in text
        assert key not in text
        assert record.digest not in text


def test_a_key_is_revoked_from_the_list(admin_client):
    record, key = create_key("reports")

    answer = admin_client.post(
        reverse(LIST),
        {"action": "revoke", "_selected_action": [record.pk]},
        follow=True,
        headers={"accept-language": "en"},
    )

    assert "1 key was revoked." in answer.text
    assert find_key(key) is None


def test_keys_are_neither_made_nor_deleted_here(admin_client):
    record, _ = create_key("reports")

    assert admin_client.get(reverse("admin:accounts_apikey_add")).status_code == 403
    assert (
        admin_client.post(reverse("admin:accounts_apikey_delete", args=[record.pk]), {"post": "yes"}).status_code == 403
    )
    assert ApiKey.objects.exists()
