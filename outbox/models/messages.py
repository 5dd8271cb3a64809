"""Messages on their way to people and programs."""

import secrets
from datetime import datetime
from typing import Literal, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.db.models import Min, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from outbox.models.endpoints import Endpoint

# Counting stops here, so that its time is bounded.
COUNT_CAP = 10_000


def new_id() -> str:
    """Return an id by which a receiver drops a message that comes twice."""
    return f"msg_{secrets.token_urlsafe(18)}"


def shown(destination: str) -> str:
    """Return a destination without what may be secret: of a webhook, its host alone."""
    return f"https://{urlsplit(destination).netloc}/…" if destination.startswith("https:") else destination


class MessageQuerySet(models.QuerySet["Message"]):
    def waiting(self) -> Self:
        """Messages that are neither sent nor given up."""
        return self.filter(sent_at=None, failed_at=None)

    def due_without_endpoint(self, now: datetime) -> Self:
        """Waiting mail and alarms that may be tried now; mail only where it can be sent."""
        rows = self.waiting().filter(endpoint=None, next_try_at__lte=now)
        return rows if settings.MAIL_IS_SET else rows.filter(channel=Message.Channel.WEBHOOK)

    def due_to(self, endpoint: int | OuterRef, now: datetime) -> Self:
        """Waiting messages to an endpoint, by its key, that may be tried now."""
        return self.waiting().filter(endpoint=endpoint, next_try_at__lte=now)

    def held_back(self) -> Self:
        """Waiting mail that cannot be sent until EMAIL_URL is set."""
        return self.none() if settings.MAIL_IS_SET else self.waiting().filter(channel=Message.Channel.EMAIL)

    def stuck(self, *, tried_before: datetime, due_before: datetime) -> Self:
        """Messages that can be sent and are not: tried in vain since before one moment, or due before the other.

        What waits for its paused or parked endpoint, or for EMAIL_URL, is not stuck.
        """
        rows = self.waiting().exclude(Q(endpoint__is_active=False) | Q(endpoint__parked_at__isnull=False))
        if not settings.MAIL_IS_SET:
            # Not an exclusion: an index tells the channel, and much mail may wait.
            rows = rows.filter(channel=Message.Channel.WEBHOOK)
        return rows.filter(Q(first_tried_at__lt=tried_before) | Q(first_tried_at=None, next_try_at__lt=due_before))

    def stuck_since(self) -> datetime | None:
        """Since when the oldest of these messages waits for a success; None if there is none."""
        since: datetime | None = self.aggregate(since=Min(Coalesce("first_tried_at", "next_try_at")))["since"]
        return since

    def written_before(self, moment: datetime) -> Self:
        return self.filter(created_at__lt=moment)

    def lost_since(self, moment: datetime) -> Self:
        """Mail and alarms that were given up since then. Those of webhooks are in the logs of these."""
        return self.failed().filter(endpoint=None, failed_at__gt=moment)

    def failed(self) -> Self:
        """Messages that were given up, and that nobody has dropped since."""
        return self.filter(failed_at__isnull=False, dropped_at=None)

    def capped_count(self) -> int:
        """The number of messages, at most COUNT_CAP."""
        return self.order_by()[:COUNT_CAP].count()


class Message(models.Model):
    """One message to one destination, written in the transaction of what it tells."""

    class Channel(models.TextChoices):
        EMAIL = "email", _("e-mail")
        WEBHOOK = "webhook", _("webhook")

    # The same at each try.
    public_id = models.CharField(_("public id"), max_length=40, unique=True, default=new_id)
    # Such as `alarm.import_failed`.
    kind = models.CharField(_("kind"), max_length=60)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    # Null for mail and alarms.
    endpoint = models.ForeignKey(
        Endpoint,
        verbose_name=_("webhook"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="messages",
        db_index=False,  # `message_of_endpoint` begins with it
    )
    # An e-mail address, or an https address, whose path may hold a secret. Empty with an endpoint.
    destination = models.CharField(_("destination"), max_length=2000, blank=True)
    # {"subject", "text"} and what else a program may want to know.
    payload = models.JSONField(_("content"), default=dict)
    # A second message with the same key is not written; empty for none.
    dedupe_key = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    # While a sender has the message: when another may take it over.
    next_try_at = models.DateTimeField(_("next try"), default=timezone.now)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    first_tried_at = models.DateTimeField(_("first try"), null=True, blank=True)
    # Of the sender that has it; empty for none.
    claim = models.CharField(max_length=20, blank=True, editable=False, db_default="")
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    failed_at = models.DateTimeField(_("given up"), null=True, blank=True)
    # When the owner wanted it sent no more; then it is given up too. The row stays: its key keeps it from being written
    # again.
    dropped_at = models.DateTimeField(_("dropped"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=300, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(fields=["dedupe_key"], condition=~Q(dedupe_key=""), name="one_message_per_key")
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "channel", "next_try_at", "id"],
                condition=Q(sent_at=None, failed_at=None),
                name="message_waiting",
            ),
            models.Index(fields=["endpoint", "-id"], name="message_of_endpoint"),
            models.Index(
                fields=["failed_at", "id"],
                condition=Q(failed_at__isnull=False, dropped_at=None),
                name="message_given_up",
            ),
            models.Index(fields=["created_at"], name="message_age"),
        ]

    def __str__(self) -> str:
        # For lists and logs, which are no place for the address of a person.
        if self.channel == self.Channel.EMAIL:
            return f"{self.kind} → …@{self.destination.rpartition('@')[2]}"
        return f"{self.kind} → {self.shown_destination}"

    @property
    def shown_destination(self) -> str:
        """The destination without what may be secret: of a webhook, its host alone."""
        if self.endpoint is not None:
            return str(self.endpoint)
        return shown(self.destination)

    @property
    def short_destination(self) -> str:
        """The destination for lists, where whole addresses of people do not belong: `da…@example.com`.

        Of a short name at most half is shown, and of one letter nothing.
        """
        if self.channel != self.Channel.EMAIL:
            return self.shown_destination
        name, _, domain = self.destination.rpartition("@")
        return f"{name[: min(2, len(name) // 2)]}…@{domain}"

    @property
    def state(self) -> Literal["sent", "failed", "waiting"]:
        if self.sent_at is not None:
            return "sent"
        return "waiting" if self.failed_at is None else "failed"


class Attempt(models.Model):
    """One try to send a message."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField(_("time"), default=timezone.now)
    milliseconds = models.PositiveIntegerField(_("milliseconds"))
    # Of the answer; null for mail, and where none came.
    status = models.PositiveSmallIntegerField(_("status"), null=True, blank=True)
    # Empty for a success.
    error = models.CharField(_("error"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}"


class Pulse(models.Model):
    """One row that the write probe of /healthz updates."""

    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}"
