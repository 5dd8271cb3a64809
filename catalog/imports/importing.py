"""Importing a product file or address into a store."""

import json
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory

from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.demo import STORE as DEMO
from catalog.demo import demo_rows
from catalog.feeds import FeedEntry, Unreadable, format_of, open_source
from catalog.feeds.options import FeedOptions
from catalog.feeds.understood import understood_of
from catalog.imports.download import Fetched, fetch_feed, name_of
from catalog.imports.kept_options import forget, keep, with_kept
from catalog.imports.lock import alive, hold, running
from catalog.imports.pruning import prune
from catalog.imports.publishing import publish
from catalog.imports.reading import read_into
from catalog.imports.report import ImportReport, unwatched
from catalog.imports.spool import Spool
from catalog.imports.staging import BATCH, TooManyGone, missing, stage, withdraw
from catalog.models import FeedAddress, ImportRun, Product, Store
from catalog.search.rebuild import Progress, optimise
from shopmcp.errors import InvalidArguments
from shopmcp.money import is_currency

_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
# From this many changed entries on, optimise the index, because its segments slow down searches.
_MANY = 1000


def import_products(
    file: Path | str,
    *,
    slug: str,
    format_name: str = "auto",
    currency: str = "",
    base_url: str = "",
    options: FeedOptions | None = None,
    forget_options: bool = False,
    dry_run: bool = False,
    force: bool = False,
    progress: Progress = unwatched,
) -> ImportReport:
    """Import a product file into a store.

    New products are created, different ones changed, missing ones withdrawn, and returning ones listed again; ids stay.
    A product whose row is refused stays as it was. All changes are published at once; every transaction is short.

    Args:
        file: A file of at most 100 MB; or an https address as text, which is asked by conditional requests.
        slug: The store's; a new store is created.
        format_name: A name of `catalog.feeds.FORMATS`, or auto.
        currency: Of a new store; by default the one that all prices name, or ILS.
        base_url: The base of relative addresses; the store keeps it.
        options: What the file does not say itself; kept for later imports from the same source into this store.
        forget_options: Forget what was kept for this source before.
        dry_run: Only report.
        force: Also withdraw more than half of the store's products, and download a feed that has not changed.
        progress: Watches the rows being read and written.

    Raises:
        Unreadable: If the file cannot be read, or was understood only half; nothing is changed.
        InvalidArguments: If the slug, currency or base URL does not fit.
        TooManyGone: If more than half of the products would be withdrawn.
        ImportRunning: If another import of this store is running.
    """
    store, name = store_for(slug, currency, base_url), _named(file)
    given = replace(options or FeedOptions(), format="" if format_name == "auto" else format_name)
    asked = given if forget_options else with_kept(given, slug, file)
    asked = replace(asked, currency=store.currency)
    report = ImportReport(store, may_assume_currency=store.pk is None and not currency)
    if dry_run:
        with TemporaryDirectory(prefix="shopmcp-feed-") as folder:
            path = fetch_feed(file, Path(folder), None).path if isinstance(file, str) else file
            return _rehearse(path, name, report, asked, force, progress)
    with running(slug, source=name, forced=force) as run, TemporaryDirectory(prefix="shopmcp-feed-") as folder:
        if isinstance(file, str):
            said = _said(asked, store)
            known = None if force or store.pk is None else _known(slug, file, said)
            fetched = fetch_feed(file, Path(folder), known, partial(alive, run))
            if fetched.path is None:
                return _nothing_new(run, store)
            _import(fetched.path, run, report, asked, force, progress)
            _remember(slug, file, fetched, said)
        else:
            _import(file, run, report, asked, force, progress)
    if forget_options:
        forget(slug, file)
    keep(asked, slug, file, name)
    return report


def _remember(slug: str, url: str, fetched: Fetched, said: str) -> None:
    seen = {"etag": fetched.etag, "last_modified": fetched.last_modified, "imported_at": timezone.now()}
    FeedAddress.objects.update_or_create(slug=slug, url=url, defaults={**seen, "options": said})


def _said(options: FeedOptions, store: Store) -> str:
    """All that decides what a file becomes: with other options the same file may give other products."""
    text = json.dumps([options.as_json(), store.currency, store.base_url, store.zone.key], sort_keys=True)
    return blake2b(text.encode(), digest_size=32).hexdigest()


def load_demo() -> ImportReport | None:
    """Load the demo store into a catalogue without products; return None if there are any."""
    if Product.objects.exists():
        return None
    store = Store.objects.filter(slug=DEMO["slug"]).first() or Store(**DEMO)
    report = ImportReport(store)
    with running(store.slug, source=store.slug, forced=False) as run, Spool() as spool:
        for row in demo_rows().values():
            spool.add(row, hebrew=False)
        _save(spool, store, run, report, False, unwatched)
    return report


def _import(
    path: Path, run: ImportRun, report: ImportReport, options: FeedOptions, force: bool, progress: Progress
) -> ImportReport:
    with Spool() as spool:
        run.format = _read(spool, path, run.source, report, options, progress, partial(alive, run))
        _save(spool, report.store, run, report, force, progress)
    return report


