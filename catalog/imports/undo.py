"""Taking back the last import of a store."""

from django.db import transaction
from django.utils.translation import gettext as _

from catalog.imports.lock import begin
from catalog.models import ImportRun, Store
from catalog.search.index import revise
from shopmcp.errors import InvalidArguments


def undo_import(run: ImportRun) -> None:
    """Let what counted before an import count again, from one moment to the next.

    Stock that moved and what the owner changed since stay. A cart keeps products that the import brought, as withdrawn.

    Raises:
        InvalidArguments: If it was not published, or another import into the store has begun since.
        ImportRunning: If an import into the store is going on.
    """
    with transaction.atomic():
        lock = begin(run.slug)
        # An import that found nothing new left all versions where they were.
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
