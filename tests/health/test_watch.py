"""The watch sends alarms about database and disk past the database."""

import pytest
from django.db import connection
from django.utils import timezone

from carts.models import SessionWarning
from health.models import Milestone
from health.watch import Watch
from outbox.models import Message
from tests.catalog.imports.serving import certificate
from tests.outbox.receiving import mails, receiver

__all__ = ["certificate", "mails", "receiver"]

pytestmark = pytest.mark.django_db


class Fake:
    """A watch that finds of database and disk what the test says."""

    def __init__(self, lock):
        self.found: tuple[str, ...] = ()
        self.look = Watch(lambda: self.found, lock).look


@pytest.fixture
def watch(tmp_path, receiver, settings):
    settings.SHOPMCP_NOTIFY = [receiver.url]
    return Fake(tmp_path / "watch")


@pytest.mark.parametrize("reason", ["disk_full", "database_away", "read_only", "locked", "not_writable"])
def test_what_two_looks_have_found_is_told_once_and_its_end_too(watch, receiver, reason):
    watch.found = (reason,)
    watch.look()
    assert receiver.requests == []
    for _ in range(3):
        watch.look()
    assert [(body["type"], body["data"]["state"]) for body in receiver.bodies] == [(f"alarm.{reason}", "begun")]

    watch.found = ()
    for _ in range(4):
        watch.look()
    assert [body["data"]["state"] for body in receiver.bodies] == ["begun", "ended"]
    assert not Message.objects.exists()


def test_what_is_wrong_with_the_shop_goes_through_the_outbox(watch, make_product, make_session, make_call, settings):
    settings.SHOPMCP_UNKEYED_CALLS = "shared"
    make_product("Sold out", stock=0)
    make_call()
    now = timezone.now()
    SessionWarning.objects.create(kind="unkeyed", client="robot", first_at=now, last_at=now, calls=1)
    for _ in range(2):
        watch.look()

    assert [message.kind for message in Message.objects.order_by("id")] == [
        "alarm.carts_can_meet",
        "alarm.nothing_for_sale",
    ]


def test_without_anybody_to_tell_only_the_first_steps_are_noted(watch, settings, make_product):
    settings.SHOPMCP_NOTIFY = []
    make_product("Sold out", stock=0)
    watch.look()

    assert not Message.objects.exists()
    assert {milestone.step for milestone in Milestone.objects.all()} == {"products", "demo"}


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