def _read(
    spool: Spool, path: Path, name: str, report: ImportReport, options: FeedOptions, progress: Progress,
    watched: Callable[[Iterable[FeedEntry]], Iterable[FeedEntry]] = iter,
) -> str:  # fmt: skip
    """Read the file into the spool; return its format. A refusal carries what was understood of the columns."""
    source = open_source(path, name, options)
    try:
        form = format_of(source, options.format or "auto")
        read_into(spool, source, form, report, progress, watched)
    except Unreadable as refusal:
        refusal.understood = understood_of(source)
        raise
    report.understood = understood_of(source)
    return form


def _rehearse(
    path: Path | None, name: str, report: ImportReport, options: FeedOptions, force: bool, progress: Progress
) -> ImportReport:
    store = report.store
    assert path is not None  # only a conditional request gives no file
    with Spool() as spool:
        _read(spool, path, name, report, options, progress)
        with suppress(TooManyGone):
            missing(store, _present(spool, report), report, force=force)
        stage(store, progress(spool.batches(BATCH), _("Comparing"), -(-len(spool) // BATCH)), None, report)
    return report


def _save(spool: Spool, store: Store, run: ImportRun, report: ImportReport, force: bool, progress: Progress) -> None:
    is_new = store.pk is None
    # First, because it may refuse the import.
    gone = missing(store, _present(spool, report), report, force=force)
    prune(run.slug, partial(hold, run))
    if is_new:
        store.language = "he" if spool.mostly_hebrew else store.language
        store.save(force_insert=True)
    batches = progress(spool.batches(BATCH), _("Saving"), -(-len(spool) // BATCH))
    withdraw(gone, run)
    stage(store, alive(run, batches), run, report)
    if not is_new:
        kept = {"base_url": store.base_url, "currency": store.currency}
        Store.objects.filter(pk=store.pk).exclude(**kept).update(**kept)
    counts = {name: getattr(report, name) for name in ("created", "changed", "unchanged", "withdrawn", "warned")}
    publish(
        run, store, **counts, refused=len(report.refused), details=report.details(), format=run.format,
        ended_at=timezone.now(),
    )  # fmt: skip
    if report.created + report.changed + report.withdrawn >= _MANY:
        optimise()


def _nothing_new(run: ImportRun, store: Store) -> ImportReport:
    ImportRun.objects.filter(pk=run.pk).update(state=ImportRun.State.UNCHANGED, hidden=False, ended_at=timezone.now())
    return ImportReport(store, not_modified=True)


def _known(slug: str, url: str, options: str) -> FeedAddress | None:
    """The last import of this address, unless another import into the store was published since."""
    known = FeedAddress.objects.filter(slug=slug, url=url, options=options).first()
    published = ImportRun.objects.filter(slug=slug, state=ImportRun.State.PUBLISHED)
    return known if known and not published.filter(ended_at__gt=known.imported_at).exists() else None


def _present(spool: Spool, report: ImportReport) -> set[str]:
    # A product whose row was refused is in the file, so it is not withdrawn. Which of the variants with its SKU it
    # was may not be known; then none of them is.
    refused = {refused.sku for refused in report.refused}
    known = Product.objects.order_by().filter(store__slug=report.store.slug)
    variants = {
        sku
        for shared in refused & spool.shared
        for sku in known.filter(sku__startswith=f"{shared}-").values_list("sku", flat=True)
    }
    return {*spool.skus(), *refused, *variants}


def _named(file: Path | str) -> str:
    """The source as the import's record shows it."""
    return file.name if isinstance(file, Path) else name_of(file)


def store_for(slug: str, currency: str, base_url: str) -> Store:
    """Return the store, or a new one that is not saved, with these values.

    Raises:
        InvalidArguments: If one does not fit.
    """
    if not _SLUG.fullmatch(slug):
        raise InvalidArguments(
            _("“%(slug)s” cannot be a store's name.") % {"slug": slug},
            fix=_("Use at most 40 small letters, digits, dashes and underscores."),
        )
    if currency and not is_currency(currency):
        raise InvalidArguments(
            _("“%(code)s” is no ISO 4217 currency.") % {"code": currency}, fix=_("Use one such as ILS.")
        )
    if base_url and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", base_url):
        raise InvalidArguments(
            _("“%(url)s” is no base for addresses.") % {"url": base_url},
            fix=_("Use one such as https://www.example.com/."),
        )
    store = Store.objects.filter(slug=slug).first()
    if store is None:
        return Store(
            slug=slug, name=re.sub("[-_]+", " ", slug).strip().title(), currency=currency or "ILS", base_url=base_url
        )
    if currency and currency != store.currency and store.identities.exists():
        raise InvalidArguments(
            _("The store %(slug)s sells in %(code)s.") % {"slug": slug, "code": store.currency},
            fix=_("Import into a new store to sell in another currency: carts may hold products of this one."),
        )
    store.currency, store.base_url = currency or store.currency, base_url or store.base_url
    return store
