"""Mail goes to a mail server as it was written; what it refuses for ever is told apart from what can be tried again."""

from email import message_from_bytes, policy
from socket import create_server

import pytest
from django.db import transaction

from outbox.models import Message
from outbox.services import Delivered, deliver, enqueue, enqueue_mail
from tests.outbox.receiving import make_due

pytestmark = pytest.mark.django_db
TO = "buyer@example.com"
ALARM = {"subject": "Hello", "text": "Good morning."}
HELLO = {"subject": "שלום", "text": "ההזמנה התקבלה.", "html": "<p dir=rtl>ההזמנה <b>התקבלה</b>.</p>", "language": "he"}


def parsed(mail):
    return message_from_bytes(mail.encode(), policy=policy.default)


def test_a_mail_comes_as_text_and_as_html_in_its_language(mails):
    enqueue_mail("order.placed", TO, **HELLO, reply_to="store@example.com")

    assert deliver() == Delivered(sent=1)

    mail = parsed(mails[0])
    assert mail["Subject"] == "שלום"
    assert (mail["From"], mail["To"], mail["Reply-To"]) == ("shop@shop.example.com", TO, "store@example.com")
    assert (mail["Content-Language"], mail["Auto-Submitted"]) == ("he", "auto-generated")
    assert mail.get_content_type() == "multipart/alternative"
    assert mail.get_body(("plain",)).get_content().strip() == HELLO["text"]
    assert mail.get_body(("html",)).get_content().strip() == HELLO["html"]


def test_a_mail_without_html_has_one_part(mails):
    enqueue_mail("order.placed", TO, subject="Hello", text="Good morning.")
    deliver()

    assert parsed(mails[0]).get_content_type() == "text/plain"


def test_a_mail_keeps_its_message_id_over_its_tries(mail_server):
    mail_server.answers["DATA"] = "451 try later"
    enqueue_mail("order.placed", TO, **HELLO)
    assert deliver() == Delivered(postponed=1)
    mail_server.answers.clear()
    make_due()

    assert deliver() == Delivered(sent=1)
    assert parsed(mail_server.mails[0])["Message-ID"] == f"<{Message.objects.get().public_id}@shop.example.com>"


@pytest.mark.parametrize("where", ["DATA", TO])
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("550 no such user", Delivered(given_up=1)),
        ("554 5.7.1 not from you", Delivered(given_up=1)),
        ("450 greylisted", Delivered(postponed=1)),
        ("421 closing", Delivered(postponed=1)),
        ("530 authentication required", Delivered(postponed=1)),
    ],
)
def test_a_refusal_for_ever_ends_the_tries_and_one_for_now_does_not(mail_server, where, answer, outcome):
    mail_server.answers[where] = answer
    enqueue_mail("order.placed", TO, **HELLO)

    assert deliver() == outcome
    assert answer in Message.objects.get().last_error
    assert mail_server.mails == []


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [("550 not your address", Delivered(postponed=1)), ("552 too large", Delivered(given_up=1))],
)
def test_a_sender_that_is_refused_is_the_owner_s_to_mend(mail_server, answer, outcome):
    mail_server.answers["MAIL"] = answer
    enqueue_mail("order.placed", TO, **HELLO)

    assert deliver() == outcome
    assert answer in Message.objects.get().last_error


def test_a_refused_mail_stops_no_other_and_each_has_a_connection_of_its_own(mail_server):
    mail_server.answers["b@example.com"] = "550 no such user"
    for to in ("a@example.com", "b@example.com", "c@example.com"):
        enqueue_mail("order.placed", to, **HELLO)

    assert deliver() == Delivered(sent=2, given_up=1)
    assert {parsed(mail)["To"] for mail in mail_server.mails} == {"a@example.com", "c@example.com"}
    assert mail_server.connections == 3


def test_a_server_that_fails_after_it_accepted_a_mail_gets_it_once(mail_server):
    mail_server.answers["QUIT"] = "500 " + "x" * 9000
    enqueue_mail("order.placed", TO, **HELLO)

    assert deliver() == Delivered(sent=1)
    make_due()
    assert deliver() == Delivered()
    assert len(mail_server.mails) == 1


def test_a_dead_mail_server_loses_nothing(mail_server, settings):
    settings.EMAIL_PORT = 1
    enqueue_mail("order.placed", TO, **HELLO)
    assert deliver() == Delivered(postponed=1)
    settings.EMAIL_PORT = mail_server.port
    make_due()

    assert deliver() == Delivered(sent=1)


def test_a_mail_server_that_says_nothing_is_left_in_time(settings, mail_server):
    settings.EMAIL_TIMEOUT = 0.2
    with create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_PORT = silent.getsockname()[1]
        enqueue_mail("order.placed", TO, **HELLO)

        assert deliver() == Delivered(postponed=1)
    assert "timed out" in Message.objects.get().last_error


def test_a_mail_is_written_only_if_what_it_tells_is():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        enqueue_mail("order.placed", TO, **HELLO)
        raise ZeroDivisionError

    assert not Message.objects.exists()


@pytest.mark.parametrize("address", ["nobody", "a@example.com\r\nBcc: all@example.com"])
def test_an_address_that_is_none_is_refused_and_nothing_is_written(address):
    with pytest.raises(ValueError, match="no e-mail address"):
        enqueue_mail("order.placed", address, **HELLO)
    with pytest.raises(ValueError, match="no e-mail address"):
        enqueue_mail("order.placed", TO, **HELLO, reply_to=address)

    assert not Message.objects.exists()


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
    enqueue("alarm.test", "owner@example.com", ALARM)

    assert deliver() == Delivered()
    assert Message.objects.get().tries == 0

    settings.MAIL_IS_SET = True
    assert deliver() == Delivered(sent=1)
