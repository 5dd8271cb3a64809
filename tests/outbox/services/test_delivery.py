"""Messages are delivered at least once, by one sender at a time, and tried again for three days."""

from datetime import timedelta
from threading import Event

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from outbox.models import Attempt, Endpoint, Message
from outbox.services import Delivered, announce, deliver, enqueue
from outbox.services.delivery import TRIED_FOR
from outbox.services.endpoints import make_endpoint
from tests.outbox.receiving import HELLO, make_due

pytestmark = pytest.mark.django_db


def pause():
    """The seconds until the only message is tried again."""
    return (Message.objects.get().next_try_at - timezone.now()).total_seconds()


def test_a_receiver_that_fails_is_asked_again_after_growing_pauses_for_three_days(receiver):
    receiver.answer = lambda handler: (500, {})
    enqueue("alarm.test", receiver.url, HELLO)
    pauses, passed = [], 0.0
    while deliver() == Delivered(postponed=1):
        assert deliver() == Delivered()
        pauses.append(pause())
        passed += pauses[-1]
        make_due(timedelta(seconds=pauses[-1]))

    message = Message.objects.get()
    assert message.state == "failed"
    assert message.last_error == "the receiver answered 500"
    assert pauses[:4] == pytest.approx([10, 40, 160, 640], rel=0.12)
    assert max(pauses) <= 12 * 3600 * 1.1
    assert passed == pytest.approx(TRIED_FOR.total_seconds(), rel=0.01)
    assert set(receiver.ids) == {message.public_id}
    assert len(receiver.requests) == len(pauses) + 1 == Attempt.objects.count()
    make_due()
    assert deliver() == Delivered()


def test_messages_that_failed_together_do_not_come_back_together(receiver):
    receiver.answer = lambda handler: (500, {})
    for _ in range(8):
        enqueue("alarm.test", receiver.url, HELLO)
    deliver()

    pauses = {
        message.next_try_at - attempt.at for message in Message.objects.all() for attempt in message.attempts.all()
    }
    assert max(pauses) - min(pauses) > timedelta(seconds=0.1)


def test_each_try_is_written_down(receiver):
    receiver.answer = lambda handler: (503 if len(receiver.requests) == 1 else 200, {})
    enqueue("alarm.test", receiver.url, HELLO)
    deliver()
    make_due()
    deliver()

    first, second = Attempt.objects.all()
    assert (first.status, first.error) == (503, "the receiver answered 503")
    assert (second.status, second.error) == (200, "")
    assert second.milliseconds < 20_000


def test_a_slow_receiver_holds_up_nobody_but_itself(receiver, other, monkeypatch):
    reached = Event()
    receiver.answer = lambda handler: (reached.wait(60), (200, {}))[1]

    def reach(handler):
        if len(other.requests) == 3:
            reached.set()
        return 200, {}

    other.answer = reach
    for address in (receiver.url, other.url):
        make_endpoint(address, ["order.placed"])
    for _ in range(3):
        announce("order.placed", {})

    assert deliver() == Delivered(sent=6)
    assert reached.is_set()


def test_an_endpoint_gets_one_message_at_a_time_in_their_order(receiver, endpoint):
    open_now, at_once, never = [], [], Event()

    def answer(handler):
        open_now.append(handler)
        at_once.append(len(open_now))
        never.wait(0.03)  # long enough for a second one to come
        open_now.pop()
        return 200, {}

    receiver.answer = answer
    for number in range(5):
        announce("order.placed", {"number": number})

    assert deliver() == Delivered(sent=5)
    assert [body["data"]["number"] for body in receiver.bodies] == list(range(5))
    assert set(at_once) == {1}


def test_retry_after_keeps_the_whole_endpoint_quiet(receiver, endpoint):
    receiver.answer = lambda handler: (429, {"Retry-After": "3600"})
    for _ in range(2):
        announce("order.placed", {})

    assert deliver() == Delivered(postponed=1)
    endpoint.refresh_from_db()
    assert endpoint.held_until is not None
    assert (endpoint.held_until - timezone.now()).total_seconds() == pytest.approx(3600, abs=5)
    assert len(receiver.requests) == 1


