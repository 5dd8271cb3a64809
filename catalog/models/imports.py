"""Import runs, and the feed addresses that were imported."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# A run without a sign of life for this long has died: the next import of the store cleans up and takes the lock.
EXPIRY = timedelta(minutes=5)
# Who begins the same import again knows that it has died after so long.
_SURE = timedelta(seconds=45)


class ImportRunQuerySet(models.QuerySet["ImportRun"]):
    def running(self) -> Self:
        """Runs that hold their store's lock, dead ones too; at most one for each store."""
        return self.filter(state=ImportRun.State.STAGING)

    def dead(self) -> Self:
        """Runs that hold their store's lock and gave no sign of life lately; one from the future is none.

        A living run gives the next sign by the clock as it is now.
        """
        now = timezone.now()
        return self.running().exclude(alive_at__range=(now - EXPIRY, now + EXPIRY))

    def left_behind(self, slug: str, source: str, since: datetime) -> Self:
        """Runs from this source that began since then, hold the lock, and give no sign of life any more.

        It is for whoever began them and knows that their process is gone; `dead` is for all others.
        """
        quiet = timezone.now() - _SURE
        return self.running().filter(slug=slug, source=source[:300], started_at__gte=since, alive_at__lt=quiet)

    def good(self) -> Self:
        """Runs after which the products are as their source has them."""
        return self.filter(state__in=ImportRun.GOOD)

    def ended_since(self, moment: datetime) -> Self:
        """Runs that ended since then, the latest first."""
        return self.filter(ended_at__gt=moment).order_by("-id")

    def hidden(self) -> Self:
        """Runs whose rows do not count: not published yet, undone, or failed and not cleaned up yet."""
        # Not a condition on `state`: its bound parameters would keep SQLite from using the partial index.
        return self.filter(hidden=True)


class ImportRun(models.Model):
    """One import into one store: the store's lock while it runs, its report afterwards.

    The rows that a hidden run wrote do not count. Publishing and undoing an import are one update of `hidden`.
    """

    class State(models.TextChoices):
        STAGING = "staging", _("running")
        PUBLISHED = "published", _("done")
        UNCHANGED = "not_modified", _("nothing new at the address")
        FAILED = "failed", _("failed, nothing was changed")
        UNDONE = "undone", _("undone")

    GOOD = (State.PUBLISHED, State.UNCHANGED)

    slug = models.CharField(_("store"), max_length=40)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.STAGING)
    hidden = models.BooleanField(default=True, editable=False)
    # A file's name, or an address without its query, which may hold a secret.
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
    failure = models.TextField(_("failure"), blank=True)

    objects = ImportRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["slug"], condition=Q(state="staging"), name="one_import_per_store"),
        ]
        indexes = [
            models.Index(fields=["slug", "-id"], name="import_by_store"),
            models.Index(fields=["id"], condition=Q(hidden=True), name="import_hidden"),
        ]

    def __str__(self) -> str:
        return f"{self.slug} · {self.started_at:%Y-%m-%d %H:%M}"

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """The lines in `details` of that kind, `refused` or `warnings`."""
        found = self.details.get(kind, [])
        return found if isinstance(found, list) else []


# The condition of `visible` in SQL; `{0}` is the table's alias.
_HIDDEN = "(SELECT id FROM catalog_importrun WHERE hidden)"
VISIBLE = (
    f"({{0}}.arriving IS NULL OR {{0}}.arriving NOT IN {_HIDDEN}) "
    f"AND ({{0}}.leaving IS NULL OR {{0}}.leaving IN {_HIDDEN})"
)


def visible(path: str = "") -> Q:
    """Return the condition under which a row counts: it has no `arriving` run or that is not
    hidden, and no `leaving` run or that is hidden.

    For a relation to many rows, use it in a `FilteredRelation`: a plain filter is true if any of the rows counts.

    Args:
        path: The path to the rows, with `__` at its end; empty for the model's own.
    """
    # A `FilteredRelation` accepts a query, but no query set.
    hidden = ImportRun.objects.hidden().values("pk").query
    arrived = Q(**{f"{path}arriving": None}) | ~Q(**{f"{path}arriving__in": hidden})
    return arrived & (Q(**{f"{path}leaving": None}) | Q(**{f"{path}leaving__in": hidden}))


class FeedAddress(models.Model):
    """A feed's ETag and date as last imported, for a conditional request the next time."""

    slug = models.CharField(_("store"), max_length=40)
    url = models.CharField(_("URL"), max_length=2000)
    etag = models.CharField(max_length=500, blank=True)
    last_modified = models.CharField(max_length=100, blank=True)
    # The options of that import: with other options the same file may give other products.
    options = models.CharField(max_length=300, blank=True)
    imported_at = models.DateTimeField(_("imported"), default=timezone.now)

    class Meta:
        verbose_name = _("feed address")
        verbose_name_plural = _("feed addresses")
        constraints = [models.UniqueConstraint(fields=["slug", "url"], name="one_memory_per_feed_address")]


class SourceOptions(models.Model):
    """The options that the owner gave for imports from one source into one store, for those that follow."""

    slug = models.CharField(_("store"), max_length=40)
    # A digest of the address, or of the names of the columns in their alphabetical order.
    source = models.CharField(max_length=64, editable=False)
    # As the import's record shows it.
    label = models.CharField(_("source"), max_length=300, blank=True)
    # See `catalog.feeds.options.FeedOptions`.
    options = models.JSONField(_("options"), default=dict)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("options of a source")
        verbose_name_plural = _("options of sources")
        constraints = [models.UniqueConstraint(fields=["slug", "source"], name="one_set_of_options_per_source")]
