"""Old messages are deleted, whatever became of them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from outbox.models import Attempt, Message
from outbox.services import KEPT, clean_up, deliver, enqueue
from tests.outbox.receiving import HELLO

pytestmark = pytest.mark.django_db


def test_old_messages_are_deleted_whatever_became_of_them():
    for age in (KEPT + timedelta(hours=1), KEPT - timedelta(hours=1)):
        for state in ({}, {"sent_at": timezone.now()}, {"failed_at": timezone.now()}):
            enqueue("alarm.test", "owner@example.com", HELLO)
            Message.objects.filter(pk=Message.objects.latest("id").pk).update(created_at=timezone.now() - age, **state)

    assert clean_up(dry_run=True) == 3
    assert Message.objects.count() == 6
    assert clean_up() == 3
    assert Message.objects.count() == 3


def test_a_message_goes_with_its_log_and_is_counted_alone(receiver):
    enqueue("alarm.test", receiver.url, HELLO)
    deliver()
    Message.objects.update(created_at=timezone.now() - KEPT - timedelta(hours=1))

    assert clean_up() == 1
    assert not Attempt.objects.exists()
