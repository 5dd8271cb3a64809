"""Counts by hour and by day, so that no page has to read the calls of a month."""

from datetime import datetime
from typing import Self

from django.db import models

# As the index below has it: every call of a client is counted so.
_ONE_CALLED = models.Q(everybody=False, kind__in=("calls", "unkeyed_calls"), name="")


class TallyQuerySet(models.QuerySet["Tally"]):
    def within(self, grain: str, since: datetime, until: datetime) -> Self:
        """Tallies of this grain that begin in [since, until)."""
        return self.filter(grain=grain, start__gte=since, start__lt=until)

    def of_client(self, client: str) -> Self:
        """Tallies of one client, or of all clients together if `client` is empty."""
        return self.filter(everybody=not client, client=client)

    def busy_days(self, since: datetime, until: datetime) -> int:
        """On how many days in (since, until] chats called, with an id or without."""
        days = self.of_client("").filter(
            grain=Tally.Grain.DAY,
            kind__in=(Tally.Kind.CALLS, Tally.Kind.UNKEYED_CALLS),
            count__gt=0,
            start__gt=since,
            start__lte=until,
        )
        return days.order_by().values("start").distinct().count()

    def clients(self, first: datetime, last: datetime) -> models.QuerySet["Tally", str]:
        """The names of the clients that called on these days."""
        days = self.filter(grain=Tally.Grain.DAY, start__gte=first, start__lte=last)
        return days.filter(_ONE_CALLED).values_list("client", flat=True).distinct()

    def vain_searches(self, day: datetime, most: int) -> models.QuerySet["Tally", str]:
        """The searches of a day that found nothing, at most so many."""
        found = self.filter(everybody=True, client="", kind=Tally.Kind.FRUITLESS, grain=Tally.Grain.DAY, start=day)
        return found.values_list("name", flat=True)[:most]

    def older_than(self, grain: str, moment: datetime) -> Self:
        """Tallies of this grain that began before that moment, oldest first."""
        return self.filter(grain=grain, start__lt=moment).order_by("start")


class Tally(models.Model):
    """How often something happened in an hour or a day, for one client or for all."""

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
        # Calls by their own time. Nameless calls carry neither a conversation id nor a cart_id.
        CALLS = "calls"
        UNKEYED_CALLS = "unkeyed_calls"
        NAMELESS = "nameless"
        FRUITLESS = "fruitless"
        REFUSED = "refused"
        LATENCY = "latency"

    grain = models.CharField(max_length=4, choices=Grain.choices)
    # In UTC.
    start = models.DateTimeField()
    # All clients together. An empty `client` is not enough to say so: some chats name no client.
    everybody = models.BooleanField()
    client = models.CharField(max_length=60, blank=True)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    # A product's public id, a stage, a bucket of a histogram, or a tool with a code.
    name = models.CharField(max_length=200, blank=True)
    count = models.BigIntegerField()

    objects = TallyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["everybody", "client", "kind", "grain", "start", "name"], name="one_tally_of_each_kind"
            )
        ]
        indexes = [
            models.Index(fields=["grain", "start"], name="tally_age"),
            models.Index(
                fields=["start", "client"], condition=models.Q(grain="day") & _ONE_CALLED, name="tally_client"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {self.count}"


class Fact(models.Model):
    """What a session has contributed to the tallies, to be taken back when the session goes on."""

    # No foreign key: the tallies outlive the session.
    session = models.BigIntegerField(primary_key=True)
    client = models.CharField(max_length=60, blank=True)
    keyed = models.BooleanField()
    last_at = models.DateTimeField()
    seconds = models.FloatField(default=0)
    filled = models.BooleanField(default=False)
    # 0 nothing yet, 1 searched, 2 viewed, 3 added.
    stage = models.PositiveSmallIntegerField(default=0)
    # {public id: whether it was added}
    products = models.JSONField(default=dict)
    # The newest cart that was counted; 0 for none.
    cart = models.BigIntegerField(default=0)
    # Whether it counts among the sessions although it is not keyed: earlier versions left such sessions out.
    whole = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes = [
            models.Index(fields=["last_at"], name="fact_last_at"),
        ]

    def __str__(self) -> str:
        return str(self.session)


class Checkpoint(models.Model):
    """The last counted call. A step of the counting locks the only row."""

    # All calls up to this key were counted, except the missing ones.
    call = models.BigIntegerField(default=0)
    # [[key, seconds since the epoch when it was missed]]. Their transactions may still commit.
    missing = models.JSONField(default=list)

    def __str__(self) -> str:
        return str(self.call)
