"""Writes checked rows as versions of products, in many short transactions.

A row that differs from the version that counts becomes a new version, which is hidden until the run is published. The
replaced version stays until the next import. Unchanged rows are not written.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from django.db.models.base import ModelState
from django.utils.translation import gettext as _

from catalog.feeds.rows import Row
from catalog.imports.lock import hold
from catalog.imports.pruning import in_turns
from catalog.imports.report import NAMED, ImportReport
from catalog.imports.writing import insert, insert_withdrawn, values_of
from catalog.models import ImportRun, Product, Store
from catalog.search.index import stage_entries
from catalog.search.rebuild import Turns
from catalog.services.products import DECIDED
from shopmcp.db.batches import Pace
from shopmcp.errors import ShopError

# Rows compared in one query. The size of write batches depends on time: see `Pace`.
BATCH = 500
_FROM_ROW = [name for name in DECIDED if name in Row.__slots__]
_KNOWN = (
    "id", "sku", "identity_id", "identity__stock_moved", "identity__on_order", "identity__edits", "identity__hidden_at",
    "identity__kept", "counted",
)  # fmt: skip
_DEFAULTS = {field.attname: field.get_default() for field in Product._meta.concrete_fields}
_STORED = ["counted" if name == "stock" else name for name in _FROM_ROW]


class TooManyGone(ShopError):
    """The import would withdraw more than half of the store's products."""

    code = "too_many_gone"


def stage(store: Store, batches: Iterable[Sequence[Row]], run: ImportRun | None, report: ImportReport) -> None:
    """Write the rows that differ, and count; without a run, only count."""
    # Nobody sees what is staged before `publish`.
    pace, waiting = Turns(counts_later=True), list[tuple[Product, dict[str, Any] | None]]()
    for rows in batches:
        known: dict[str, dict[str, Any]] = {}
        if store.pk:
            found = store.products.order_by().filter(sku__in=[row.sku for row in rows])
            known = {old["sku"]: _uncapped(old) for old in found.values(*_KNOWN, *DECIDED)}
        for row in rows:
            old = known.get(row.sku)
            row = _less_on_order(row, store, old)  # noqa: PLW2901
            if old:
                row = replace(row, **{name: old[name] for name in _owners(old, run)})  # noqa: PLW2901
            if old is None:
                report.created += 1
                if report.names_more("created"):
                    report.name("created", row.sku, row.name)
            elif old["withdrawn_at"] == old["identity__hidden_at"] and all(
                old[name] == getattr(row, name) for name in _FROM_ROW
            ):
                report.unchanged += 1
                continue
            else:
                report.changed += 1
                if report.names_more("changed"):
                    report.name("changed", row.sku, row.name, _different(row, old))
            if run is None:
                continue
            waiting.append((_version(row, store, old, run), old))
            if len(waiting) >= pace.size:
                _write(store, waiting, run, pace)
                waiting = []
    if waiting and run is not None:
        _write(store, waiting, run, pace)


def missing(store: Store, present: set[str], report: ImportReport, *, force: bool) -> list[int]:
    """Return the keys of the listed versions whose products are not in the file, and count them.

    Raises:
        TooManyGone: If that is more than half of the listed products, unless forced; sets `needs_force` too.
    """
    gone, carried = list[int](), 0
    if store.pk:
        for pk, sku, withdrawn_at in store.products.in_file().order_by().values_list("pk", "sku", "withdrawn_at"):
            carried += withdrawn_at is None
            if sku not in present:
                gone.append(pk)
                report.withdrawn += withdrawn_at is None
    report.carried = carried
    if gone:
        first = store.products.filter(pk__in=gone[:NAMED], withdrawn_at=None).order_by("pk")
        for sku, name in first.values_list("sku", "name"):
            report.name("withdrawn", sku, name)
    if report.withdrawn * 2 > carried and not force:
        report.needs_force = True
        raise TooManyGone(
            _("This would withdraw %(gone)d of the %(carried)d products that the store %(slug)s carries.")
            % {"gone": report.withdrawn, "carried": carried, "slug": store.slug},
            fix=_("If the file is whole, import it again with --force."),
        )
    return gone


