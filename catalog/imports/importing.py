"""Importing a product file or address into a store."""

import re
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.demo import STORE as DEMO
from catalog.demo import demo_rows
from catalog.feeds import FeedEntry, Record, Refused, Skipped, Unreadable, format_of, open_source, read_feed
from catalog.feeds.prices import names_currency
from catalog.feeds.rows import RowRefused, RowSkipped, read_row, read_sku
from catalog.imports.download import fetch_feed, name_of
from catalog.imports.lock import alive, hold, running
from catalog.imports.pruning import prune
from catalog.imports.publishing import publish
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
_HEBREW = re.compile("[\u05d0-\u05ea]")


def import_products(
    file: Path | str,
    *,
    slug: str,
    format_name: str = "auto",
    currency: str = "",
    base_url: str = "",
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
        dry_run: Only report.
        force: Also withdraw more than half of the store's products, and download a feed that has not changed.
        progress: Watches the rows being read and written.

    Raises:
        Unreadable: If the file cannot be downloaded or read, or has no product; nothing is changed.
        InvalidArguments: If the slug, currency or base URL does not fit.
        TooManyGone: If more than half of the products would be withdrawn.
        ImportRunning: If another import of this store is running.
    """
    store, name = _store_for(slug, currency, base_url), _named(file)
    report = ImportReport(store, may_assume_currency=store.pk is None and not currency)
    if dry_run:
        with TemporaryDirectory(prefix="shopmcp-feed-") as folder:
            path = fetch_feed(file, Path(folder), None).path if isinstance(file, str) else file
            return _rehearse(path, name, report, format_name, force, progress)
    with running(slug, source=name, forced=force) as run, TemporaryDirectory(prefix="shopmcp-feed-") as folder:
        if not isinstance(file, str):
            return _import(file, run, report, format_name, force, progress)
        options = "\n".join((format_name, store.currency, store.base_url))
        known = None if force or store.pk is None else _known(slug, file, options[:300])
        fetched = fetch_feed(file, Path(folder), known, partial(alive, run))
        if fetched.path is None:
            return _nothing_new(run, store)
        _import(fetched.path, run, report, format_name, force, progress)
        FeedAddress.objects.update_or_create(
            slug=slug,
            url=file,
            defaults={
                "etag": fetched.etag,
                "last_modified": fetched.last_modified,
                "options": options[:300],
                "imported_at": timezone.now(),
            },
        )
        return report


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
    path: Path, run: ImportRun, report: ImportReport, format_name: str, force: bool, progress: Progress
) -> ImportReport:
    with Spool() as spool:
        source = open_source(path, run.source)
        run.format = format_of(source, format_name)
        _read(alive(run, read_feed(source, run.format)), spool, report, run.source, progress)
        _save(spool, report.store, run, report, force, progress)
    return report


def _rehearse(
    path: Path | None, name: str, report: ImportReport, format_name: str, force: bool, progress: Progress
) -> ImportReport:
    store = report.store
    assert path is not None  # only a conditional request gives no file
    with Spool() as spool:
        _read(read_feed(open_source(path, name), format_name), spool, report, name, progress)
        with suppress(TooManyGone):
            missing(store, _present(spool, report), report, force=force)
        stage(store, progress(spool.batches(BATCH), _("Comparing"), -(-len(spool) // BATCH)), None, report)
    return report


def _read(entries: Iterable[FeedEntry], spool: Spool, report: ImportReport, name: str, progress: Progress) -> None:
    """Spool the rows; of rows with one SKU, the first with a price."""
    store = report.store
    for entry in progress(entries, _("Reading")):
        match entry:
            case Refused():
                report.refused.append(entry)
            case Skipped():
                report.skipped += 1
            case Record():
                _read_record(entry, store, spool, report)
    report.refused.sort(key=lambda refused: refused.line)
    report.warnings.sort(key=lambda warning: warning.line)
    report.unresolved, report.without_image = spool.unresolved, spool.without_image
    if "" in report.currencies:
        report.assumed_currency = store.currency
    elif len(report.currencies) == 1:
        (store.currency,) = report.currencies
        spool.count_unpriced_in(store.currency)
    if not len(spool):
        reasons = "; ".join(f"{refused.line}: {refused.reason}" for refused in report.refused[:3])
        raise Unreadable(_("%(file)s holds no product.") % {"file": name}, fix=reasons)


def _read_record(record: Record, store: Store, spool: Spool, report: ImportReport) -> None:
    try:
        row = read_row(record, currency=store.currency, base_url=store.base_url)
    except RowSkipped:
        report.skipped += 1
        return
    except RowRefused as refusal:
        report.refused.append(Refused(record.line, str(refusal), _sku_of(record)))
        return
    if report.may_assume_currency and row.price is not None:
        report.currencies.add(row.currency if names_currency(record.fields) else "")
    if double := spool.add(row, hebrew=_HEBREW.search(row.name) is not None):
        report.warnings.append(Refused(double.goes.line, double.reason, row.sku))


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
    # A product whose row was refused is in the file, so it is not withdrawn.
    return {*spool.skus(), *(refused.sku for refused in report.refused)}


def _named(file: Path | str) -> str:
    """The source as the import's record shows it."""
    return file.name if isinstance(file, Path) else name_of(file)


def _store_for(slug: str, currency: str, base_url: str) -> Store:
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


def _sku_of(record: Record) -> str:
    try:
        return read_sku(record.fields)
    except RowRefused:
        return ""
