"""Imports on the owner's pages: everything that a person asks of a job, and of the daily imports."""

import shutil
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from catalog.feeds.options import FeedOptions
from catalog.feeds.source import LARGEST_FILE
from catalog.imports.download import name_of
from catalog.imports.importing import store_for
from catalog.language.text import clean
from catalog.models import DailyImport, ImportJob, Store
from catalog.models.jobs import uploads
from shopmcp import disk
from shopmcp.errors import InvalidArguments, Kept, ShopError

# A job and its file are forgotten after so long.
KEPT: Final = timedelta(days=7)
_LONGEST_NAME = 180  # bytes


class TooLarge(ShopError):
    """The file is larger than an import may be."""

    code = "too_large"


def begin_with_file(slug: str, name: str, pieces: Iterable[bytes], *, currency: str = "") -> ImportJob:
    """Keep an uploaded file and have it read for a preview.

    Raises:
        InvalidArguments: If the store's slug or currency does not fit.
        TooLarge: If the file is larger than 100 MB, or there is no room for it.
    """
    store_for(slug, currency, "")
    uploads().mkdir(mode=0o700, exist_ok=True)
    if disk.Disk(uploads()).is_low:
        raise TooLarge(_("There is too little room on the disk for the file."), fix=_("Make room on the server first."))
    label = clean(Path(name).name, 200) or "products"
    folder = Path(uuid4().hex)
    file = folder / (label.encode()[-_LONGEST_NAME:].decode(errors="ignore").strip("/. ") or "products")
    try:
        _write(uploads() / file, pieces)
    except BaseException:
        shutil.rmtree(uploads() / folder, ignore_errors=True)
        raise
    return _make(slug, currency, source=label, file=str(file))


def begin_with_address(slug: str, url: str, *, currency: str = "") -> ImportJob:
    """Have an address read for a preview.

    Raises:
        InvalidArguments: If the store's slug or currency does not fit.
        Unreadable: If no feed can be read from such an address.
    """
    store_for(slug, currency, "")
    return _make(slug, currency, source=name_of(url), address=url)


def look_again(job: ImportJob, options: FeedOptions) -> None:
    """Read the file once more, with these options alone."""
    _set(job, (ImportJob.State.READY, ImportJob.State.REFUSED), ImportJob.State.READING, options=options.as_json())


def start(job: ImportJob, *, force: bool = False) -> None:
    """Import what was previewed.

    Args:
        force: Whether more than half of the store's products may be withdrawn.
    """
    _set(job, (ImportJob.State.READY,), ImportJob.State.IMPORTING, forced=force)


def begin_again(job: ImportJob) -> None:
    """Let another process take a job whose own has died, or try one that failed once more."""
    if job.has_died:
        # Without its token the process notes nothing any more, should it live after all.
        died = ImportJob.objects.filter(pk=job.pk, token=job.token, alive_at=job.alive_at)
        died.update(alive_at=None, token="", steps=0)
    else:
        _set(job, (ImportJob.State.FAILED,), ImportJob.State.READING)


def discard(job: ImportJob) -> None:
    """Forget a job and its file; what was imported stays.

    Raises:
        Kept: If a process works on it.
    """
    if job.is_under_way and job.alive_at is not None and not job.has_died:
        raise Kept(_("The file is being read or imported right now."), fix=_("Wait until that is done."))
    job.delete()
    drop_file(job)


def drop_file(job: ImportJob) -> None:
    """Delete the uploaded file of a job."""
    if job.file:
        shutil.rmtree(uploads() / Path(job.file).parts[0], ignore_errors=True)


def set_daily(slug: str, url: str, hour: int) -> DailyImport:
    """Import an address each day after this hour of the store's time zone, in place of the one before.

    Raises:
        Unreadable: If no feed can be read from such an address.
        InvalidArguments: If there is no such store, or no such hour.
    """
    name_of(url)
    store = Store.objects.filter(slug=slug).first()
    if store is None or not 0 <= hour <= 23:
        raise InvalidArguments(
            _("A daily import needs a store and an hour from 0 to 23."), fix=_("Import into the store once first.")
        )
    now = timezone.now().astimezone(store.zone)
    # An hour that has passed today begins tomorrow.
    values = {"url": url, "hour": hour, "begun_on": now.date() if now.hour >= hour else None}
    return DailyImport.objects.update_or_create(values, slug=slug)[0]


def end_daily(slug: str) -> None:
    """Import nothing into the store by itself any more."""
    DailyImport.objects.filter(slug=slug).delete()


def clean_up() -> None:
    """Forget old jobs, and files that no job has."""
    before = timezone.now() - KEPT
    for job in ImportJob.objects.filter(created_at__lt=before):
        if not job.is_under_way or job.has_died:
            job.delete()
            drop_file(job)
    known = {Path(file).parts[0] for file in ImportJob.objects.exclude(file="").values_list("file", flat=True)}
    for folder in uploads().glob("*"):
        if folder.name not in known and folder.stat().st_mtime < before.timestamp():
            shutil.rmtree(folder, ignore_errors=True)


def _make(slug: str, currency: str, **values: str) -> ImportJob:
    return ImportJob.objects.create(slug=slug, currency=currency, language=get_language() or "en", **values)


def _set(job: ImportJob, before: Iterable[str], state: str, **values: object) -> None:
    """Give a job to the background; a second request for the same, as by a double click, changes nothing.

    Raises:
        InvalidArguments: If the job is at another point now.
    """
    fresh = {"alive_at": None, "step": "", "steps": 0, "steps_in_all": 0, "failure": ""}
    with transaction.atomic():
        found = ImportJob.objects.select_for_update().filter(pk=job.pk).first()
        if found is not None and found.state == state:
            return
        if found is None or found.state not in before:
            raise InvalidArguments(_("The import has gone on meanwhile."), fix=_("Look at how it stands now."))
        ImportJob.objects.filter(pk=job.pk).update(state=state, **fresh, **values)


def _write(file: Path, pieces: Iterable[bytes]) -> None:
    file.parent.mkdir(mode=0o700)
    size = 0
    with file.open("xb") as to:
        for piece in pieces:
            size += len(piece)
            if size > LARGEST_FILE:
                raise TooLarge(_("%(file)s is larger than 100 MB.") % {"file": file.name}, fix=_("Pack it with gzip."))
            to.write(piece)