def withdraw(versions: Sequence[int], run: ImportRun) -> None:
    """Replace each of these versions by a withdrawn one."""
    in_turns(versions, partial(hold, run), lambda pks: _withdraw(pks, run.pk))


def _different(row: Row, old: dict[str, Any]) -> list[str]:
    return [name for name in _FROM_ROW if old[name] != getattr(row, name)]


def _owners(old: dict[str, Any], run: ImportRun | None) -> set[str]:
    """The fields that stay as the owner set them: for good, or since the import began."""
    kept, edits = old["identity__kept"] or [], old["identity__edits"]
    edited = edits["fields"] if edits and run and edits["run"] == run.pk else []
    return {*kept, *edited}.intersection(_FROM_ROW)


def _uncapped(old: dict[str, Any]) -> dict[str, Any]:
    """The known version with its stock as counted and moved, which is below 0 where more is on order than there is."""
    return old if old["counted"] is None else old | {"stock": old["counted"] + old["identity__stock_moved"]}


def _less_on_order(row: Row, store: Store, old: dict[str, Any] | None) -> Row:
    """The row without the pieces of open orders, unless the store's file leaves them out already."""
    if row.stock is None or old is None or store.feed_counts_orders or not old["identity__on_order"]:
        return row
    return replace(row, stock=row.stock - old["identity__on_order"])


def _version(row: Row, store: Store, old: dict[str, Any] | None, run: ImportRun) -> Product:
    values = {name: getattr(row, name) for name in _FROM_ROW if name != "stock"}
    if old is not None:
        values |= {"identity_id": old["identity_id"], "withdrawn_at": old["identity__hidden_at"]}
    if row.stock is not None:
        values["counted"] = row.stock - (old["identity__stock_moved"] if old else 0)
    values |= {"store_id": store.pk, "public_id": f"{store.slug}:{row.sku}", "sku": row.sku, "arriving": run.pk}
    product = Product.__new__(Product)
    # Not by the constructor, which takes as long as reading the row.
    product.__dict__.update(_DEFAULTS, **values)
    product._state = ModelState()
    return product


def _write(store: Store, waiting: Sequence[tuple[Product, dict[str, Any] | None]], run: ImportRun, pace: Pace) -> None:
    products = [product for product, _old in waiting]
    for product in products:
        product.index()
    values = values_of(products)
    replaced = {old["id"]: place for place, (_product, old) in enumerate(waiting) if old}
    with pace.turn():
        hold(run)
        if replaced:
            _leave(replaced, waiting, values, run)
        stage_entries(insert(store, products, values))


def _leave(
    replaced: Mapping[int, int],
    waiting: Sequence[tuple[Product, dict[str, Any] | None]],
    values: list[list[Any]],
    run: ImportRun,
) -> None:
    """Mark the versions that are replaced, and keep the fields that the owner has edited since they were compared."""
    before = Product.versions.filter(pk__in=list(replaced))
    before.update(leaving=run.pk)
    touched = before.filter(updated_at__gte=run.started_at)
    for now in touched.values("id", "identity__hidden_at", "identity__kept", *_STORED):
        product, old = waiting[replaced[now["id"]]]
        for name in _STORED:
            if old is not None and (now[name] != old[name] or name in (now["identity__kept"] or ())):
                setattr(product, name, now[name])
        product.withdrawn_at = now["identity__hidden_at"]
        product.index()
        values[replaced[now["id"]]] = values_of([product])[0]


def _withdraw(pks: Sequence[int], run: int) -> None:
    before = Product.versions.filter(pk__in=pks)
    before.update(leaving=run)
    insert_withdrawn(pks, run)
    stage_entries(before.values_list("identity_id", flat=True))
