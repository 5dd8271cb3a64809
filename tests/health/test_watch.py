"""The watch sends alarms about database and disk past the database."""

import pytest
from django.db import connection

from health.watch import Watch
from outbox.alarms import DirectAlarms
from outbox.models import Message
from tests.catalog.imports.serving import certificate
from tests.outbox.receiving import mails, receiver

__all__ = ["certificate", "mails", "receiver"]

pytestmark = pytest.mark.django_db


class Fake:
    """A watch that finds what the test says, on a clock of the test's."""

    def __init__(self, lock):
        self.found: tuple[str, ...] = ()
        self.now = 0.0
        self.look = Watch(lambda: self.found, lock, alarms=DirectAlarms(clock=lambda: self.now)).look


@pytest.fixture
def watch(tmp_path, receiver, settings):
    settings.SHOPMCP_NOTIFY = [receiver.url]
    return Fake(tmp_path / "watch")


@pytest.mark.parametrize(
    ("reason", "alarm"),
    [
        ("disk_full", "alarm.disk_low"),
        ("database_away", "alarm.database_away"),
        ("read_only", "alarm.database_read_only"),
        ("locked", "alarm.database_locked"),
        ("not_writable", "alarm.database_not_writable"),
    ],
)
def test_what_two_looks_have_found_is_told_once_an_hour(watch, receiver, reason, alarm):
    watch.found = (reason,)
    watch.look()
    assert receiver.requests == []
    for _ in range(3):
        watch.look()
    assert [body["type"] for body in receiver.bodies] == [alarm]

    watch.now = 3600.0
    watch.look()
    assert len(receiver.requests) == 2
    assert not Message.objects.exists()


def test_what_lasts_for_one_look_only_is_no_alarm(watch, receiver):
    for watch.found in ((), ("locked",), (), ("locked",), ("read_only",)):
        watch.look()

    assert receiver.requests == []


def test_without_a_database_the_alarm_needs_none_and_speaks_the_owner_s_language(watch, receiver, django_user_model):
    from catalog.models import Store

    Store.objects.create(slug="shop", name="מכולת", currency="ILS", language="he")
    watch.look()

    def fail(execute, sql, *rest):
        raise AssertionError(sql)

    with connection.execute_wrapper(fail):
        watch.found = ("database_away",)
        watch.look()
        watch.look()

    assert "מסד הנתונים" in receiver.bodies[0]["data"]["subject"]


def test_of_several_processes_one_watches(watch, receiver, tmp_path):
    watch.look()
    other = Watch(lambda: ("locked",), tmp_path / "watch")
    for _ in range(3):
        other.look()

    assert receiver.requests == []
