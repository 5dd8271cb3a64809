"""Publishing an import, and undoing the last one of a store: an update of one row each."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from catalog.imports.lock import begin, update
from catalog.models import ImportRun, Store
from catalog.search.index import revise
from shopmcp.errors import InvalidArguments


def publish(run: ImportRun, store: Store, **values: Any) -> None:
    """Publish the run and set these fields of it, in one update.

    Raises:
        ImportRunning: As `hold`.
    """
    with transaction.atomic():
        update(run, state=ImportRun.State.PUBLISHED, hidden=False, **values)
        revise([store.pk])


def undo_last_import(slug: str) -> ImportRun:
    """Undo the last import into the store, and return it.

    Raises:
        InvalidArguments: If there is none, or none that can be undone.
        ImportRunning: If an import into the store is running.
    """
    run = ImportRun.objects.filter(slug=slug, state=ImportRun.State.PUBLISHED).order_by("-pk").first()
    if run is None:
        stores = ", ".join(Store.objects.order_by("slug").values_list("slug", flat=True))
        raise InvalidArguments(
            _("There is no import into “%(store)s” that could be undone.") % {"store": slug},
            fix=_("The stores are: %(stores)s.") % {"stores": stores} if stores else "",
        )
    undo_import(run)
    return run


def undo_import(run: ImportRun) -> None:
    """Hide the run, so that the versions before it count again; one update.

    Moves of stock and edits since then stay. Carts keep the products that only this import had, as withdrawn.

    Raises:
        InvalidArguments: If it was not published, or another import into the store has begun since.
        ImportRunning: If an import into the store is running.
    """
    with transaction.atomic():
        lock = begin(run.slug)
        # Unchanged runs wrote nothing.
        later = ImportRun.objects.filter(slug=run.slug, pk__gt=run.pk).exclude(pk=lock.pk)
        undone = not later.exclude(state=ImportRun.State.UNCHANGED).exists() and ImportRun.objects.filter(
            pk=run.pk, state=ImportRun.State.PUBLISHED
        ).update(state=ImportRun.State.UNDONE, hidden=True)
        lock.delete()
        if not undone:
            raise InvalidArguments(
                _("This import cannot be undone."),
                fix=_("Only the last one of a store can, until the next one begins; import an earlier file instead."),
            )
        revise(Store.objects.filter(slug=run.slug).values_list("pk", flat=True))
