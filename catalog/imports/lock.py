"""One import of a store at a time: the run's row is the lock, with a sign of life in place of an owner's name."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.imports.staging import settle
from catalog.models import ImportRun
from shopmcp.errors import ShopError

T = TypeVar("T")
_BEAT = 10.0  # seconds between two signs of life


class ImportRunning(ShopError):
    """Another import of this store is going on."""

    code = "import_running"


@contextmanager
def running(slug: str, *, source: str, forced: bool) -> Iterator[ImportRun]:
    """Hold the store's import to oneself; what was written counts for nothing unless the run is switched inside.

    Raises:
        ImportRunning: If another import of the store is going on.
    """
    run = _begun(slug, source, forced)
    try:
        settle(slug)
        yield run
    except BaseException as error:
        # Ctrl-C too: chats must not wait for the next import to be rid of what this one wrote.
        if ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.STAGING).exists():
            _end(run, error.message if isinstance(error, ShopError) else type(error).__name__)
        raise


def alive(run: ImportRun, steps: Iterable[T]) -> Iterator[T]:
    """Give a sign of life at the first step, and then now and again while the steps are taken.

    Raises:
        ImportRunning: If the run was taken for dead meanwhile, and another took its place.
    """
    last = float("-inf")
    for step in steps:
        if monotonic() - last > _BEAT:
            last = monotonic()
            if not ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.STAGING).update(alive_at=timezone.now()):
                raise ImportRunning(_("This import stood still for so long that another took its place."))
        yield step


def _begun(slug: str, source: str, forced: bool) -> ImportRun:
    for _attempt in range(2):
        try:
            with transaction.atomic():
                return ImportRun.objects.create(slug=slug, source=source[:300], forced=forced)
        except IntegrityError:
            other = ImportRun.objects.open().filter(slug=slug).first()
            if other is None:
                continue
            if not other.has_died:
                break
            # Of several that find it dead, one takes its place.
            if (
                not ImportRun.objects.open()
                .filter(pk=other.pk, alive_at=other.alive_at)
                .update(alive_at=timezone.now())
            ):
                break
            _end(other, _("It gave no sign of life any more."))
    raise ImportRunning(
        _("Another import into the store %(slug)s is running.") % {"slug": slug},
        fix=_("Wait until it is done; one that has died makes room after five minutes."),
    )


def _end(run: ImportRun, failure: str) -> None:
    # Put back first: while the run counts as running, nobody sees what it wrote.
    settle(run.slug, undoing=run)
    ImportRun.objects.filter(pk=run.pk).update(
        state=ImportRun.State.FAILED, failure=failure[:1000], ended_at=timezone.now()
    )
