"""From checked rows to products: written in many short transactions, switched in one, tidied up in many again.

While a run is open its rows say what they will be, and `previous` what they were; readers give back the latter
(`ProductQuerySet`, `carts.statements`, the search index). Changing the run's `state` is the switch, whatever the size.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from time import monotonic, sleep
from typing import Any

from django.db import connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.feeds.rows import Row
from catalog.models import ImportRun, Product, Store, before
from catalog.search import reindex
from catalog.services.products import DECIDED, DERIVED
from catalog.services.report import ImportReport
from shopmcp.errors import ShopError

# Rows in a transaction, so that nobody waits long for the write lock.
BATCH = 50
# Between what was written last and the switch: whoever read a page of half-written rows has asked by then whether
# they count (`ProductQuerySet`), and sees them all as they were.
_SETTLING = 0.05
_FROM_ROW = [name for name in DECIDED if name in Row.__slots__]
_STAGED = ("staged", "previous", "arriving", "leaving")


class TooManyGone(ShopError):
    """The import would withdraw more than half of what the store carries."""

    code = "too_many_gone"


def stage(store: Store, batches: Iterable[Sequence[Row]], run: ImportRun | None, report: ImportReport) -> None:
    """Write what differs from what the store has, and count; without a run only count."""
    for rows in batches:
        known: dict[str, dict[str, Any]] = {}
        if store.pk:
            found = store.products.filter(sku__in=[row.sku for row in rows])
            known = {old["sku"]: old for old in found.values("pk", "sku", *DECIDED)}
        products = [_product(row, store) for row in rows]
        to_write: list[Product] = []
        for product in products:
            old = known.get(product.sku)
            if old is None:
                report.created += 1
                product.arriving = True
            else:
                differing = [name for name in DECIDED if old[name] != getattr(product, name)]
                if not differing:
                    report.unchanged += 1
                    continue
                report.changed += 1
                product.previous = {name: _plain(old[name]) for name in differing}
                product.arriving = old["withdrawn_at"] is not None
            to_write.append(product)
        if run is not None and to_write:
            _write(to_write, {sku: old["pk"] for sku, old in known.items()}, run)


def withdraw(store: Store, present: set[str], run: ImportRun | None, report: ImportReport, *, force: bool) -> None:
    """Mark what the file no longer has; without a run only count.

    Raises:
        TooManyGone: If that is more than half of what the store carries, unless forced.
    """
    gone: list[int] = []
    carried = 0
    for pks, skus in _carried(store):
        carried += len(pks)
        gone.extend(pk for pk, sku in zip(pks, skus, strict=True) if sku not in present)
    report.withdrawn = len(gone)
    if len(gone) * 2 > carried and not force:
        report.needs_force = True
        if run is not None:
            raise TooManyGone(
                _("This would withdraw %(gone)d of the %(carried)d products that the store %(slug)s carries.")
                % {"gone": len(gone), "carried": carried, "slug": store.slug},
                fix=_("If the file is whole, import it again with --force."),
            )
    if run is not None:
        for pks in _cut(gone):
            with _short():
                Product.objects.filter(pk__in=pks).update(leaving=run.pk)
                reindex(pks)


def switch(run: ImportRun, **values: Any) -> bool:
    """Let what the run wrote count, from one moment to the next; False if it was ended meanwhile."""
    if values.get("changed") or values.get("withdrawn"):
        sleep(_SETTLING)
    with transaction.atomic():
        return bool(ImportRun.objects.open().filter(pk=run.pk).update(state=ImportRun.State.SWITCHED, **values))


def settle(slug: str, *, undoing: ImportRun | None = None) -> None:
    """Clear the marks that runs which are over left on the store's rows, and those of `undoing` with what it wrote."""
    store = Store.objects.filter(slug=slug).first()
    if store is None:
        return
    if undoing is not None:
        _each(lambda: _marked(store, "staged", undoing.pk), _take_back)
        _each(lambda: _marked(store, "leaving", undoing.pk), _keep)
    now = timezone.now()
    _each(lambda: _marked(store, "staged"), _accept)
    _each(lambda: _marked(store, "leaving"), lambda pks: _let_go(pks, now))


def _product(row: Row, store: Store) -> Product:
    values = {name: getattr(row, name) for name in _FROM_ROW}
    return Product(store=store, public_id=f"{store.slug}:{row.sku}", sku=row.sku, **values)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int | dict):
        return value
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _write(products: Sequence[Product], known: dict[str, int], run: ImportRun) -> None:
    for product in products:
        product.index()
        product.staged = run.pk
    with _short():
        # One statement creates and changes alike; ids and the time of creation stay.
        written = Product.objects.bulk_create(
            products,
            update_conflicts=True,
            unique_fields=["public_id"],
            update_fields=[*DECIDED, *DERIVED, *_STAGED, "updated_at"],
        )
        reindex([known.get(product.sku, product.pk) for product in written])


def _carried(store: Store) -> Iterator[tuple[list[int], list[str]]]:
    """The keys and SKUs of what the store carries, a thousand at a time."""
    last = 0
    while store.pk:
        rows = list(
            store.products.filter(withdrawn_at=None, staged=None, pk__gt=last)
            .order_by("pk")
            .values_list("pk", "sku")[:1000]
        )
        if not rows:
            return
        yield [pk for pk, _sku in rows], [sku for _pk, sku in rows]
        last = rows[-1][0]


def _marked(store: Store, column: str, run: int | None = None) -> list[int]:
    """A batch of the store's rows that bear a run's mark; without one, that of any run that is over."""
    rows = Product.objects.filter(store=store)
    if run is not None:
        rows = rows.filter(**{column: run})
    else:
        running = ImportRun.objects.open().values("pk")
        rows = rows.filter(**{f"{column}__isnull": False}).exclude(**{f"{column}__in": running})
    return list(rows.values_list("pk", flat=True)[:BATCH])


def _each(batch: Callable[[], list[int]], work: Callable[[list[int]], None]) -> None:
    while pks := batch():
        with _short():
            work(pks)


def _accept(pks: list[int]) -> None:
    Product.objects.filter(pk__in=pks).update(staged=None, previous=None, arriving=False)
    reindex(pks)


def _let_go(pks: list[int], now: datetime) -> None:
    Product.objects.filter(pk__in=pks).update(leaving=None, withdrawn_at=now, updated_at=now)
    reindex(pks)


def _keep(pks: list[int]) -> None:
    Product.objects.filter(pk__in=pks).update(leaving=None)
    reindex(pks)


def _take_back(pks: list[int]) -> None:
    for values in Product.objects.filter(pk__in=pks).values("pk", "previous"):
        rows = Product.objects.filter(pk=values["pk"])
        if values["previous"] is None:
            try:
                with transaction.atomic():
                    rows.delete()
            except ProtectedError:  # in a cart after all
                rows.update(staged=None, arriving=False, withdrawn_at=timezone.now())
        else:
            product = rows.get()
            for name, value in values["previous"].items():
                setattr(product, name, before(name, value))
            product.index()
            product.staged = product.previous = None
            product.arriving = False
            product.save(update_fields=[*DECIDED, *DERIVED, *_STAGED])
    reindex(pks)


def _cut(pks: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(pks), BATCH):
        yield pks[start : start + BATCH]


@contextmanager
def _short() -> Iterator[None]:
    """A transaction of a batch, and a rest after it on SQLite, whose waiting writers are served by luck alone."""
    with transaction.atomic():
        began = monotonic()
        yield
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        sleep(min(0.05, (monotonic() - began) / 3))
