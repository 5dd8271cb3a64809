"""Starting a process for each job that waits, and jobs for the daily imports. `serve` calls it every two seconds."""

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from signal import SIGINT
from time import sleep
from typing import Final
from uuid import uuid4

from django.conf import settings
from django.db import close_old_connections, transaction
from django.utils import timezone

from catalog.models import DailyImport, ImportJob, ImportRun, Store

EVERY: Final = 2.0  # seconds
_LOOK: Final = 0.1
_STALE: Final = datetime.min.replace(year=2000, tzinfo=timezone.get_default_timezone())


def work(stopping: Callable[[], bool]) -> None:
    """Work off the jobs that wait, one at a time in each server."""
    begin_daily()
    while not stopping() and (job := claim()):
        _work_on(job, stopping)


def claim() -> ImportJob | None:
    """Take the oldest job that waits, for a process of this server."""
    for job in ImportJob.objects.waiting()[:50]:
        if job.state == ImportJob.State.IMPORTING and _is_held(job):
            continue
        job.token = uuid4().hex
        if ImportJob.objects.waiting().filter(pk=job.pk).update(alive_at=timezone.now(), token=job.token):
            return job
    return None


def _is_held(job: ImportJob) -> bool:
    """Whether another import holds the store's lock; what this job itself left behind does not count."""
    running = ImportRun.objects.running().filter(slug=job.slug)
    ours = ImportRun.objects.left_behind(job.slug, job.source, job.created_at)
    return running.exclude(pk__in=ImportRun.objects.dead()).exclude(pk__in=ours).exists()


def begin_daily() -> None:
    """Begin the imports whose hour has come; of several servers one does."""
    for daily in DailyImport.objects.all():
        store = Store.objects.filter(slug=daily.slug).first()
        if store is None:
            continue
        now = timezone.now().astimezone(store.zone)
        if now.hour < daily.hour:
            continue
        due = DailyImport.objects.filter(pk=daily.pk, hour=daily.hour).exclude(begun_on__gte=now.date())
        with transaction.atomic():
            if due.update(begun_on=now.date()):
                ImportJob.objects.create(
                    slug=daily.slug,
                    source=daily.shown[:300],
                    address=daily.url,
                    language=store.language,
                    state=ImportJob.State.IMPORTING,
                )


def _work_on(job: ImportJob, stopping: Callable[[], bool]) -> None:
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "work_on_import", str(job.pk), job.token]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    is_asked = False
    # An import takes minutes, and a connection that is silent for seconds is given up (shopmcp/db/postgresql).
    close_old_connections()
    while process.poll() is None:
        if stopping() and not is_asked:
            is_asked = True
            process.send_signal(SIGINT)  # it deletes what it wrote, and leaves the job to the next server
        sleep(_LOOK)
    if process.returncode and not is_asked:
        # It was killed, or could not start: with an old sign of life its page says so at once.
        ImportJob.objects.under_way().filter(pk=job.pk, token=job.token, alive_at__isnull=False).update(alive_at=_STALE)
