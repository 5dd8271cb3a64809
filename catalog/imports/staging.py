"""From checked rows to products: written in many short transactions, switched in one, tidied up in many again.

While a run is open its rows say what they will be, and `previous` what they were; readers give back the latter
(`ProductQuerySet`, `carts.queries`, the search index). Changing the run's `state` is the switch, whatever the size.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from time import sleep
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.feeds.rows import Row
from catalog.imports.report import ImportReport
from catalog.imports.writing import upsert, values_of
from catalog.models import ImportRun, Product, Store, before
from catalog.search.index import accept_entries, revise, stage_entries
from catalog.search.rebuild import Turns
from catalog.services import DECIDED, DERIVED
from shopmcp.db.batches import Pace
from shopmcp.errors import ShopError

# Rows that are compared at once; how many are written at once is a matter of time.
BATCH = 500
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
    pace, waiting = Turns(), list[Product]()
    for rows in batches:
        known: dict[str, dict[str, Any]] = {}
        if store.pk:
            found = store.products.filter(sku__in=[row.sku for row in rows])
            known = {old["sku"]: old for old in found.values("sku", *DECIDED)}
        for row in rows:
            old = known.get(row.sku)
            if old is None:
                report.created += 1
                previous = None
            else:
                previous = {name: _plain(old[name]) for name in _FROM_ROW if old[name] != getattr(row, name)}
                if old["withdrawn_at"] is not None:
                    previous["withdrawn_at"] = _plain(old["withdrawn_at"])
                if not previous:
                    report.unchanged += 1
                    continue
                report.changed += 1
            if run is not None:
                product = _product(row, store)
                product.staged, product.previous = run.pk, previous
                product.arriving = old is None or old["withdrawn_at"] is not None
                waiting.append(product)
            if len(waiting) >= pace.size:
                _write(waiting, pace)
                waiting = []
    if waiting:
        _write(waiting, pace)


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
        _by_turns(gone, lambda pks: _withdraw(pks, run.pk))


def switch(run: ImportRun, store: Store, **values: Any) -> bool:
    """Let what the run wrote count, from one moment to the next; False if it was ended meanwhile."""
    if values.get("changed") or values.get("withdrawn"):
        sleep(_SETTLING)
    with transaction.atomic():
        switched = ImportRun.objects.open().filter(pk=run.pk).update(state=ImportRun.State.SWITCHED, **values)
        if switched:
            revise([store.pk])
        return bool(switched)


def settle(slug: str, *, undoing: ImportRun | None = None) -> None:
    """Clear the marks that runs which are over left on the store's rows, and those of `undoing` with what it wrote."""
    store = Store.objects.filter(slug=slug).first()
    if store is None:
        return
    if undoing is not None:
        _by_turns(_marked(store, "staged", undoing.pk), _take_back)
        _by_turns(_marked(store, "leaving", undoing.pk), _keep)
    now = timezone.now()
    _by_turns(_marked(store, "staged"), _accept)
    _by_turns(_marked(store, "leaving"), lambda pks: _let_go(pks, now))


def _product(row: Row, store: Store) -> Product:
    values = {name: getattr(row, name) for name in _FROM_ROW}
    return Product(store=store, public_id=f"{store.slug}:{row.sku}", sku=row.sku, **values)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int | dict):
        return value
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _write(products: Sequence[Product], pace: Pace) -> None:
    """Create and change alike; ids and the time of creation stay."""
    for product in products:
        product.index()
    values = values_of(products)
    with pace.turn():
        stage_entries(upsert(products, values))


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
    """The store's rows that bear a run's mark; without one, that of any run that is over."""
    rows = Product.objects.filter(store=store)
    if run is not None:
        rows = rows.filter(**{column: run})
    else:
        running = ImportRun.objects.open().values("pk")
        rows = rows.filter(**{f"{column}__isnull": False}).exclude(**{f"{column}__in": running})
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _by_turns(pks: Sequence[int], work: Callable[[Sequence[int]], None]) -> None:
    pace, done = Turns(), 0
    while done < len(pks):
        batch = pks[done : done + pace.size]
        with pace.turn():
            work(batch)
        done += len(batch)


def _withdraw(pks: Sequence[int], run: int) -> None:
    Product.objects.filter(pk__in=pks).update(leaving=run)
    stage_entries(pks)


def _accept(pks: Sequence[int]) -> None:
    Product.objects.filter(pk__in=pks).update(staged=None, previous=None, arriving=False)
    accept_entries(pks)


def _let_go(pks: Sequence[int], now: datetime) -> None:
    Product.objects.filter(pk__in=pks).update(leaving=None, withdrawn_at=now, updated_at=now)
    stage_entries(pks)


def _keep(pks: Sequence[int]) -> None:
    Product.objects.filter(pk__in=pks).update(leaving=None)
    stage_entries(pks)


def _take_back(pks: Sequence[int]) -> None:
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
    stage_entries(pks)
