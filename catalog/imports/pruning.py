"""Deletes hidden versions and entries in short transactions, beside live traffic."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import ProtectedError, Q
from django.utils import timezone

from catalog.models import Entry, ImportRun, Product, ProductIdentity
from catalog.search.engines import engine, rows_among
from catalog.search.index import stage_entries
from catalog.search.rebuild import Turns

# Reports of imports are kept for so long, and so many of the newest of each store in any case.
REPORTS_KEPT: Final = timedelta(days=90)
REPORTS_LEFT: Final = 20


def forget_reports() -> None:
    """Delete old reports of imports. What was published stays: only hidden runs decide what counts."""
    for slug in list(ImportRun.objects.order_by("slug").values_list("slug", flat=True).distinct()):
        runs = ImportRun.objects.filter(slug=slug).order_by("-pk")
        kept = set(runs.values_list("pk", flat=True)[:REPORTS_LEFT])
        # How old the last import is, and which one can be undone.
        kept.update(runs.filter(state=ImportRun.State.PUBLISHED).values_list("pk", flat=True)[:1])
        old = runs.filter(hidden=False, ended_at__lt=timezone.now() - REPORTS_KEPT)
        old.exclude(pk__in=kept).delete()


def prune(slug: str, holding: Callable[[], None]) -> None:
    """Delete the rows that the store's last import replaced, and those that undone and failed imports wrote.

    Call it before a new import writes. `holding` is called first in each transaction; it raises if the lock was lost.
    """
    for run in ImportRun.objects.hidden().filter(slug=slug).exclude(state=ImportRun.State.STAGING):
        discard(run, holding)
    # The runs that are left were published, so all rows with `leaving` are hidden.
    store = Q(store__slug=slug, leaving__isnull=False)
    versions = sorted(Product.versions.order_by().filter(store).values_list("pk", flat=True))
    in_turns(versions, holding, lambda pks: Product.versions.filter(pk__in=pks).delete())
    in_turns(list(Entry.objects.filter(store).values_list("key", flat=True)), holding, engine().remove)


def discard(run: ImportRun, holding: Callable[[], None] = lambda: None) -> None:
    """Delete what a hidden run wrote, then unmark the run. It must have ended."""
    marked = Q(arriving=run.pk) | Q(leaving=run.pk)
    written = Product.versions.filter(marked, store__slug=run.slug).order_by("identity_id")
    identities = list(written.values_list("identity_id", flat=True).distinct())
    in_turns(identities, holding, lambda pks: _discard(pks, run.pk))
    ImportRun.objects.filter(pk=run.pk).update(hidden=False)


def in_turns(pks: Sequence[int], holding: Callable[[], None], work: Callable[[Sequence[int]], object]) -> None:
    """Do the work for all keys, one transaction for each batch."""
    pace, done = Turns(), 0
    while done < len(pks):
        batch = pks[done : done + pace.size]
        with pace.turn():
            holding()
            work(batch)
        done += len(batch)


def _discard(pks: Sequence[int], run: int) -> None:
    versions = Product.versions.filter(identity__in=pks)
    before = set(versions.exclude(arriving=run).values_list("identity_id", flat=True))
    new = [pk for pk in pks if pk not in before]
    Product.versions.filter(identity__in=before, arriving=run).delete()
    versions.filter(leaving=run).update(leaving=None)
    engine().remove([key for (key,) in rows_among("catalog_entry", "key", "product_id", new)])
    _delete(new)
    stage_entries(pks)


def _delete(pks: Sequence[int]) -> None:
    """Delete products; those that a cart holds stay, as withdrawn."""
    try:
        with transaction.atomic():
            ProductIdentity.objects.filter(pk__in=pks).delete()
    except ProtectedError:
        if len(pks) == 1:
            now = timezone.now()
            Product.versions.filter(identity__in=pks).update(withdrawn_at=now, updated_at=now, arriving=None)
        else:
            _delete(pks[: len(pks) // 2])
            _delete(pks[len(pks) // 2 :])
