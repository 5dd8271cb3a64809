"""The lock of a store's imports: the row of the running import, which expires without signs of life."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from time import monotonic
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.imports.pruning import discard
from catalog.models import ImportRun, Store
from shopmcp.errors import ShopError

T = TypeVar("T")
_BEAT = 10.0  # seconds between two signs of life


class ImportRunning(ShopError):
    """Another import of this store is running, or has taken the lock over."""

    code = "import_running"


@contextmanager
def running(slug: str, *, source: str, forced: bool) -> Iterator[ImportRun]:
    """Hold the store's import lock. After an exception, everything that the run wrote is deleted.

    Raises:
        ImportRunning: If another import of the store is running.
    """
    run, is_new = begin(slug, source, forced), not Store.objects.filter(slug=slug).exists()
    try:
        yield run
    except BaseException as error:  # Ctrl-C too
        failed = fail(run, error.message if isinstance(error, ShopError) else type(error).__name__)
        if failed and is_new:
            Store.objects.filter(slug=slug, identities=None).delete()
        raise


def hold(run: ImportRun) -> None:
    """Give a sign of life. It locks the run's row, so call it first in each transaction that writes.

    Raises:
        ImportRunning: If the run counted as dead, and another import took the lock over.
    """
    update(run, alive_at=timezone.now())


def alive(run: ImportRun, steps: Iterable[T]) -> Iterator[T]:
    """Yield the steps, with a sign of life at the first and then every ten seconds.

    Raises:
        ImportRunning: As `hold`.
    """
    last = float("-inf")
    for step in steps:
        if monotonic() - last > _BEAT:
            last = monotonic()
            hold(run)
        yield step


def update(run: ImportRun, **values: Any) -> None:
    if not ImportRun.objects.running().filter(pk=run.pk).update(**values):
        raise ImportRunning(_("This import stood still for so long that another took its place."))


def begin(slug: str, source: str = "", forced: bool = False) -> ImportRun:
    """Take the store's lock, also from a dead run.

    Raises:
        ImportRunning: If another import of the store is running.
    """
    for _attempt in range(2):
        try:
            with transaction.atomic():
                return ImportRun.objects.create(slug=slug, source=source[:300], forced=forced)
        except IntegrityError:
            if ImportRun.objects.running().filter(slug=slug).exists():
                other = ImportRun.objects.dead().filter(slug=slug).first()
                if other is None:
                    break
                end(other)
    raise ImportRunning(
        _("Another import into the store %(slug)s is running.") % {"slug": slug},
        fix=_("Wait until it is done; one that has died makes room after five minutes."),
    )


def end(dead: ImportRun) -> None:
    """End a run that has died; nothing happens if it gave a sign of life since it was read."""
    if dead.alive_at > timezone.now():
        failure = _("Its last sign of life is in the future: a clock is or was wrong.")
    else:
        failure = _("It gave no sign of life any more.")
    fail(dead, failure, alive_at=dead.alive_at)


def fail(run: ImportRun, failure: str, **seen: datetime) -> bool:
    """End a running import, then delete what it wrote; False if it had ended already.

    It ends first, so that it writes nothing more, and stays hidden until all its rows are deleted.
    """
    ended = ImportRun.objects.running().filter(pk=run.pk, **seen)
    if not ended.update(state=ImportRun.State.FAILED, failure=failure[:1000], ended_at=timezone.now()):
        return False
    discard(run)
    return True
