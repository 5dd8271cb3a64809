"""Writing messages, and delivering them: at least once, by one sender at a time, with growing pauses."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from outbox.models import Message, MessageQuerySet
from outbox.sending import NotSent, send

MOST_TRIES: Final = 10
# The pause after the first try; each is four times the one before. Ten tries take two and a half days.
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=12)
# A sender that has not told how it went by then has died. Far longer than sending takes.
_LEASE: Final = timedelta(minutes=5)
# Longer than all tries take, so that an older message is sent, given up, or mail that waits for EMAIL_URL.
KEPT: Final = timedelta(days=30)
_BATCH = 500

logger = logging.getLogger("shopmcp.outbox")


@dataclass(slots=True)
class Delivered:
    """What became of the messages that were due."""

    sent: int = 0
    postponed: int = 0
    given_up: int = 0


def enqueue(kind: str, destination: str, payload: Mapping[str, Any], *, dedupe_key: str = "") -> None:
    """Write a message in the current transaction; it leaves after the commit.

    Args:
        kind: Such as `alarm.import_failed`.
        destination: An e-mail address, or an https address for a webhook.
        payload: JSON data; for e-mail with `subject` and `text`.
        dedupe_key: If this destination has a message with this key already, nothing is written.
    """
    key = f"{dedupe_key}:{sha256(destination.encode()).hexdigest()[:16]}" if dedupe_key else ""
    message = Message(
        kind=kind, channel=channel_of(destination), destination=destination, payload=dict(payload), dedupe_key=key
    )
    Message.objects.bulk_create([message], ignore_conflicts=True)


def channel_of(destination: str) -> Message.Channel:
    return Message.Channel.WEBHOOK if destination.startswith("https:") else Message.Channel.EMAIL


def deliver(stopping: Callable[[], bool] = lambda: False) -> Delivered:
    """Try each message that is due, once.

    Args:
        stopping: Asked before each message, to end early.
    """
    done = Delivered()
    while not stopping() and (message := _claim()) is not None:
        try:
            send(message)
        except NotSent as failure:
            _note_failure(message, str(failure), done, final=failure.final)
        # A bug with one message must not hold up the others.
        except Exception as error:
            logger.exception("message %s could not be sent", message.public_id)
            _note_failure(message, type(error).__name__, done)
        else:
            _settle(message, sent_at=timezone.now(), last_error="")
            done.sent += 1
    return done


def try_again(messages: MessageQuerySet) -> int:
    """Let messages that wait or were given up be tried soon, with all their tries; return how many."""
    return messages.filter(sent_at=None).update(next_try_at=timezone.now(), tries=0, failed_at=None)


def clean_up(*, dry_run: bool = False) -> int:
    """Delete the messages that are older than `KEPT`, also such that never left; return how many."""
    old = Message.objects.filter(created_at__lt=timezone.now() - KEPT)
    if dry_run:
        return old.count()
    deleted = 0
    while ids := list(old.order_by("created_at").values_list("pk", flat=True)[:_BATCH]):
        deleted += Message.objects.filter(pk__in=ids).delete()[0]
    return deleted


def _claim() -> Message | None:
    """Take the next message that is due, so that no other sender gets it before the lease ends."""
    now = timezone.now()
    # Looked up without a lock first: SQLite would lock all its writers out for each look.
    if not Message.objects.due(now).exists():
        return None
    with transaction.atomic():
        message = Message.objects.due(now).select_for_update(skip_locked=True).first()
        if message is not None:
            message.tries += 1
            message.next_try_at = now + _LEASE
            message.save(update_fields=["tries", "next_try_at"])
    return message


def _note_failure(message: Message, why: str, done: Delivered, *, final: bool = False) -> None:
    now = timezone.now()
    if final or message.tries >= MOST_TRIES:
        done.given_up += 1
        _settle(message, failed_at=now, last_error=why)
        logger.error("%s was given up after %s tries: %s", message, message.tries, why)
    else:
        done.postponed += 1
        pause = min(_FIRST_PAUSE * 4 ** (message.tries - 1), _LONGEST_PAUSE)
        _settle(message, next_try_at=now + pause, last_error=why)
        logger.warning("%s was not sent and is tried again in %s: %s", message, pause, why)


def _settle(message: Message, **fields: datetime | str) -> None:
    # Only if no other sender has taken it over since.
    Message.objects.filter(pk=message.pk, tries=message.tries, sent_at=None).update(**fields)
