"""What is wrong with the shop is found, and nothing is found where all is well."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.management import get_commands
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import F
from django.utils import timezone

from analytics.services import catch_up
from carts.models import SessionWarning
from catalog.feeds import Unreadable
from catalog.models import ImportRun, Revision, Store
from health import running
from health.catalogue import rhythm_of
from health.chats import chat_troubles
from health.report import health_now, recent_health
from health.troubles import KINDS, Trouble
from outbox.models import Message
from outbox.services import enqueue
from outbox.services.endpoints import make_endpoint
from shopmcp.runnable import runnable

FILE = "sku,name,price,stock\n" + "".join(f"p{n},Product {n},9.90,5\n" for n in range(20))
LETTER = {"subject": "s", "text": "t"}

pytestmark = pytest.mark.django_db


def kinds():
    return [trouble.kind for trouble in health_now().troubles]


def later(time):
    """Let all imports have been so long ago."""
    ImportRun.objects.update(started_at=F("started_at") - time, ended_at=F("ended_at") - time)


def test_nothing_is_wrong_with_a_new_shop_or_with_one_that_sells(load, make_call):
    assert kinds() == []
    load(FILE)
    make_call()

    found = health_now()
    assert (found.troubles, found.products, found.carried) == ([], 20, 20)
    assert found.imported_at and found.called_at


def test_a_store_that_can_sell_nothing_is_found_unless_it_is_new_or_paused(load):
    Store.objects.create(slug="new", name="New", currency="ILS")
    load(FILE.replace(",5\n", ",0\n"))
    (trouble,) = health_now().troubles
    assert (trouble.kind, trouble.subject, trouble.level) == ("nothing_for_sale", "shop", "bad")

    Store.objects.filter(slug="shop").update(paused="We are on holiday.")
    assert kinds() == []


@pytest.mark.parametrize(("for_sale", "found"), [(4, ["little_for_sale"]), (5, [])])
def test_little_for_sale_is_less_than_a_quarter_of_what_is_carried(load, for_sale, found):
    load("sku,name,price,stock\n" + "".join(f"p{n},Product {n},9.90,{int(n < for_sale)}\n" for n in range(20)))

    assert kinds() == found


@pytest.mark.parametrize(("unpriced", "found"), [(0, []), (1, []), (2, ["prices_missing"])])
def test_prices_are_missing_from_a_twentieth_of_the_products_on(make_product, unpriced, found):
    for n in range(25):
        make_product(f"Product {n}", price=None if n < unpriced else "9.90")

    assert kinds() == found


def test_a_failed_import_is_found_until_one_succeeds(load):
    load(FILE)
    with pytest.raises(Unreadable):
        load("sku,name,price\n")
    (trouble,) = health_now().troubles
    assert trouble.kind == "import_failed"
    assert trouble.facts["reason"] in trouble.fix
    assert "products.csv" in trouble.fix

    load(FILE)
    assert kinds() == []


def test_an_import_that_withdrew_much_is_found_for_a_week(load):
    load(FILE)
    load("".join(FILE.splitlines(keepends=True)[:15]))
    assert kinds() == ["import_withdrew_much"]

    later(timedelta(days=8))
    assert kinds() == []


def test_an_import_is_late_against_its_usual_rhythm(load):
    for _ in range(4):
        later(timedelta(hours=6))
        load(FILE, force=True)
    later(timedelta(hours=12))
    assert kinds() == []

    later(timedelta(hours=2))
    (trouble,) = health_now().troubles
    assert (trouble.kind, trouble.facts["every"], trouble.facts["ago"]) == ("import_late", 6, 14)


@pytest.mark.parametrize("hours", [[], [24], [24, 24], [100, 1, 1, 50]])
def test_imports_by_hand_have_no_rhythm(hours):
    now = timezone.now()
    moments = [now - timedelta(hours=sum(hours[:n])) for n in range(len(hours) + 1)]

    assert rhythm_of(moments) is None


def test_a_shop_that_had_calls_each_day_and_has_none_any_more_is_silent(make_session, make_call):
    session = make_session()
    for day in range(2, 9):
        make_call(session, ago=timedelta(days=day))
    catch_up()
    (trouble,) = health_now().troubles
    assert (trouble.kind, trouble.facts) == ("silence", {"ago": 48})

    make_call(session)
    assert kinds() == []


def test_a_shop_with_a_call_now_and_then_is_not_silent(make_session, make_call):
    for day in (2, 5, 8):
        make_call(make_session(day), ago=timedelta(days=day))
    catch_up()

    assert kinds() == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"next_try_at": -11, "first_tried_at": None}, ["messages_stuck"]),
        ({"next_try_at": 30, "first_tried_at": -61}, ["messages_stuck"]),
        ({"next_try_at": 30, "first_tried_at": -59}, []),
        ({"sent_at": 0, "first_tried_at": -61}, []),
        ({"failed_at": -5}, ["messages_undelivered"]),
        ({"failed_at": -60 * 24 * 8}, []),
    ],
)
def test_messages_are_stuck_if_their_tries_fail_or_nobody_tries(changes, found):
    enqueue("alarm.test", "https://hooks.example.com/x", LETTER)
    moments = {
        name: None if minutes is None else timezone.now() + timedelta(minutes=minutes)
        for name, minutes in changes.items()
    }
    if moments:
        Message.objects.update(**moments)

    assert kinds() == found


def test_what_waits_for_a_paused_webhook_is_not_stuck_and_a_parked_one_is_named():
    endpoint = make_endpoint("https://till.example.com/hooks", ["order.placed"], name="Till")
    Message.objects.create(
        kind="order.placed", channel="webhook", endpoint=endpoint, next_try_at=timezone.now() - timedelta(days=1)
    )
    assert kinds() == ["messages_stuck"]

    type(endpoint).objects.update(is_active=False)
    assert kinds() == []
    type(endpoint).objects.update(parked_at=timezone.now())
    (trouble,) = health_now().troubles
    assert (trouble.kind, trouble.title) == ("webhook_parked", "A webhook is parked: Till")


def test_mail_without_a_way_to_send_it_waits_and_is_not_stuck(settings):
    enqueue("order.placed", "dana@example.com", LETTER)
    Message.objects.update(next_try_at=timezone.now() - timedelta(days=1))
    assert kinds() == ["mail_waits"]

    settings.MAIL_IS_SET = True
    assert kinds() == ["messages_stuck"]


def test_records_that_the_cleanup_left_tell_that_it_does_not_run(make_call):
    make_call(ago=timedelta(days=32))
    assert "cleanup_late" not in kinds()
    make_call(ago=timedelta(days=34))

    assert "cleanup_late" in kinds()


def test_a_migration_that_is_there_and_not_applied_is_an_update_that_is_pending(monkeypatch):
    assert running.own_migrations() >= {("health", "0001_alarms"), ("carts", "0001_sessions_and_carts")}
    MigrationRecorder(connection).record_unapplied("health", "0001_alarms")

    assert kinds() == ["migrations_pending"]


def test_an_index_of_an_older_layout_is_found(honey):
    Revision.objects.update(layout=1)

    assert kinds() == ["index_outdated"]


def test_what_was_found_is_shared_for_some_seconds(load, django_assert_num_queries):
    recent_health()
    with django_assert_num_queries(0):
        recent_health()
    load(FILE.replace(",5\n", ",0\n"))
    assert recent_health().troubles == []

    cache.clear()
    assert [trouble.kind for trouble in recent_health().troubles] == ["nothing_for_sale"]


@pytest.mark.parametrize(
    ("kind", "policy", "found"),
    [
        ("placeholder_id", "isolate", ("carts_can_meet", "bad")),
        ("unkeyed", "shared", ("carts_can_meet", "bad")),
        ("unkeyed", "isolate", ("carts_can_be_lost", "warn")),
        ("rotating_id", "isolate", ("carts_can_be_lost", "warn")),
        ("foreign_handle", "isolate", None),
    ],
)
def test_chats_that_are_not_told_apart_are_a_trouble_while_their_warning_is_open(
    settings, make_call, kind, policy, found
):
    settings.SHOPMCP_UNKEYED_CALLS = policy
    make_call()
    now = timezone.now()
    warning = SessionWarning.objects.create(kind=kind, client="robot", first_at=now, last_at=now, calls=1)
    troubles = list(chat_troubles())

    assert [(trouble.kind, trouble.level) for trouble in troubles] == ([found] if found else [])
    assert all("(robot)" in trouble.title and trouble.subject == kind for trouble in troubles)
    warning.muted_at = now
    warning.save()
    assert list(chat_troubles()) == []


def test_a_cart_that_could_be_lost_days_ago_is_no_trouble_any_more(make_call):
    ago = timezone.now() - timedelta(days=3)
    SessionWarning.objects.create(kind="unkeyed", client="robot", first_at=ago, last_at=ago, calls=1)
    make_call()

    assert list(chat_troubles()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_in_the_documentation(kind):
    assert f"`{kind}`" in (Path(__file__).parents[2] / "docs" / "monitoring.md").read_text(encoding="utf-8")


def test_the_worst_comes_first():
    troubles = [Trouble(kind) for kind in reversed(KINDS)]

    levels = [trouble.level for trouble in sorted(troubles, key=lambda trouble: trouble.place)]
    assert levels == sorted(levels)


@pytest.mark.parametrize("kind", ["index_outdated", "cleanup_late"])
def test_a_command_that_mends_is_written_as_it_is_run_here(kind):
    assert f"{runnable(KINDS[kind].command)}" in Trouble(kind).fix
    assert KINDS[kind].command in get_commands()
