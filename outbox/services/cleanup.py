"""Deleting what is old, whatever became of it."""

from datetime import timedelta
from typing import Final

from django.utils import timezone

from outbox.models import Message, MessageQuerySet

# Longer than all tries take, so that an older message is sent, given up, or one that waits for EMAIL_URL or for an
# endpoint that is paused or parked.
KEPT: Final = timedelta(days=30)
_BATCH = 500


def clean_up(*, dry_run: bool = False) -> int:
    """Delete the messages that are older than `KEPT`, also such that never left, with their log; return how many."""
    old = Message.objects.written_before(timezone.now() - KEPT)
    return old.count() if dry_run else delete_messages(old.order_by("created_at"))


def delete_messages(messages: MessageQuerySet) -> int:
    """Delete messages with their log, in short transactions; return how many."""
    deleted = 0
    while ids := list(messages.values_list("pk", flat=True)[:_BATCH]):
        deleted += Message.objects.filter(pk__in=ids).delete()[1].get("outbox.Message", 0)
    return deleted
