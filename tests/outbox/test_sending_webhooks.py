"""Webhooks are signed as Standard Webhooks says, and go where they may go."""

from datetime import UTC, datetime, timedelta, timezone
from threading import Event

import pytest
from standardwebhooks import Webhook

from outbox import sending
from outbox.models import Endpoint, Message
from outbox.services import Delivered, announce, deliver, enqueue
from outbox.services.endpoints import rotate_secret
from tests.outbox.receiving import HELLO, SECRET, Receiver

pytestmark = pytest.mark.django_db


def test_a_webhook_is_signed_as_standard_webhooks_says(receiver):
    enqueue("alarm.test", receiver.url, {**HELLO, "store": "מכולת"})

    assert deliver() == Delivered(sent=1)

    ((headers, _body),) = receiver.requests
    message = Message.objects.get()
    assert abs(int(headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 10
    assert headers["webhook-id"] == message.public_id
    assert headers["Content-Type"] == "application/json"
    assert receiver.verified(SECRET) == [
        {
            "type": "alarm.test",
            "timestamp": message.created_at.isoformat(),
            "data": {**HELLO, "store": "מכולת"},
            "text": "Hello\nGood morning.",
        }
    ]
    assert message.state == "sent"


def test_the_signature_is_that_of_the_published_example():
    moment = datetime.fromtimestamp(1614265330, UTC)

    assert (
        sending.signatures([SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", moment, '{"test": 2432232314}')
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_an_event_is_signed_by_its_endpoint_s_own_secret(receiver, endpoint):
    announce("order.placed", {"number": "A-1", "name": "אורז"})
    deliver()

    (told,) = receiver.verified(endpoint.secret)
    assert (told["type"], told["data"]) == ("order.placed", {"number": "A-1", "name": "אורז"})


def test_while_a_secret_changes_both_verify_and_then_the_new_one_alone(receiver, endpoint):
    before, after = endpoint.secret, rotate_secret(endpoint)
    announce("order.placed", {})
    deliver()

    assert receiver.verified(before) == receiver.verified(after)
    Endpoint.objects.update(previous_until=datetime.now(UTC))
    announce("order.placed", {})
    deliver()
    headers, body = receiver.requests[-1]
    assert len(headers["webhook-signature"].split()) == 1
    assert Webhook(after).verify(body, dict(headers))


def test_http_is_for_networks_of_one_s_own(receiver, endpoint, settings):
    plain = Receiver()
    Endpoint.objects.update(address=plain.url)
    announce("order.placed", {})
    try:
        assert deliver() == Delivered(sent=1)
        settings.SHOPMCP_WEBHOOKS_PRIVATE = False
        announce("order.placed", {})
        assert deliver() == Delivered(postponed=1)
    finally:
        plain.close()

    assert len(plain.requests) == 1
    assert plain.verified(endpoint.secret)


def test_nothing_unencrypted_goes_to_the_public_network(receiver, endpoint):
    Endpoint.objects.update(address="http://93.184.215.14/hooks")
    announce("order.placed", {})

    assert deliver() == Delivered(postponed=1)
    assert "only https" in Message.objects.get().last_error


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
    may_end = Event()
    monkeypatch.setattr(sending, "TIME_LIMIT", 0.3)
    receiver.answer = lambda handler: (may_end.wait(60), (200, {}))[1]
    enqueue("alarm.test", receiver.url, HELLO)
    try:
        assert deliver() == Delivered(postponed=1)
    finally:
        may_end.set()
    assert "timed out" in Message.objects.get().last_error


@pytest.mark.parametrize(
    ("answered", "seconds"),
    [
        ("120", 120),
        ("999999999999", 86_400),
        ("DATE", 3600),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("soon", 0),
        ("-5", 0),
        ("", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(receiver, endpoint, answered, seconds):
    # A date, in the zone of its writer.
    date = datetime.now(timezone(timedelta(hours=2))) + timedelta(hours=1)
    value = answered.replace("DATE", f"{date:%a, %d %b %Y %H:%M:%S %z}")
    receiver.answer = lambda handler: (503, {"Retry-After": value} if value else {})
    announce("order.placed", {})
    deliver()

    until = Endpoint.objects.get().held_until
    held = (until - datetime.now(UTC)).total_seconds() if until else 0
    assert held == pytest.approx(seconds, abs=100)


def test_what_waited_names_no_buyer_once_its_webhook_may_not_know_them(receiver, endpoint):
    Endpoint.objects.update(with_people=True)
    announce("order.placed", {"number": "A-1"}, people={"buyer": {"name": "Dana"}})
    Endpoint.objects.update(with_people=False)

    deliver()

    (told,) = receiver.verified(endpoint.secret)
    assert told["data"] == {"number": "A-1"}
