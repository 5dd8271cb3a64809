"""What a series of calls shows about ids when several processes answer them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from carts import call_log
from carts.call_log import Recorded, record_calls
from carts.digests import origin_of
from carts.id_watch import NETWORKS, IdWatch
from carts.id_watch import Recorded as Earlier
from carts.models import CallRecord, Session, SessionWarning

START = datetime(2026, 11, 26, tzinfo=UTC)


def at(second):
    return START + timedelta(seconds=second)


def seen(since, until, *, client="c", origin=1):
    return Earlier(client, origin, at(since), at(until))


@pytest.mark.parametrize(
    ("calls", "is_shared"),
    [
        ([seen(0, 2), seen(1, 3)], False),
        ([seen(0, 2), seen(1, 3, origin=2)], True),
        ([seen(0, 2), seen(1, 3, client="d")], True),
        ([seen(0, 2), seen(1, 3, origin=None)], False),
        ([seen(0, 2), seen(3, 4, origin=2)], False),
        ([seen(1, 3, origin=2), seen(0, 2)], True),
        ([seen(n, n, origin=n) for n in range(NETWORKS)], True),
        ([seen(n, n, origin=n) for n in range(NETWORKS - 1)], False),
        ([seen(0, 9), seen(1, 2), seen(3, 4, origin=2)], True),
    ],
)
def test_records_show_an_id_in_use_at_several_places(calls, is_shared):
    assert IdWatch().is_shared_by(1, calls, at(10)) is is_shared


def test_what_was_seen_once_ends_when_it_does_not_go_on():
    watch, calls = IdWatch(), [seen(0, 2), seen(1, 3, origin=2)]
    assert watch.is_shared_by(1, calls, at(10))

    assert not watch.is_shared_by(1, [*calls, seen(30, 31)], at(32))
    assert watch.is_shared_by(1, [*calls, seen(60, 62), seen(61, 63, origin=2)], at(64))


def test_records_are_looked_at_now_and_then():
    watch = IdWatch()
    assert watch.due(1, at(0))
    watch.is_shared_by(1, [], at(0))

    assert not watch.due(1, at(19))
    assert watch.due(1, at(20))
    assert watch.due(2, at(1))


@pytest.fixture
def answer(db, monkeypatch):
    """Let another process record a call of the conversation, each with a memory of its own."""
    monkeypatch.setattr(call_log, "serves_beside_others", lambda: True)
    session = Session.objects.create(public_id="s_0123456789abcdef", digest="d" * 43)

    def answer(network="", *, subject="", client="c", seconds_ago=0.0, milliseconds=10):
        call_log.watch.forget()
        moment = timezone.now() - timedelta(seconds=seconds_ago)
        call = Recorded(moment, "view_cart", "ok", milliseconds, client, "openai/session", session.pk)
        call.conversation, call.network, call.subject = "d" * 43, network, subject
        record_calls([call])

    return answer


def kinds():
    return sorted(SessionWarning.objects.values_list("kind", flat=True))


def test_three_networks_over_three_processes_are_a_shared_id(answer):
    answer("192.0.2.1", seconds_ago=2)
    answer("192.0.2.2", seconds_ago=1)
    assert kinds() == []

    answer("192.0.2.3")

    assert kinds() == ["shared_id"]
    assert CallRecord.objects.order_by("id").last().warnings == ["shared_id"]


def test_calls_at_once_from_two_networks_over_two_processes_are_a_shared_id(answer):
    answer("192.0.2.1", seconds_ago=1, milliseconds=2000)
    assert kinds() == []

    answer("192.0.2.2", milliseconds=2000)

    assert kinds() == ["shared_id"]


def test_a_chat_of_one_network_is_none_whichever_process_answers(answer):
    for _ in range(3):
        answer("192.0.2.1", milliseconds=5000)

    assert kinds() == []


def test_a_person_who_is_named_may_call_from_anywhere(answer):
    for n in range(NETWORKS):
        answer(f"192.0.2.{n}", subject="dana")

    assert kinds() == []


def test_no_network_is_stored_and_origins_of_two_sessions_have_nothing_in_common(answer):
    answer("192.0.2.1")

    assert "192.0.2.1" not in str(CallRecord.objects.values().get())
    assert len({origin_of(session, "192.0.2.1") for session in range(100)}) > 90
    assert all(0 <= origin_of(session, "192.0.2.1") < 2**15 for session in range(100))


def test_alone_no_records_are_looked_at(answer, monkeypatch):
    monkeypatch.setattr(call_log, "serves_beside_others", lambda: False)
    answer("192.0.2.1")

    assert CallRecord.objects.get().origin is None
