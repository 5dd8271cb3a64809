"""Keys of the JSON API on the owner's pages."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import ApiKey
from accounts.services import create_key, find_key

LIST = reverse("dashboard-keys")
ASKED = {"name": "stock report", "scopes": ["read"], "days": "90"}


def shown(page):
    return re.findall(r"shopmcp_[\w-]+", page.text)


def test_a_key_is_shown_once(owner, db):
    page = owner.post(LIST, ASKED, follow=True)

    (key,) = shown(page)
    record = find_key(key)
    assert (record.name, record.read_only, record.scopes) == ("stock report", True, "read")
    assert record.expires_at is not None
    assert shown(owner.get(LIST)) == []
    assert f"…{key[-4:]}" in owner.get(LIST).text


def test_an_update_in_place_does_not_take_the_key_from_the_page_that_waits_for_it(owner, db):
    owner.post(LIST, ASKED)

    assert shown(owner.get(LIST, headers={"HX-Request": "true"})) == []
    assert len(shown(owner.get(LIST))) == 1


def test_a_key_that_may_change_what_is_sold_is_not_read_only(owner, db):
    (key,) = shown(owner.post(LIST, {**ASKED, "scopes": ["read", "catalogue"], "days": "0"}, follow=True))

    record = find_key(key)
    assert (record.read_only, record.scopes, record.expires_at) == (False, "read catalogue", None)


def test_a_revoked_key_opens_nothing(owner, db):
    record, key = create_key("till")

    owner.post(reverse("dashboard-key-revoke", args=[record.pk]))

    assert find_key(key) is None
    assert "revoked" in owner.get(LIST).text


@pytest.mark.parametrize("wrong", [{"name": " "}, {"name": "a\0b"}, {"scopes": []}, {"scopes": ["all"]}, {"days": "7"}])
def test_what_is_wrong_is_told_and_no_key_is_made(owner, db, wrong):
    answer = owner.post(LIST, {**ASKED, **wrong})

    assert answer.status_code == 200 and 'class="mistake"' in answer.text
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize(("scope", "status"), [("read", 302), ("orders", 403), ("people", 403), ("catalogue", 403)])
def test_nobody_makes_a_key_that_may_do_more_than_they(client, db, django_user_model, scope, status):
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(*Permission.objects.filter(codename__in=("view_apikey", "add_apikey")))
    client.force_login(clerk)

    assert client.post(LIST, {**ASKED, "scopes": [scope]}).status_code == status
    assert ApiKey.objects.exists() == (status == 302)


def test_who_may_not_see_keys_sees_none(client, db, django_user_model):
    record, _key = create_key("till")
    client.force_login(django_user_model.objects.create_user("looker", is_staff=True))

    assert client.get(LIST).status_code == 403
    assert client.post(reverse("dashboard-key-revoke", args=[record.pk])).status_code == 403
    record.refresh_from_db()
    assert record.revoked_at is None


@pytest.mark.parametrize("count", [1, 25])
def test_the_list_costs_the_same_for_one_key_and_for_many(owner, db, django_assert_num_queries, count):
    for n in range(count):
        create_key(f"key {n}")

    with django_assert_num_queries(4):  # session, user; keys; warnings
        owner.get(LIST)
