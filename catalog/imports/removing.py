"""Removing a store's products, and then the store, in short transactions beside live traffic."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from django.db import transaction
from django.utils import timezone

from catalog.imports.lock import begin, hold
from catalog.imports.pruning import in_turns
from catalog.models import (
    DailyImport,
    Entry,
    FeedAddress,
    ImportJob,
    ImportRun,
    Product,
    ProductIdentity,
    SourceOptions,
    Store,
)
from catalog.search.engines import engine
from catalog.search.index import reindex


@contextmanager
def without_imports(slug: str) -> Iterator[ImportRun]:
    """Hold the store's import lock, without leaving a run in its history.

    Raises:
        ImportRunning: If an import of the store is running.
    """
    run = begin(slug, "remove_store")
    try:
        yield run
    finally:
        ImportRun.objects.filter(pk=run.pk).delete()


def withdraw_all(store: Store, run: ImportRun) -> int:
    """Take every product off sale, so that no cart gets one any more; return how many products there are."""
    keys = list(ProductIdentity.objects.filter(store=store).order_by("id").values_list("pk", flat=True))

    def withdraw(batch: Sequence[int]) -> None:
        now = timezone.now()
        versions = Product.versions.filter(identity__in=batch, withdrawn_at=None)
        versions.update(withdrawn_at=now, updated_at=now)
        reindex(batch)

    in_turns(keys, partial(hold, run), withdraw)
    return len(keys)


def remove(store: Store, run: ImportRun) -> None:
    """Delete the products, which no cart and no order may hold, and then the store with all that is its own.

    Raises:
        ProtectedError: If a cart or an order holds one after all. Calling it again goes on.
    """
    holding = partial(hold, run)
    in_turns(list(Entry.objects.filter(store=store).values_list("key", flat=True)), holding, engine().remove)
    keys = list(ProductIdentity.objects.filter(store=store).order_by("id").values_list("pk", flat=True))
    in_turns(keys, holding, lambda batch: ProductIdentity.objects.filter(pk__in=batch).delete())
    with transaction.atomic():
        holding()
        for model in (ImportRun, FeedAddress, SourceOptions, ImportJob, DailyImport):
            model._default_manager.filter(slug=store.slug).delete()
        store.delete()
