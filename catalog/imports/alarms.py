"""Alarms to the owner about imports."""

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from catalog.models import ImportRun, Store
from catalog.models.imports import visible
from catalog.models.search_index import SOLD_OUT, Entry
from outbox.alarms import raise_alarm


def import_failed(run: ImportRun, failure: str) -> None:
    """Alarm the owner in the current transaction."""
    if not settings.SHOPMCP_NOTIFY:
        return
    language = Store.objects.filter(slug=run.slug).values_list("language", flat=True).first()
    with translation.override(language or settings.LANGUAGE_CODE):
        raise_alarm(
            "import_failed",
            _("The import into the store %(store)s failed") % {"store": run.slug},
            _("Nothing was changed. The reason: %(reason)s The file: %(file)s")
            % {"reason": failure, "file": run.source},
            store=run.slug,
            reason=failure,
        )


def published(store: Store) -> None:
    """Alarm the owner in the current transaction if nothing of the store can be bought."""
    if not settings.SHOPMCP_NOTIFY or Entry.objects.filter(visible(), store=store, key__lt=SOLD_OUT).exists():
        return
    with translation.override(store.language):
        raise_alarm(
            "nothing_for_sale",
            _("The store %(store)s has nothing for sale") % {"store": store.name},
            _("After its last import, no product of the store can be bought. Look at the file, or undo the import."),
            store=store.slug,
        )
