"""Working on one job, in a process of its own, so that it takes no memory and no time from the chats."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any, TypeVar

from django.db import DatabaseError, connection
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from catalog.feeds import Unreadable
from catalog.feeds.options import FeedOptions
from catalog.imports import lock
from catalog.imports.importing import import_products
from catalog.imports.jobs import drop_file
from catalog.imports.preview import preview_of, preview_of_refusal, without_options
from catalog.imports.report import ImportReport
from catalog.models import ImportJob, ImportRun
from shopmcp.errors import ShopError

T = TypeVar("T")
logger = logging.getLogger(__name__)
_BEAT = 2.0  # seconds


class _Heartbeat:
    """Notes in the job, again and again, that this process lives and how far it is."""

    def __init__(self, pk: int, token: str) -> None:
        self._row = ImportJob.objects.filter(pk=pk, token=token)
        self._told: dict[str, Any] = {}
        self._stopped = Event()
        self._thread = Thread(target=self._run, daemon=True)

    @contextmanager
    def running(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            self._thread.join()

    def watch(self, steps: Iterable[T], what: str, total: int | None = None) -> Iterable[T]:
        """Count the steps as they are taken."""
        for count, step in enumerate(steps):
            self._told = {"step": what[:80], "steps": count, "steps_in_all": total or 0}
            yield step

    def _run(self) -> None:
        try:
            while not self._stopped.wait(_BEAT):
                try:
                    self._row.update(alive_at=timezone.now(), **self._told)
                # The work itself meets what is lasting; the next beat tries again.
                except DatabaseError:
                    logger.warning("a sign of life of an import could not be written")
        finally:
            connection.close()


def work_on(pk: int, token: str) -> None:
    """Read a job's file for its preview, or import it, whichever it waits for. A job of another token is left alone."""
    job = ImportJob.objects.filter(pk=pk, token=token).first()
    if job is None or not job.is_under_way:
        return
    done: dict[str, Any] = {"alive_at": None}  # so that it waits for the next process, if this one is asked to end
    heartbeat = _Heartbeat(pk, token)
    try:
        with translation.override(job.language), heartbeat.running():
            done = _done(job, heartbeat)
    finally:
        written = ImportJob.objects.filter(pk=pk, token=token).update(**done)
        if written and done.get("state") == ImportJob.State.DONE:
            drop_file(job)


def _done(job: ImportJob, heartbeat: _Heartbeat) -> dict[str, Any]:
    """Do what the job waits for, and return what becomes of it."""
    act = _preview if job.state == ImportJob.State.READING else _import
    try:
        return act(job, heartbeat)
    except ShopError as refusal:
        return _ended(ImportJob.State.FAILED, failure=_words(refusal))
    # The page has to say that it failed; the log has the traceback.
    except Exception:
        logger.exception("the work on %s failed", job)
        return _ended(ImportJob.State.FAILED, failure=_("The shop made a mistake; its log says more."))


def _preview(job: ImportJob, heartbeat: _Heartbeat) -> dict[str, Any]:
    try:
        report = _run(job, heartbeat, dry_run=True)
    except Unreadable as refusal:
        return _ended(ImportJob.State.REFUSED, preview=preview_of_refusal(refusal), failure=_words(refusal))
    return _ended(ImportJob.State.READY, preview=preview_of(report))


def _import(job: ImportJob, heartbeat: _Heartbeat) -> dict[str, Any]:
    _end_dead_run(job)
    try:
        report = _run(job, heartbeat, dry_run=False)
    except lock.ImportRunning:
        return {"alive_at": None, "step": _("waits for another import into this store")[:80], "steps": 0}
    run = ImportRun.objects.filter(slug=job.slug).exclude(state=ImportRun.State.STAGING).order_by("-pk").first()
    return _ended(ImportJob.State.DONE, preview=preview_of(report), run=run.pk if run else None)


def _run(job: ImportJob, heartbeat: _Heartbeat, *, dry_run: bool) -> ImportReport:
    if job.file and not job.given.is_file():  # type: ignore[union-attr]  # a path, because there is a file
        raise ShopError(_("The uploaded file is not here any more."), fix=_("Upload it once more."))
    options = None if job.options is None else FeedOptions.from_json(job.options)
    return import_products(
        job.given,
        slug=job.slug,
        currency=job.currency,
        options=options,
        forget_options=options is not None,
        dry_run=dry_run,
        force=job.forced,
        progress=heartbeat.watch,
    )


def _end_dead_run(job: ImportJob) -> None:
    """End the run of an earlier process of this job that was killed."""
    for run in ImportRun.objects.left_behind(job.slug, job.source, job.created_at):
        lock.end(run)


def _ended(state: str, **values: Any) -> dict[str, Any]:
    return {"state": state, "step": "", **values}


def _words(refusal: ShopError) -> str:
    return f"{refusal.message} {without_options(refusal.fix)}".strip()
