"""Alarms reach each destination, at most once an hour for each kind."""

from datetime import timedelta

import pytest
from django.utils import timezone

from outbox.alarms import DirectAlarms, raise_alarm
from outbox.models import Message
from outbox.services import Delivered, deliver

pytestmark = pytest.mark.django_db


def test_an_alarm_goes_to_each_destination_once_an_hour_for_each_kind(receiver, mails, settings):
    settings.SHOPMCP_NOTIFY = ["owner@example.com", receiver.url]
    settings.PUBLIC_URL = "https://shop.example.com"
    for kind in ("import_failed", "import_failed", "disk_low"):
        raise_alarm(kind, "Subject", "Text.", store="shop")

    assert deliver() == Delivered(sent=4)
    assert [body["type"] for body in receiver.bodies] == ["alarm.import_failed", "alarm.disk_low"]
    assert receiver.bodies[0]["data"]["store"] == "shop"
    assert "https://shop.example.com/dashboard/" in mails[0]


@pytest.mark.parametrize(("minutes", "messages"), [(1, 1), (59, 1), (61, 2), (-60 * 48, 2)])
def test_an_hour_for_the_next_alarm_of_a_kind_begins_with_the_last_one(settings, minutes, messages):
    settings.SHOPMCP_NOTIFY = ["owner@example.com"]
    raise_alarm("disk_low", "Subject", "Text.")
    # Whenever an hour of the clock ends; a message from two days ahead silences nothing.
    Message.objects.update(created_at=timezone.now() - timedelta(minutes=minutes))

    raise_alarm("disk_low", "Subject", "Text.")

    assert Message.objects.count() == messages


def test_another_destination_is_told_although_one_was_told_lately(settings):
    settings.SHOPMCP_NOTIFY = ["owner@example.com"]
    raise_alarm("disk_low", "Subject", "Text.")
    settings.SHOPMCP_NOTIFY = ["owner@example.com", "partner@example.com"]

    raise_alarm("disk_low", "Subject", "Text.")

    assert sorted(Message.objects.values_list("destination", flat=True)) == ["owner@example.com", "partner@example.com"]


def test_nobody_to_tell_is_no_fault(django_assert_num_queries):
    with django_assert_num_queries(0):
        raise_alarm("disk_low", "Subject", "Text.")


def test_direct_alarms_need_no_database(receiver, mails, settings, django_assert_num_queries):
    settings.SHOPMCP_NOTIFY = ["owner@example.com", receiver.url]
    now = [0.0]
    alarms = DirectAlarms(clock=lambda: now[0])

    with django_assert_num_queries(0):
        alarms.send("disk_low", "Subject", "Text.")
        alarms.send("database_away", "Subject", "Text.")
        now[0] = 3599
        alarms.send("disk_low", "Subject", "Text.")
        assert (len(mails), len(receiver.requests)) == (2, 2)
        now[0] = 3600
        alarms.send("disk_low", "Subject", "Text.")

    assert (len(mails), len(receiver.requests)) == (3, 3)
    assert not Message.objects.exists()


def test_a_direct_alarm_that_fails_is_tried_again_where_it_failed_only(receiver, mails, settings):
    settings.SHOPMCP_NOTIFY = ["owner@example.com", receiver.url]
    receiver.answer = lambda handler: (500 if len(receiver.requests) == 1 else 200, {})
    alarms = DirectAlarms()

    for _ in range(3):
        alarms.send("disk_low", "Subject", "Text.")

    assert (len(mails), len(receiver.requests)) == (1, 2)


def test_a_direct_alarm_by_mail_needs_a_way_to_send_it(receiver, mails, settings):
    settings.SHOPMCP_NOTIFY, settings.MAIL_IS_SET = ["owner@example.com"], False

    DirectAlarms().send("disk_low", "Subject", "Text.")

    assert mails == []
