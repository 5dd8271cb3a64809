"""The outbox in Django's admin."""

import pytest
from django.urls import reverse

from outbox.models import Message
from outbox.services import enqueue

LIST = reverse("admin:outbox_message_changelist")
URL = "https://hooks.example.com/services/secret"


@pytest.mark.parametrize("messages", [1, 25])
def test_messages_are_listed_at_the_same_cost_and_without_secrets(admin_client, django_assert_num_queries, messages):
    for _ in range(messages):
        enqueue("alarm.test", URL, {"subject": "s", "text": "t"})

    with django_assert_num_queries(4):  # session, user, capped count, rows
        page = admin_client.get(LIST)
    detail = admin_client.get(reverse("admin:outbox_message_change", args=[Message.objects.latest("id").pk]))

    assert page.text.count("https://hooks.example.com/…") >= messages
    assert "secret" not in page.text + detail.text


def test_messages_are_tried_again_from_the_list(admin_client):
    enqueue("alarm.test", URL, {"subject": "s", "text": "t"})
    Message.objects.update(tries=10, failed_at="2026-01-01T00:00Z", last_error="the receiver answered 500")

    answer = admin_client.post(
        LIST,
        {"action": "try_again", "_selected_action": [Message.objects.get().pk]},
        follow=True,
        headers={"accept-language": "en"},
    )

    assert "1 message is tried again." in answer.text
    assert Message.objects.get().state == "waiting"


def test_messages_are_neither_added_nor_changed_nor_deleted_by_hand(admin_client):
    enqueue("alarm.test", URL, {"subject": "s", "text": "t"})
    pk = Message.objects.get().pk

    assert admin_client.get(reverse("admin:outbox_message_add")).status_code == 403
    assert admin_client.post(reverse("admin:outbox_message_delete", args=[pk]), {"post": "yes"}).status_code == 403
    assert Message.objects.filter(pk=pk).exists()
