"""Keeping the index in step with the products, in the transaction that changes them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from itertools import islice
from typing import Any, Protocol, TypeVar

from django.db import connection, transaction
from django.db.models import Model

from catalog.entries import Entry, Word, key_of
from catalog.models import ImportRun, Product
from catalog.search.engines import engine

T = TypeVar("T")
_BATCH = 200
_READ = (
    "pk", "store_id", "category", "group_id", "price", "stock", "available", "withdrawn_at", "search_text", "staged",
    "arriving", "leaving",
)  # fmt: skip


class Progress(Protocol):
    """Watches work go by."""

    def __call__(self, steps: Iterable[T], what: str, total: int | None = None) -> Iterable[T]: ...


@dataclass(slots=True)
class _Wanted:
    """An entry as it should stand, without the version in its key."""

    product: int
    store: int
    category: str
    group_key: str
    price: int | None
    in_stock: bool
    texts: tuple[str, str, str]
    digest: bytes = b""
    arriving: int | None = None
    leaving: int | None = None

    def __post_init__(self) -> None:
        facts = (self.store, self.category, self.group_key, self.price, self.in_stock, self.texts)
        self.digest = blake2b(repr(facts).encode(), digest_size=16).digest()

    def entry(self, version: int) -> Entry:
        return Entry(
            key=key_of(self.product, self.price, in_stock=self.in_stock, version=version),
            product_id=self.product,
            store_id=self.store,
            category=self.category,
            group_key=self.group_key,
            price=self.price,
            title=self.texts[0].strip()[:60],
            name=self.texts[0],
            meta=self.texts[1],
            digest=self.digest,
            arriving=self.arriving,
            leaving=self.leaving,
        )


def reindex(pks: Iterable[int]) -> None:
    """Bring the search index in step with these products: new, changed, withdrawn, staged or put back.

    Call it in the transaction that wrote the rows, after writing them, for rows whose `index()` was called before.
    What did not change costs a comparison. While an import stages a row, what the row was stays findable until the
    run switches, and what it will be is findable from then on.
    """
    numbers = iter(pks)
    with transaction.atomic():
        while batch := list(islice(numbers, _BATCH)):
            _reindex(batch)


def rebuild(progress: Progress) -> int:
    """Make the index anew, from each product's own fields, in short transactions beside live traffic; return its size.

    Words that no product has any longer are forgotten.
    """
    size = Product.objects.count()
    for batch in progress(_all_products(), "Indexing", -(-size // _BATCH)):
        with transaction.atomic():
            rows = list(Product.objects.filter(pk__in=batch, staged=None))
            for row in rows:
                row.index()
            Product.objects.bulk_update(rows, ["name_key", "url_key", "search_text"])
            _remove(list(Entry.objects.filter(product__in=[row.pk for row in rows])))
            _reindex([row.pk for row in rows])
    sweep()
    _forget_words()
    engine().optimise()
    return Entry.objects.count()


def is_missing() -> bool:
    """Whether there are products and the index knows none: never made, or left behind in another database."""
    return not Entry.objects.exists() and Product.objects.listed().exists()


def sweep() -> int:
    """Delete, in short transactions, the entries that ended with imports that are over; return how many."""
    swept = 0
    while True:
        with transaction.atomic():
            running = ImportRun.objects.open().values("pk")
            left = list(Entry.objects.filter(leaving__isnull=False).exclude(leaving__in=running)[:_BATCH])
            if not left:
                return swept
            _remove(left)
            swept += len(left)


def _all_products() -> Iterator[list[int]]:
    last = 0
    while batch := list(Product.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_BATCH]):
        yield batch
        last = batch[-1]


def _reindex(pks: Sequence[int]) -> None:
    # Raw values: what the row holds, not what an import that still runs took it from.
    rows = {row["pk"]: row for row in Product.objects.filter(pk__in=pks).values(*_READ)}
    standing: dict[int, list[Entry]] = {}
    for entry in Entry.objects.filter(product__in=pks):
        standing.setdefault(entry.product_id, []).append(entry)
    running = set(ImportRun.objects.open().values_list("pk", flat=True))
    gone, changed, new = list[Entry](), list[Entry](), list[tuple[Entry, str]]()
    for pk in dict.fromkeys(pks):
        old = standing.get(pk, [])
        bounds = {entry.key: (entry.arriving, entry.leaving) for entry in old}
        keep, add = _change(rows.get(pk), old, running)
        kept = {entry.key for entry in keep}
        gone += [entry for entry in old if entry.key not in kept]
        changed += [entry for entry in keep if bounds[entry.key] != (entry.arriving, entry.leaving)]
        new += add
    _remove(gone)
    if changed:
        Entry.objects.bulk_update(changed, ["arriving", "leaving"])
    if new:
        _insert(Entry, [entry for entry, _ in new])
        engine().add([(entry.key, entry.name, entry.meta, body) for entry, body in new])
        _learn(new)


def _change(
    row: dict[str, Any] | None, old: Sequence[Entry], running: set[int]
) -> tuple[list[Entry], list[tuple[Entry, str]]]:
    """Which standing entries remain, with their new bounds, and which have to be made."""
    if row is None or row["withdrawn_at"] is not None or (row["leaving"] is not None and row["leaving"] not in running):
        return [], []
    staged = row["staged"] if row["staged"] in running else None
    wanted = _wanted(row)
    # What counts while the run is open: neither the run's own earlier word, nor what ended with another one.
    before = next((e for e in old if e.arriving not in running and (e.leaving is None or e.leaving in running)), None)
    if staged is not None and not row["arriving"] and before is not None and bytes(before.digest) != wanted.digest:
        before.leaving = staged
        wanted.arriving = staged
        return [before], [(wanted.entry(1 - (before.key & 1)), wanted.texts[2])]
    if staged is not None and (row["arriving"] or before is None):
        wanted.arriving = staged
    same = next((e for e in old if bytes(e.digest) == wanted.digest), None)
    if same is not None:
        same.arriving, same.leaving = wanted.arriving, wanted.leaving
        return [same], []
    return [], [(wanted.entry(0), wanted.texts[2])]


def _wanted(row: dict[str, Any]) -> _Wanted:
    name, meta, body = (*row["search_text"].split("\n"), "", "", "")[:3]
    price: Decimal | None = row["price"]
    return _Wanted(
        product=row["pk"],
        store=row["store_id"],
        category=row["category"],
        group_key=f"{row['store_id']}:{row['group_id']}" if row["group_id"] else "",
        price=None if price is None else int(price * 1000),
        in_stock=bool(row["available"]) and price is not None and row["stock"] != 0,
        texts=(name, meta, body),
        leaving=row["leaving"],
    )


def _insert(model: type[Model], rows: Sequence[Model]) -> None:
    """Insert rows, unless another import just did: past the ORM, which takes longer than the database."""
    fields = model._meta.concrete_fields
    columns = ", ".join(str(field.column) for field in fields)
    sql = f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({', '.join(['%s'] * len(fields))})"
    with connection.cursor() as cursor:
        cursor.executemany(
            f"{sql} ON CONFLICT DO NOTHING", [tuple(getattr(row, field.attname) for field in fields) for row in rows]
        )


def _remove(entries: Sequence[Entry]) -> None:
    if entries:
        keys = [entry.key for entry in entries]
        engine().remove(keys)
        Entry.objects.filter(key__in=keys).delete()


def _learn(entries: Sequence[tuple[Entry, str]]) -> None:
    """Add the words that no product had before."""
    named = {word for entry, _ in entries for word in f"{entry.name}{entry.meta}".split()}
    # In one order everywhere: two imports that add the same words must not wait for each other.
    seen = sorted(named.union(*(body.split() for _, body in entries)))
    for start in range(0, len(seen), 500):
        part = seen[start : start + 500]
        known = dict(Word.objects.filter(pk__in=part).values_list("pk", "named"))
        _insert(Word, [Word.of(word, named=word in named) for word in part if word not in known])
        if promoted := [word for word in part if known.get(word) is False and word in named]:
            Word.objects.filter(pk__in=promoted).update(named=True)


def _forget_words() -> None:
    last = ""
    while batch := list(Word.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_BATCH]):
        last = batch[-1]
        with transaction.atomic():
            if unused := [word for word in batch if not engine().knows(word)]:
                Word.objects.filter(pk__in=unused).delete()
