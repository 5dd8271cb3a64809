"""The page of what is not sent."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from outbox.models import Message
from outbox.services import announce, enqueue, enqueue_mail
from outbox.services.endpoints import make_endpoint

WAITING, FAILED, ACT = (reverse(f"dashboard-messages{name}") for name in ("", "-failed", "-act"))
URL = "https://hooks.example.com/services/secret"


def write_mail(**fields):
    """Write a mail to a buyer, and set these fields of it."""
    enqueue_mail("order.placed", "dana@example.com", subject="Hello", text="Dana, thank you.")
    message = Message.objects.latest("id")
    Message.objects.filter(pk=message.pk).update(**fields)
    return message


def test_what_waits_is_told_with_whom_it_is_for_and_why_it_was_not_sent(owner):
    write_mail(tries=2, last_error="ConnectionRefusedError: [Errno 111] Connection refused")
    page = owner.get(WAITING).text

    for told in ("Mail about an order", "da…@example.com", "Nothing listens at the address.", "[Errno 111]"):
        assert told in page
    assert "dana@example.com" not in page
    assert "The shop cannot send mail yet" in page


@pytest.mark.parametrize(("name", "told"), [("d", "…"), ("da", "d…"), ("dan", "d…"), ("dana", "da…")])
def test_an_address_with_a_short_name_is_not_told_whole(owner, name, told):
    enqueue_mail("order.placed", f"{name}@example.com", subject="Hello", text="Thank you.")

    assert f">{told}@example.com<" in owner.get(WAITING).text


@pytest.mark.parametrize("messages", [1, 25])
def test_it_costs_the_same_for_any_number(owner, django_assert_num_queries, messages):
    make_endpoint(URL, ["order.placed"], name="Till")
    for _ in range(messages):
        announce("order.placed", {})

    with django_assert_num_queries(6):  # session, user, rows, two counts, warnings
        page = owner.get(WAITING).text

    assert page.count(">Till</bdi>") == messages
    assert "services/secret" not in page


def test_one_message_is_tried_again_and_another_is_dropped(owner):
    kept, gone = (write_mail(tries=9, failed_at=timezone.now(), last_error="SMTPDataError: 554") for _ in range(2))
    owner.post(ACT, {"state": "failed", "message": kept.public_id, "again": ""})
    answer = owner.post(ACT, {"state": "failed", "message": gone.public_id, "drop": ""}, follow=True)

    assert "1 message is dropped." in answer.text
    assert Message.objects.get(pk=kept.pk).state == "waiting"
    assert not Message.objects.failed().exists()
    assert Message.objects.get(pk=gone.pk).dropped_at is not None
    assert gone.public_id not in owner.get(WAITING).text + owner.get(FAILED).text


def test_all_of_a_list_are_dropped_and_the_other_list_stays(owner):
    write_mail()
    for _ in range(2):
        write_mail(failed_at=timezone.now())
    owner.post(ACT, {"state": "failed", "drop": ""})

    assert (Message.objects.failed().count(), Message.objects.waiting().count()) == (0, 1)


def test_a_dropped_message_can_be_wanted_again_and_is_not_written_twice(owner):
    make_endpoint(URL, ["order.placed"])
    announce("order.placed", {}, dedupe_key="one")
    owner.post(ACT, {"state": "waiting", "drop": ""})
    announce("order.placed", {}, dedupe_key="one")

    assert Message.objects.get().state == "failed"
    assert owner.post(ACT, {"state": "failed", "message": Message.objects.get().public_id, "again": ""})
    assert Message.objects.get().state == "waiting"


@pytest.mark.parametrize("action", ["again", "drop"])
def test_what_is_being_sent_is_left_to_its_sender(owner, action):
    message = write_mail(claim="sender", next_try_at=timezone.now() + timedelta(minutes=5))
    answer = owner.post(ACT, {"state": "waiting", "message": message.public_id, action: ""}, follow=True)

    assert "Nothing was changed" in answer.text
    assert Message.objects.get().claim == "sender"


def test_staff_who_may_not_see_buyers_get_no_answer_that_names_one_and_change_nothing(client, django_user_model):
    write_mail(last_error="SMTPRecipientsRefused: 550 dana@example.com is unknown")
    enqueue("alarm.test", URL, {"subject": "s", "text": "t"})
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(content_type__app_label="outbox", codename="view_message"))
    client.force_login(clerk)
    page = client.get(WAITING).text

    assert "The mail server does not take mail to this address." in page
    assert "dana@example.com" not in page
    assert 'name="again"' not in page
    assert client.post(ACT, {"state": "waiting", "drop": ""}).status_code == 403
    assert Message.objects.waiting().count() == 2


@pytest.mark.parametrize("asked", [{}, {"state": "sent", "drop": ""}, {"state": "waiting"}, {"state": "a\0b"}])
def test_what_names_no_action_is_not_found_and_changes_nothing(owner, asked):
    write_mail()

    assert owner.post(ACT, asked).status_code == 404
    assert Message.objects.waiting().exists()


def test_the_troubles_lead_here(owner, settings):
    settings.MAIL_IS_SET = True
    write_mail(failed_at=timezone.now())

    assert FAILED in owner.get(reverse("dashboard-health")).text
