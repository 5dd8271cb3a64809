"""Deleting links and codes that open nothing any more, and old counts, in short batches beside live traffic."""

from datetime import timedelta
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone

from orders.models import CheckoutLink, PermalinkCount, ResumeCode, ResumeTries
from shopmcp.db.batches import Pace

# The owner sees for a week on the page of a session that links were given.
LINKS_KEPT: Final = timedelta(days=7)
CODES_KEPT: Final = timedelta(days=1)
COUNTS_KEPT: Final = timedelta(days=730)


def clean_up() -> None:
    """Delete what is older than it is kept."""
    now, pace = timezone.now(), Pace()
    for rows in (
        CheckoutLink.objects.filter(expires_at__lt=now - LINKS_KEPT).order_by("expires_at"),
        ResumeCode.objects.filter(expires_at__lt=now - CODES_KEPT),
        ResumeTries.objects.filter(since__lt=now - CODES_KEPT),
        PermalinkCount.objects.filter(day__lt=(now - COUNTS_KEPT).date()),
    ):
        _delete(rows, pace)


def _delete(rows: QuerySet[Any], pace: Pace) -> None:
    while True:
        size = pace.size
        with pace.turn():
            keys = list(rows.values_list("pk", flat=True)[:size])
            rows.model._default_manager.filter(pk__in=keys).delete()
        if len(keys) < size:
            return
