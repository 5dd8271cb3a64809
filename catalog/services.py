"""Everything that changes stores and products."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol, TypeVar

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.demo import demo_rows
from catalog.feeds import Record, Refused, Unreadable, read_feed
from catalog.feeds.rows import Row, RowRefused, read_row, read_sku
from catalog.models import Product, Store
from shopmcp.errors import InvalidArguments
from shopmcp.money import is_currency

T = TypeVar("T")
DEMO_STORE = "demo"
DEMO_NAME = "The Corner Shop · המכולת"
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_HEBREW = re.compile("[\u05d0-\u05ea]")
_BATCH = 200
# What a file decides about a product, and what is derived from it.
_FROM_FILE = [
    "name", "description", "category", "brand", "price", "currency", "image", "url", "stock", "available", "group_id",
    "options", "withdrawn_at", "name_key", "url_key", "search_text",
]  # fmt: skip


class Progress(Protocol):
    """Watches work go by; a command shows a bar."""

    def __call__(self, steps: Iterable[T], what: str, total: int | None = None) -> Iterable[T]: ...


def unwatched(steps: Iterable[T], what: str, total: int | None = None) -> Iterable[T]:
    return steps


@dataclass
class ImportReport:
    """What an import did, or would do. `unresolved` counts products whose relative address was left out."""

    store: Store
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    unresolved: int = 0
    refused: list[Refused] = field(default_factory=list)


def import_products(
    file: Path,
    *,
    slug: str,
    format_name: str = "auto",
    currency: str = "",
    base_url: str = "",
    dry_run: bool = False,
    progress: Progress = unwatched,
) -> ImportReport:
    """Make a store sell what a product file holds.

    New products are created, others changed where they differ, those that the file no longer has are withdrawn, and
    those that return are carried again; ids stay. A product whose row is refused stays as it was.

    Args:
        file: At most 100 MB.
        slug: The store's; a store that does not exist is made.
        format_name: A name of `catalog.feeds.FORMATS`, or auto.
        currency: Of a new store, ILS unless given.
        base_url: What relative addresses are relative to; kept for the next time.
        dry_run: Only report.
        progress: Watches the rows being read and written.

    Raises:
        Unreadable: If the file cannot be read or holds no product; nothing is changed.
        InvalidArguments: If the store cannot be had under that slug, currency or base URL.
    """
    store = _store_for(slug, currency, base_url)
    rows, report = _read(read_feed(file, format_name), store, progress)
    if not rows:
        reasons = "; ".join(f"{refused.line}: {refused.reason}" for refused in report.refused[:3])
        raise Unreadable(_("%(file)s holds no product.") % {"file": file.name}, fix=reasons)
    if store.pk is None:
        store.language = _language_of(rows)
    _save(store, rows, report, dry_run, progress)
    return report


def load_demo() -> ImportReport | None:
    """Load the demo store into a catalogue without products; return None if there are any."""
    if Product.objects.exists():
        return None
    rows = demo_rows()
    store = Store.objects.filter(slug=DEMO_STORE).first() or Store(slug=DEMO_STORE, name=DEMO_NAME, currency="ILS")
    report = ImportReport(store)
    _save(store, rows, report, False, unwatched)
    return report


def create_product(store: Store, *, sku: str, name: str, price: Decimal | str | None, **fields: Any) -> Product:
    """Create one product, in the store's currency unless `fields` name another."""
    fields = {"currency": store.currency, **fields}
    # Through text, so that the row in hand says what the database will.
    amount = None if price is None else Decimal(price)
    product = Product(store=store, public_id=f"{store.slug}:{sku}", sku=sku, name=name, price=amount, **fields)
    product.index()
    product.save(force_insert=True)
    return product


def save_product(product: Product) -> None:
    """Save a product that was edited by hand, so that it is found by what it says now."""
    product.index()
    product.save(update_fields=[*_FROM_FILE, "updated_at"])


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
    if currency and currency != store.currency:
        raise InvalidArguments(
            _("The store %(slug)s sells in %(code)s.") % {"slug": slug, "code": store.currency},
            fix=_("Import into a new store to sell in another currency: carts may hold products of this one."),
        )
    store.base_url = base_url or store.base_url
    return store


def _read(entries: Iterable[Record | Refused], store: Store, progress: Progress) -> tuple[dict[str, Row], ImportReport]:
    """The rows by SKU; of those that share one, the first with a price."""
    report, rows = ImportReport(store), dict[str, Row]()
    for entry in progress(entries, _("Reading")):
        if isinstance(entry, Refused):
            report.refused.append(entry)
            continue
        try:
            row = read_row(entry, currency=store.currency, base_url=store.base_url)
        except RowRefused as refusal:
            report.refused.append(Refused(entry.line, str(refusal), _sku_of(entry)))
            continue
        kept = rows.setdefault(row.sku, row)
        if kept is not row:
            if kept.price is None and row.price is not None:
                rows[row.sku], kept, row = row, row, kept
            reason = _("its SKU %(sku)s is that of line %(line)d") % {"sku": row.sku, "line": kept.line}
            report.refused.append(Refused(row.line, reason, row.sku))
    report.refused.sort(key=lambda refused: refused.line)
    report.unresolved = sum(row.unresolved for row in rows.values())
    return rows, report


def _save(store: Store, rows: dict[str, Row], report: ImportReport, dry_run: bool, progress: Progress) -> None:
    products = [_product_of(row, store) for row in progress(rows.values(), _("Comparing"), len(rows))]
    # A product whose row was refused is not gone: nobody said so.
    present = rows.keys() | {refused.sku for refused in report.refused}
    with transaction.atomic():
        if not dry_run:
            store.save()  # takes the row's lock: two imports into one store take turns
        kept = store.products.values("pk", "sku", *_FROM_FILE) if store.pk else []
        known = {row["sku"]: row for row in kept}
        to_write: list[Product] = []
        for product in products:
            before = known.get(product.sku)
            if before is None:
                report.created += 1
            elif all(before[name] == getattr(product, name) for name in _FROM_FILE):
                report.unchanged += 1
                continue
            else:
                report.changed += 1
            to_write.append(product)
        gone = [old["pk"] for sku, old in known.items() if sku not in present and old["withdrawn_at"] is None]
        report.withdrawn = len(gone)
        if not dry_run:
            _write(to_write, gone, timezone.now(), progress)


def _write(products: Sequence[Product], gone: Sequence[int], now: datetime, progress: Progress) -> None:
    for start in progress(range(0, len(products), _BATCH), _("Saving"), -(-len(products) // _BATCH)):
        # One statement creates and changes alike; ids and the time of creation stay.
        Product.objects.bulk_create(
            products[start : start + _BATCH],
            update_conflicts=True,
            unique_fields=["public_id"],
            update_fields=[*_FROM_FILE, "updated_at"],
        )
    for start in range(0, len(gone), _BATCH):
        Product.objects.filter(pk__in=gone[start : start + _BATCH]).update(withdrawn_at=now, updated_at=now)


def _product_of(row: Row, store: Store) -> Product:
    product = Product(
        store=store,
        public_id=f"{store.slug}:{row.sku}",
        sku=row.sku,
        **{name: getattr(row, name) for name in _FROM_FILE if name in Row.__slots__},
    )
    product.index()
    return product


def _sku_of(record: Record) -> str:
    try:
        return read_sku(record.fields)
    except RowRefused:
        return ""


def _language_of(rows: dict[str, Row]) -> str:
    hebrew = sum(1 for row in rows.values() if _HEBREW.search(row.name))
    return "he" if hebrew * 2 > len(rows) else "en"
