"""The outbox in Django's admin."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from outbox.models import Attempt, Message
from outbox.services import announce, enqueue, enqueue_mail
from outbox.services.endpoints import make_endpoint

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


def test_staff_who_may_not_see_buyers_see_no_mail_to_them(client, django_user_model):
    enqueue_mail("order.placed", "buyer@example.com", subject="Hello", text="Dana, thank you.")
    message = Message.objects.get()
    Message.objects.update(last_error="550 buyer@example.com is unknown")
    Attempt.objects.create(message=message, milliseconds=3, error="550 buyer@example.com is unknown")
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(content_type__app_label="outbox"))
    client.force_login(clerk)

    pages = [client.get(LIST), client.get(reverse("admin:outbox_message_change", args=[message.pk]))]

    for page in pages:
        assert "order.placed" in page.text
        assert "buyer@example.com" not in page.text
        assert "Dana" not in page.text


def test_a_webhook_s_secret_and_path_are_not_shown(admin_client):
    endpoint = make_endpoint(URL, ["order.placed"])
    announce("order.placed", {})

    for name, *pk in (("changelist",), ("change", endpoint.pk)):
        page = admin_client.get(reverse(f"admin:outbox_endpoint_{name}", args=pk)).text
        assert "https://hooks.example.com" in page
        assert "services/secret" not in page
        assert endpoint.secret not in page
    assert "https://hooks.example.com" in admin_client.get(LIST).text
