"""Alarms to the owner: to each destination of SHOPMCP_NOTIFY."""

import logging
from typing import Any

from django.conf import settings

from outbox.models import Message
from outbox.sending import NotSent, send
from outbox.services import channel_of, enqueue

logger = logging.getLogger("shopmcp.alarms")


def send_alarm(kind: str, subject: str, text: str, **facts: Any) -> None:
    """Write an alarm in the current transaction; it leaves after the commit.

    Args:
        kind: One word, such as `import_failed`.
        subject: One line, in the owner's language.
        text: What happened and what to do, in the owner's language.
        facts: What a program may want to know, as JSON data.
    """
    for destination in settings.SHOPMCP_NOTIFY:
        enqueue(f"alarm.{kind}", destination, _payload(subject, text, facts))


class DirectAlarms:
    """Alarms that must not need the database or its disk. They leave at once, and are remembered in memory."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str]] = set()

    def begin(self, kind: str, subject: str, text: str, **facts: Any) -> None:
        """Send an alarm to those destinations that have had none of this kind since it ended.

        A failure is logged; call this again while the reason of the alarm lasts.
        """
        for destination in settings.SHOPMCP_NOTIFY:
            if (kind, destination) not in self._told and _sent(kind, destination, _payload(subject, text, facts)):
                self._told.add((kind, destination))

    def end(self, kind: str, subject: str, text: str, **facts: Any) -> None:
        """Tell those who had the alarm that it is over; call this again until nobody `is_told`."""
        for destination in [whom for what, whom in self._told if what == kind]:
            if _sent(kind, destination, _payload(subject, text, facts)):
                self._told.discard((kind, destination))

    def is_told(self, kind: str) -> bool:
        """Whether somebody had the alarm and not its end."""
        return any(what == kind for what, _ in self._told)


def _sent(kind: str, destination: str, payload: dict[str, Any]) -> bool:
    channel = channel_of(destination)
    if channel == Message.Channel.EMAIL and not settings.MAIL_IS_SET:
        return False
    message = Message(kind=f"alarm.{kind}", channel=channel, destination=destination, payload=payload)
    try:
        send(message)
    except NotSent as failure:
        logger.warning("%s was not sent: %s", message, failure)
        return False
    return True


def _payload(subject: str, text: str, facts: dict[str, Any]) -> dict[str, Any]:
    shop = settings.PUBLIC_URL
    return {"subject": subject, "text": f"{text}\n\n{shop}/dashboard/\n", "shop": shop, **facts}
