"""Keys are made, found and revoked."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from accounts.models import ApiKey, ApiKeyQuerySet
from accounts.services import create_key, find_key, note_use, revoke_keys
from shopmcp.errors import InvalidArguments

pytestmark = pytest.mark.django_db


def test_a_key_is_found_by_itself_and_kept_nowhere():
    record, key = create_key("reports")

    assert find_key(key) == record
    assert record.ending == key[-4:]
    assert key not in str(ApiKey.objects.values().get())


@pytest.mark.parametrize("wrong", ["", "shopmcp_", "shopmcp_wrong", "wrong", "\udcff", "shopmcp_\udcff"])
def test_what_is_no_key_is_not_found(wrong):
    create_key("reports")

    assert find_key(wrong) is None


def test_a_key_opens_nothing_once_it_has_expired():
    record, key = create_key("reports", expires_in=timedelta(hours=1))
    assert record.is_valid

    ApiKey.objects.update(expires_at=timezone.now())

    assert find_key(key) is None
    assert not ApiKey.objects.get().is_valid


def test_a_revoked_key_opens_nothing_and_keeps_its_moment():
    _, key = create_key("reports")
    _, other = create_key("other")

    assert revoke_keys(ApiKey.objects.filter(name="reports")) == 1
    moment = ApiKey.objects.get(name="reports").revoked_at
    assert revoke_keys(ApiKey.objects.filter(name="reports")) == 0

    assert find_key(key) is None
    assert find_key(other) is not None
    assert ApiKey.objects.get(name="reports").revoked_at == moment


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "two\nlines", "nul\x00"])
def test_a_name_that_is_none_makes_no_key(name):
    with pytest.raises(InvalidArguments):
        create_key(name)

    assert not ApiKey.objects.exists()


def test_use_is_noted_at_most_once_a_minute(django_assert_num_queries):
    record, _ = create_key("reports")
    note_use(record)
    assert ApiKey.objects.filter(last_used_at__isnull=False).exists()

    with django_assert_num_queries(0):
        note_use(ApiKey(pk=record.pk, last_used_at=timezone.now()))

    long_ago = timezone.now() - timedelta(minutes=2)
    ApiKey.objects.update(last_used_at=long_ago)
    note_use(ApiKey.objects.get())
    assert ApiKey.objects.filter(last_used_at__gt=long_ago + timedelta(minutes=1)).exists()


def test_a_busy_database_costs_nobody_an_answer(monkeypatch):
    record, _ = create_key("reports")

    def busy(*args, **fields):
        raise DatabaseError("database is locked")

    monkeypatch.setattr(ApiKeyQuerySet, "update", busy)
    note_use(record)

    assert ApiKey.objects.get().last_used_at is None
