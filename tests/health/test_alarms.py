"""The owner is told once when a trouble begins, and once when it has ended."""

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection
from django.db.models import F
from django.utils import translation

from health.alarms import SETTLED, send_test, tell
from health.models import Alarm
from health.troubles import Trouble
from outbox.models import Message

FACTS = {"name": "Shop", "store": "shop"}
NOTHING = Trouble("nothing_for_sale", "shop", FACTS)
CLEANUP = Trouble("cleanup_late")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def owner(settings):
    settings.SHOPMCP_NOTIFY = ["owner@example.com"]


def told():
    return [message.payload["subject"] for message in Message.objects.order_by("id")]


def later(time):
    Alarm.objects.update(gone_since=F("gone_since") - time)


def test_each_is_told_once_when_it_begins_and_once_when_it_has_ended():
    for _ in range(3):
        tell([CLEANUP, NOTHING])
    assert told() == ["Shop has nothing for sale", "The cleanup has not run for days"]

    for _ in range(3):
        tell([CLEANUP])
    assert len(told()) == 2
    later(SETTLED)
    for _ in range(3):
        tell([CLEANUP])
    assert told()[2:] == ["Over: Shop has nothing for sale"]

    tell([CLEANUP, NOTHING])
    assert told()[3:] == ["Shop has nothing for sale"]


def test_what_comes_back_within_minutes_has_not_ended():
    tell([NOTHING])
    tell([])
    later(SETTLED - timedelta(seconds=1))
    tell([])
    tell([NOTHING])
    later(SETTLED)
    tell([NOTHING])

    assert told() == ["Shop has nothing for sale"]
    assert Alarm.objects.get().gone_since is None


def test_a_program_is_told_what_it_is_about():
    tell([NOTHING])
    tell([])
    later(SETTLED)
    tell([])

    begun, ended = Message.objects.order_by("id")
    assert begun.kind == ended.kind == "alarm.nothing_for_sale"
    assert begun.payload.items() >= {"state": "begun", "level": "bad", **FACTS}.items()
    assert "/dashboard/" in begun.payload["text"]
    assert ended.payload["state"] == "ended"


def test_the_same_trouble_of_two_stores_is_two():
    tell([NOTHING, Trouble("nothing_for_sale", "other", {"name": "Other", "store": "other"})])

    assert sorted(told()) == ["Other has nothing for sale", "Shop has nothing for sale"]


def test_without_anybody_to_tell_nothing_is_kept_so_that_who_comes_later_is_told(settings):
    settings.SHOPMCP_NOTIFY = []
    tell([NOTHING])
    assert not Alarm.objects.exists()

    settings.SHOPMCP_NOTIFY = ["owner@example.com"]
    tell([NOTHING])
    assert len(told()) == 1


def test_a_look_that_finds_nothing_new_reads_one_table(django_assert_num_queries):
    tell([NOTHING])

    with django_assert_num_queries(1):
        tell([NOTHING])


def test_alarms_speak_the_language_of_whoever_looks():
    with translation.override("he"):
        tell([NOTHING])
        send_test()

    assert all(any("א" <= letter <= "ת" for letter in subject) for subject in told())


def test_of_several_processes_that_find_it_at_once_one_tells(shared_database):
    def look():
        try:
            tell([NOTHING, CLEANUP])
        finally:
            connection.close()

    threads = [Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(told()) == 2
