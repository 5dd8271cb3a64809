"""What happened, counted by hour and by day, so that no page looks through the calls of a month."""

from datetime import datetime
from typing import Self

from django.db import models
from django.utils import timezone


class TallyQuerySet(models.QuerySet["Tally"]):
    def within(self, grain: str, since: datetime, until: datetime) -> Self:
        """Those of this grain that begin in [since, until)."""
        return self.filter(grain=grain, start__gte=since, start__lt=until)

    def of_client(self, client: str) -> Self:
        """Those of one client; of all together where it is empty."""
        return self.filter(everybody=not client, client=client)


class Tally(models.Model):
    """How often something happened in an hour or a day, to one client's chats or to everybody's."""

    class Grain(models.TextChoices):
        HOUR = "hour"
        DAY = "day"

    class Kind(models.TextChoices):
        # Sessions by their last call.
        SESSIONS = "sessions"
        UNKEYED = "unkeyed"
        FILLED = "filled"
        STAGE = "stage"
        DURATION = "duration"
        SEEN = "seen"
        ADDED = "added"
        # Carts by when they were opened.
        CARTS = "carts"
        # Calls by their own time. Nameless ones name neither a conversation nor a cart.
        CALLS = "calls"
        UNKEYED_CALLS = "unkeyed_calls"
        NAMELESS = "nameless"
        FRUITLESS = "fruitless"
        REFUSED = "refused"
        LATENCY = "latency"

    grain = models.CharField(max_length=4, choices=Grain.choices)
    # In UTC.
    start = models.DateTimeField()
    # A chat may name no client: its calls have an empty name, which is not everybody's.
    everybody = models.BooleanField()
    client = models.CharField(max_length=60, blank=True)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    # What was counted: a product's public id, a stage, a histogram's bucket, a tool with its code.
    name = models.CharField(max_length=200, blank=True)
    count = models.BigIntegerField()

    objects = TallyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["everybody", "client", "kind", "grain", "start", "name"], name="one_tally_of_each_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.count}"


class Fact(models.Model):
    """What a session has contributed to the tallies so far, so that it can be taken back when more is known."""

    # The session's key. No relation: the numbers outlive the session.
    session = models.BigIntegerField(primary_key=True)
    client = models.CharField(max_length=60, blank=True)
    keyed = models.BooleanField()
    last_at = models.DateTimeField()
    seconds = models.FloatField(default=0)
    filled = models.BooleanField(default=False)
    # How far it came: 0 nothing yet, 1 searched, 2 viewed, 3 added.
    stage = models.PositiveSmallIntegerField(default=0)
    # {public id: whether it was added}
    products = models.JSONField(default=dict)
    # Its newest cart that was counted; 0 for none.
    cart = models.BigIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["last_at"], name="fact_last_at"),
        ]

    def __str__(self) -> str:
        return str(self.session)


class Progress(models.Model):
    """How far the counting has come; its one row is locked by whoever counts."""

    # Every call up to this key was counted, but for the missing ones.
    call = models.BigIntegerField(default=0)
    # [[key, seconds since the epoch when it was missed]]: their transactions may commit later.
    missing = models.JSONField(default=list)
    counted_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.call)
