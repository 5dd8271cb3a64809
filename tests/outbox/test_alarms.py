"""Alarms reach each destination, through the outbox or past it."""

import pytest

from outbox.alarms import DirectAlarms, send_alarm
from outbox.models import Message
from outbox.services import Delivered, deliver

pytestmark = pytest.mark.django_db


def test_an_alarm_goes_to_each_destination(receiver, mails, settings):
    settings.SHOPMCP_NOTIFY = ["owner@example.com", receiver.url]
    settings.PUBLIC_URL = "https://shop.example.com"
    for kind in ("import_failed", "cleanup_late"):
        send_alarm(kind, "Subject", "Text.", store="shop")

    assert deliver() == Delivered(sent=4)
    assert [body["type"] for body in receiver.bodies] == ["alarm.import_failed", "alarm.cleanup_late"]
    assert receiver.bodies[0]["data"]["store"] == "shop"
    assert "https://shop.example.com/dashboard/" in mails[0]


def test_slack_shows_an_alarm_as_text_and_what_looks_like_its_marks_is_escaped(receiver, settings):
    settings.SHOPMCP_NOTIFY = [receiver.url]
    send_alarm("import_failed", "<!channel> & more", "Text.")
    deliver()

    assert receiver.bodies[0]["text"].startswith("&lt;!channel&gt; &amp; more\nText.")
    assert receiver.bodies[0]["data"]["subject"] == "<!channel> & more"


def test_nobody_to_tell_is_no_fault(django_assert_num_queries):
    with django_assert_num_queries(0):
        send_alarm("import_failed", "Subject", "Text.")


def test_direct_alarms_need_no_database_and_are_told_once_until_they_end(
    receiver, mails, settings, django_assert_num_queries
):
    settings.SHOPMCP_NOTIFY = ["owner@example.com", receiver.url]
    alarms = DirectAlarms()

    with django_assert_num_queries(0):
        for _ in range(2):
            alarms.begin("disk_full", "Subject", "Text.")
        alarms.begin("database_away", "Subject", "Text.")
        assert (len(mails), len(receiver.requests)) == (2, 2)
        alarms.end("disk_full", "Over: Subject", "Text.")
        assert not alarms.is_told("disk_full")
        assert alarms.is_told("database_away")
        alarms.end("disk_full", "Over: Subject", "Text.")
        assert (len(mails), len(receiver.requests)) == (3, 3)
        alarms.begin("disk_full", "Subject", "Text.")

    assert (len(mails), len(receiver.requests)) == (4, 4)
    assert not Message.objects.exists()


def test_a_direct_alarm_that_fails_is_tried_again_where_it_failed_only(receiver, mails, settings):
    settings.SHOPMCP_NOTIFY = ["owner@example.com", receiver.url]
    receiver.answer = lambda handler: (500 if len(receiver.requests) in (1, 3) else 200, {})
    alarms = DirectAlarms()

    for _ in range(3):
        alarms.begin("disk_full", "Subject", "Text.")
    assert (len(mails), len(receiver.requests)) == (1, 2)
    for _ in range(3):
        alarms.end("disk_full", "Over: Subject", "Text.")
    assert (len(mails), len(receiver.requests)) == (2, 4)


def test_a_direct_alarm_by_mail_needs_a_way_to_send_it(receiver, mails, settings):
    settings.SHOPMCP_NOTIFY, settings.MAIL_IS_SET = ["owner@example.com"], False

    DirectAlarms().begin("disk_full", "Subject", "Text.")

    assert mails == []
