"""Alarms to the owner: to each destination of SHOPMCP_NOTIFY, at most once an hour for each kind."""

import logging
from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from outbox.models import Message
from outbox.sending import NotSent, send
from outbox.services import channel_of, enqueue

EVERY = timedelta(hours=1)
# Any number that nothing else in the database locks.
_ALARMING = 7_467_364

logger = logging.getLogger("shopmcp.alarms")


def raise_alarm(kind: str, subject: str, text: str, **facts: Any) -> None:
    """Write an alarm in the current transaction; it leaves after the commit.

    A destination that had one of this kind within the hour gets none.

    Args:
        kind: One word, such as `import_failed`.
        subject: One line, in the owner's language.
        text: What happened and what to do, in the owner's language.
        facts: What a program may want to know, as JSON data.
    """
    if not settings.SHOPMCP_NOTIFY:
        return
    with transaction.atomic():
        if connection.vendor == "postgresql":
            # Until the end of the transaction; SQLite has one writer at a time anyway.
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ALARMING])
        now = timezone.now()
        # One from the future, of a clock that was wrong, silences nothing.
        lately = Message.objects.filter(kind=f"alarm.{kind}", created_at__gt=now - EVERY, created_at__lte=now)
        told = set(lately.values_list("destination", flat=True))
        for destination in settings.SHOPMCP_NOTIFY:
            if destination not in told:
                enqueue(f"alarm.{kind}", destination, _payload(subject, text, facts))


class DirectAlarms:
    """Alarms that must not need the database or its disk. They leave at once, and are remembered in memory."""

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._sent: dict[tuple[str, str], float] = {}

    def send(self, kind: str, subject: str, text: str, **facts: Any) -> None:
        """Send an alarm to those destinations that have had none of this kind within the hour.

        A failure is logged; call this again while the reason of the alarm lasts.
        """
        for destination in settings.SHOPMCP_NOTIFY:
            now, channel = self._clock(), channel_of(destination)
            if now - self._sent.get((kind, destination), float("-inf")) < EVERY.total_seconds():
                continue
            if channel == Message.Channel.EMAIL and not settings.MAIL_IS_SET:
                continue
            message = Message(
                kind=f"alarm.{kind}",
                channel=channel,
                destination=destination,
                payload=_payload(subject, text, facts),
            )
            try:
                send(message)
            except NotSent as failure:
                logger.warning("%s was not sent: %s", message, failure)
            else:
                self._sent[kind, destination] = now


def _payload(subject: str, text: str, facts: dict[str, Any]) -> dict[str, Any]:
    shop = settings.PUBLIC_URL
    return {"subject": subject, "text": f"{text}\n\n{shop}/dashboard/\n", "shop": shop, **facts}
