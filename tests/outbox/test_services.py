"""Messages are written with what they tell, and delivered at least once."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from outbox import sending
from outbox.models import Message
from outbox.services import KEPT, MOST_TRIES, Delivered, clean_up, deliver, enqueue, try_again
from tests.outbox.conftest import SECRET

pytestmark = pytest.mark.django_db
HELLO = {"subject": "Hello", "text": "Good morning."}


def make_due():
    Message.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))


def test_a_message_is_written_only_if_what_it_tells_is():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        enqueue("alarm.test", "owner@example.com", HELLO)
        raise ZeroDivisionError

    assert not Message.objects.exists()


def test_a_second_message_with_the_same_key_is_not_written_but_one_for_another_destination_is():
    for destination in ("a@example.com", "a@example.com", "b@example.com"):
        enqueue("alarm.test", destination, HELLO, dedupe_key="alarm.test:13")
    for _ in range(2):
        enqueue("alarm.test", "a@example.com", HELLO)

    assert Message.objects.count() == 4


def test_a_webhook_is_signed_as_standard_webhooks_says(receiver):
    enqueue("alarm.test", receiver.url, {**HELLO, "store": "מכולת"})

    assert deliver() == Delivered(sent=1)

    ((headers, body),) = receiver.requests
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    message = Message.objects.get()
    assert headers["webhook-signature"] == f"v1,{signature}"
    assert abs(int(headers["webhook-timestamp"]) - timezone.now().timestamp()) < 10
    assert headers["webhook-id"] == message.public_id
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == {
        "type": "alarm.test",
        "timestamp": message.created_at.isoformat(),
        "data": {**HELLO, "store": "מכולת"},
    }
    assert message.state == "sent"


def test_the_signature_is_that_of_the_published_example(settings):
    settings.SHOPMCP_NOTIFY_SECRET = SECRET

    assert (
        sending.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_mail_is_sent_with_an_id_of_its_own_and_no_header_of_a_caller_s(mails):
    enqueue("alarm.test", "owner@example.com", {"subject": "Hello\r\nBcc: all@example.com", "text": "Good morning."})

    assert deliver() == Delivered(sent=1)

    (mail,) = mails
    assert "\r\nSubject: Hello Bcc: all@example.com\r\n" in mail
    assert f"Message-ID: <{Message.objects.get().public_id}@shop.example.com>" in mail
    assert "Good morning." in mail
    assert deliver() == Delivered()
    assert len(mails) == 1


def test_mail_waits_without_a_try_until_it_can_be_sent(mails, settings):
    settings.MAIL_IS_SET = False
    enqueue("alarm.test", "owner@example.com", HELLO)

    assert deliver() == Delivered()
    assert Message.objects.get().tries == 0

    settings.MAIL_IS_SET = True
    assert deliver() == Delivered(sent=1)


def test_a_receiver_that_fails_is_asked_again_after_growing_pauses_and_then_given_up(receiver):
    receiver.answer = lambda handler: (500, {})
    enqueue("alarm.test", receiver.url, HELLO)
    pauses = []
    for _ in range(MOST_TRIES - 1):
        make_due()
        assert deliver() == Delivered(postponed=1)
        assert deliver() == Delivered()
        pauses.append(round((Message.objects.get().next_try_at - timezone.now()).total_seconds()))
    make_due()

    assert deliver() == Delivered(given_up=1)
    message = Message.objects.get()
    assert message.state == "failed"
    assert message.last_error == "the receiver answered 500"
    assert pauses[:4] == pytest.approx([10, 40, 160, 640], abs=3)
    assert pauses == sorted(pauses)
    assert pauses[-1] == pytest.approx(12 * 3600, abs=3)
    assert set(receiver.ids) == {message.public_id}
    make_due()
    assert deliver() == Delivered()
    assert len(receiver.requests) == MOST_TRIES


def test_one_that_fails_does_not_hold_up_the_others(receiver):
    receiver.answer = lambda handler: (500 if len(receiver.requests) == 1 else 200, {})
    for _ in range(3):
        enqueue("alarm.test", receiver.url, HELLO)

    assert deliver() == Delivered(sent=2, postponed=1)


def test_a_receiver_that_is_gone_for_good_is_not_asked_again(receiver):
    receiver.answer = lambda handler: (410, {})
    enqueue("alarm.test", receiver.url, HELLO)

    assert deliver() == Delivered(given_up=1)


def test_a_redirect_is_not_followed(receiver):
    receiver.answer = lambda handler: (302, {"Location": receiver.url})
    enqueue("alarm.test", receiver.url, HELLO)

    assert deliver() == Delivered(postponed=1)
    assert len(receiver.requests) == 1
    assert "redirects are not followed" in Message.objects.get().last_error


def test_a_private_address_gets_nothing(receiver, settings):
    settings.SHOPMCP_WEBHOOKS_PRIVATE = False
    enqueue("alarm.test", receiver.url, HELLO)

    assert deliver() == Delivered(postponed=1)
    assert receiver.requests == []
    assert "SHOPMCP_WEBHOOKS_PRIVATE" in Message.objects.get().last_error


def test_a_certificate_that_cannot_be_checked_is_refused(receiver, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    enqueue("alarm.test", receiver.url, HELLO)

    assert deliver() == Delivered(postponed=1)
    assert receiver.requests == []
    assert "certificate" in Message.objects.get().last_error


def test_an_endless_answer_is_not_read(receiver):
    def answer(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 100_000)
        return 200, {}

    receiver.answer = answer
    enqueue("alarm.test", receiver.url, HELLO)

    assert deliver() == Delivered(sent=1)


def test_a_receiver_that_is_too_slow_is_asked_again_later(receiver, monkeypatch):
    from threading import Event

    may_end = Event()
    monkeypatch.setattr(sending, "TIME_LIMIT", 0.3)
    receiver.answer = lambda handler: (may_end.wait(10), (200, {}))[1]
    enqueue("alarm.test", receiver.url, HELLO)
    try:
        assert deliver() == Delivered(postponed=1)
    finally:
        may_end.set()
    assert "timed out" in Message.objects.get().last_error


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


def test_nothing_due_costs_one_look_and_no_write_lock(django_assert_num_queries):
    with django_assert_num_queries(1):
        deliver()


def test_a_stopping_server_begins_no_further_message(receiver):
    for _ in range(3):
        enqueue("alarm.test", receiver.url, HELLO)

    assert deliver(lambda: bool(receiver.requests)) == Delivered(sent=1)
    assert Message.objects.waiting().filter(tries=0).count() == 2


def test_old_messages_are_deleted_whatever_became_of_them():
    for age in (KEPT + timedelta(hours=1), KEPT - timedelta(hours=1)):
        for state in ({}, {"sent_at": timezone.now()}, {"failed_at": timezone.now()}):
            enqueue("alarm.test", "owner@example.com", HELLO)
            Message.objects.filter(pk=Message.objects.latest("id").pk).update(created_at=timezone.now() - age, **state)

    assert clean_up(dry_run=True) == 3
    assert Message.objects.count() == 6
    assert clean_up() == 3
    assert Message.objects.count() == 3


def test_what_was_given_up_can_be_tried_again(receiver):
    receiver.answer = lambda handler: (410, {})
    enqueue("alarm.test", receiver.url, HELLO)
    deliver()
    receiver.answer = lambda handler: (200, {})

    assert try_again(Message.objects.all()) == 1
    assert deliver() == Delivered(sent=1)
    assert try_again(Message.objects.all()) == 0
