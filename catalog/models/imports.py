"""Imports as they run and as they are remembered, and what is known of the addresses that feeds come from."""

from datetime import timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# An import that gave no sign of life for so long has died; the next one puts things back and takes its place.
EXPIRY = timedelta(minutes=5)


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    def open(self) -> Self:
        """Those that have not switched yet: what they wrote does not count."""
        return self.filter(state=ImportRun.State.STAGING)


class ImportRun(models.Model):
    """One import into one store: while it runs the store's lock, afterwards its report.

    The row's `state` is the switch. What an import writes counts from the moment in which it says SWITCHED.
    """

    class State(models.TextChoices):
        STAGING = "staging", _("running")
        SWITCHED = "switched", _("done")
        UNCHANGED = "not_modified", _("nothing new at the address")
        FAILED = "failed", _("failed, nothing was changed")

    slug = models.CharField(_("store"), max_length=40)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.STAGING)
    # A file's name or an address, without what it asks for behind the question mark: secrets stand there.
    source = models.CharField(_("source"), max_length=300, blank=True)
    format = models.CharField(_("format"), max_length=20, blank=True)
    forced = models.BooleanField(_("forced"), default=False)
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    alive_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    created = models.PositiveIntegerField(_("created"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    withdrawn = models.PositiveIntegerField(_("withdrawn"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    warned = models.PositiveIntegerField(_("warnings"), default=0)
    # {"refused": [{"line", "sku", "reason"}, …], "warnings": [the same]}, the first few hundred of each.
    details = models.JSONField(_("details"), default=dict, blank=True)
    # Why it failed.
    failure = models.TextField(_("failure"), blank=True)

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["slug"], condition=Q(state="staging"), name="one_import_per_store"),
        ]
        indexes = [models.Index(fields=["slug", "-id"], name="import_by_store")]

    def __str__(self) -> str:
        return f"{self.slug} · {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def has_died(self) -> bool:
        """Whether it still counts as running and gave no sign of life for too long."""
        return self.state == self.State.STAGING and self.alive_at < timezone.now() - EXPIRY

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """What `details` holds of that kind: `refused` or `warnings`."""
        found = self.details.get(kind, [])
        return found if isinstance(found, list) else []


class FeedAddress(models.Model):
    """What a feed's server said of the version that was imported last, so that the next request can be conditional."""

    slug = models.CharField(_("store"), max_length=40)
    url = models.CharField(_("URL"), max_length=2000)
    etag = models.CharField(max_length=500, blank=True)
    last_modified = models.CharField(max_length=100, blank=True)
    # How the version was read: with other options the same bytes may give other products.
    options = models.CharField(max_length=300, blank=True)
    imported_at = models.DateTimeField(_("imported"), default=timezone.now)

    class Meta:
        verbose_name = _("feed address")
        verbose_name_plural = _("feed addresses")
        constraints = [models.UniqueConstraint(fields=["slug", "url"], name="one_memory_per_feed_address")]
