"""Imports that were begun on the owner's pages, and those of every day."""

from datetime import timedelta
from pathlib import Path
from typing import Final, Self

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# The process that works on a job gives a sign of life every two seconds. One without any for so long has died.
SILENCE: Final = timedelta(seconds=30)


class ImportJobQuerySet(models.QuerySet["ImportJob"]):
    def under_way(self) -> Self:
        """Jobs that a process works on, or that wait for one."""
        return self.filter(state__in=(ImportJob.State.READING, ImportJob.State.IMPORTING))

    def waiting(self) -> Self:
        """Jobs for which no process has begun yet, the oldest first."""
        return self.under_way().filter(alive_at=None).order_by("id")


class ImportJob(models.Model):
    """A product file or address: it is read for a preview, and imported at the owner's word, both in the background."""

    class State(models.TextChoices):
        READING = "reading", _("being read")
        READY = "ready", _("waits for your word")
        REFUSED = "refused", _("cannot be read as it is")
        IMPORTING = "importing", _("being imported")
        DONE = "done", _("done")
        FAILED = "failed", _("failed, nothing was changed")

    slug = models.CharField(_("store"), max_length=40)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    # As records show it: the name of the file, or the address without its query.
    source = models.CharField(_("source"), max_length=300)
    address = models.CharField(max_length=2000, blank=True)
    # Below `uploads` in the data folder; empty for an address.
    file = models.CharField(max_length=300, blank=True)
    # See `catalog.feeds.options.FeedOptions`; NULL for those that were kept for the source.
    options = models.JSONField(null=True)
    forced = models.BooleanField(default=False)
    # Of its reports.
    language = models.CharField(max_length=10, default="en")
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.READING)
    # Of the process that works on it; NULL while it waits for one.
    alive_at = models.DateTimeField(null=True)
    token = models.CharField(max_length=32, blank=True)
    # What is done now, how many steps of it, and of how many; 0 if that is not known.
    step = models.CharField(max_length=80, blank=True)
    steps = models.PositiveIntegerField(default=0)
    steps_in_all = models.PositiveIntegerField(default=0)
    # What would change, or what the file is like that cannot be read: see `catalog.imports.preview`.
    preview = models.JSONField(default=dict)
    failure = models.TextField(blank=True)
    # The key of the `ImportRun` that was published.
    run = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    objects = ImportJobQuerySet.as_manager()

    class Meta:
        verbose_name = _("import job")
        verbose_name_plural = _("import jobs")
        ordering = ["-id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.slug} · {self.source}"

    @property
    def given(self) -> Path | str:
        """The file, or the address as text."""
        return self.address or uploads() / self.file

    @property
    def is_under_way(self) -> bool:
        return self.state in (self.State.READING, self.State.IMPORTING)

    @property
    def has_died(self) -> bool:
        """Whether the process that worked on it ended before it was done."""
        return self.is_under_way and self.alive_at is not None and self.alive_at < timezone.now() - SILENCE

    @property
    def share(self) -> int | None:
        """How much of the step is done, in percent; None if that is not known."""
        return min(100, self.steps * 100 // self.steps_in_all) if self.steps_in_all else None


class DailyImport(models.Model):
    """An address that `serve` imports each day after an hour."""

    slug = models.CharField(_("store"), max_length=40)
    url = models.CharField(_("address"), max_length=2000)
    hour = models.PositiveSmallIntegerField(_("hour"), validators=[MaxValueValidator(23)])
    # The day, in the store's time zone, on which it was begun last.
    begun_on = models.DateField(null=True)

    class Meta:
        verbose_name = _("daily import")
        verbose_name_plural = _("daily imports")
        ordering = ["slug", "id"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["slug"], name="one_daily_import_per_store")]

    def __str__(self) -> str:
        return f"{self.slug} · {self.hour}:00"

    @property
    def shown(self) -> str:
        """The address without its query, which may hold a secret."""
        return self.url.partition("?")[0]


def uploads() -> Path:
    """The folder of uploaded files; the first upload makes it."""
    return Path(settings.DATA_DIR) / "uploads"