def test_an_endpoint_that_fails_again_and_again_is_left_alone_for_a_while(receiver, endpoint):
    receiver.answer = lambda handler: (500, {})
    for _ in range(9):
        announce("order.placed", {})

    assert deliver() == Delivered(postponed=4)
    receiver.answer = lambda handler: (200, {})
    make_due()
    assert deliver() == Delivered(sent=9)
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.held_until) == (0, None)


def test_an_endpoint_that_is_gone_is_parked_and_its_messages_wait(receiver, endpoint):
    receiver.answer = lambda handler: (410, {})
    for _ in range(3):
        announce("order.placed", {})

    assert deliver() == Delivered(given_up=1)
    endpoint.refresh_from_db()
    assert endpoint.state == "parked"
    make_due()
    assert deliver() == Delivered()
    assert announce("order.placed", {}) == 1
    assert Message.objects.waiting().count() == 3
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(("last_success", "state"), [(timedelta(days=4), "parked"), (timedelta(hours=1), "active")])
def test_an_endpoint_without_a_success_for_three_days_is_parked(receiver, endpoint, last_success, state):
    receiver.answer = lambda handler: (500, {})
    announce("order.placed", {})
    Message.objects.update(first_tried_at=timezone.now() - TRIED_FOR)
    Endpoint.objects.update(answered_at=timezone.now() - last_success)

    assert deliver() == Delivered(given_up=1)
    endpoint.refresh_from_db()
    assert endpoint.state == state


def test_a_message_that_was_written_before_its_endpoint_moved_goes_to_the_new_address(receiver, other, endpoint):
    announce("order.placed", {})
    Endpoint.objects.update(address=other.url)

    assert deliver() == Delivered(sent=1)
    assert (len(receiver.requests), len(other.requests)) == (0, 1)


def test_one_that_fails_does_not_hold_up_the_others(receiver):
    receiver.answer = lambda handler: (500 if len(receiver.requests) == 1 else 200, {})
    for _ in range(3):
        enqueue("alarm.test", receiver.url, HELLO)

    assert deliver() == Delivered(sent=2, postponed=1)


def test_an_alarm_s_receiver_that_is_gone_for_good_is_not_asked_again(receiver):
    receiver.answer = lambda handler: (410, {})
    enqueue("alarm.test", receiver.url, HELLO)

    assert deliver() == Delivered(given_up=1)


@pytest.mark.django_db(transaction=True)
def test_a_message_comes_again_with_its_id_if_its_sender_dies_before_it_can_tell(receiver):
    enqueue("alarm.test", receiver.url, HELLO)

    def die(execute, sql, *rest):
        if receiver.requests and sql.startswith("UPDATE"):
            raise OperationalError("gone")
        return execute(sql, *rest)

    with connection.execute_wrapper(die), pytest.raises(OperationalError):
        deliver()
    # Others leave it alone while its sender may still be at work.
    assert deliver() == Delivered()
    make_due()

    assert deliver() == Delivered(sent=1)
    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1


def test_a_sender_that_was_taken_for_dead_changes_nothing_more(receiver):
    enqueue("alarm.test", receiver.url, HELLO)

    def overtaken(handler):
        return 500, {}

    receiver.answer = overtaken

    def take_over(execute, sql, *rest):
        if len(receiver.requests) == 1 and sql.startswith("UPDATE"):
            receiver.answer = lambda handler: (200, {})
            receiver.requests.append(receiver.requests[0])
            make_due()
            assert deliver() == Delivered(sent=1)
        return execute(sql, *rest)

    with connection.execute_wrapper(take_over):
        deliver()

    assert Message.objects.get().state == "sent"


def test_nothing_due_costs_three_looks_and_no_write_lock(django_assert_num_queries, settings):
    settings.MAIL_IS_SET = True
    with django_assert_num_queries(3):  # mail, alarms, endpoints
        deliver()


def test_a_stopping_server_begins_no_further_message(receiver):
    for _ in range(3):
        enqueue("alarm.test", receiver.url, HELLO)

    assert deliver(lambda: bool(receiver.requests)) == Delivered(sent=1)
    assert Message.objects.waiting().filter(tries=0).count() == 2
