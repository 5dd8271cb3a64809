"""Keeping the index in step with the products, in the transaction that changes them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from random import getrandbits
from typing import Any, NamedTuple

from django.db import connection, transaction

from catalog.models.search_index import LAYOUT, Word, key_of
from catalog.search.engines import engine, rows_among, rows_of

_BATCH = 200
_INSERT_WORD = "INSERT INTO catalog_word (text, stem, reversed, named) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"


class _Row(NamedTuple):
    """What an entry is made of, as the row holds it: not what an import that still runs took it from."""

    id: int
    store_id: int
    category: str
    group_id: str
    price: Any
    stock: int | None
    available: Any
    withdrawn_at: Any
    search_text: str
    staged: int | None
    arriving: Any
    leaving: int | None


class _Standing(NamedTuple):
    """An entry that there is."""

    key: int
    product: int
    store: int
    digest: bytes
    arriving: int | None
    leaving: int | None


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

    def entry(self, version: int) -> tuple[Any, ...]:
        """The values of `engines.base.ENTRY`."""
        name, meta, _ = self.texts
        return (
            key_of(self.product, self.price, in_stock=self.in_stock, version=version),
            self.product, self.store, self.category, self.group_key, self.price, name.strip()[:60], name, meta,
            self.digest, self.arriving, self.leaving,
        )  # fmt: skip


@dataclass(slots=True)
class _Change:
    """What has to be written for one product."""

    gone: Sequence[int] = ()
    bounds: Sequence[tuple[int | None, int | None, int]] = ()
    new: Sequence[tuple[tuple[Any, ...], tuple[str, str, str]]] = ()


def reindex(pks: Iterable[int]) -> None:
    """Bring the search index in step with these products: new, changed, withdrawn, staged or put back.

    Call it in the transaction that wrote the rows, after writing them, for rows whose `index()` was called before.
    What did not change costs a comparison. While an import stages a row, what the row was stays findable until the
    run switches, and what it will be is findable from then on.
    """
    with transaction.atomic():
        revise(stage_entries(pks))


def stage_entries(pks: Iterable[int]) -> set[int]:
    """As `reindex`, for what a running import wrote: nothing that counts changes before `revise`. Return the stores."""
    numbers, stores = iter(pks), set[int]()
    while batch := list(islice(numbers, _BATCH)):
        stores |= _reindex(batch)
    return stores


def accept_entries(pks: Sequence[int]) -> None:
    """Delete what ended with runs that are over of these products.

    What arrived with them stays as it is: that a run is over is told by the run, and to write every entry twice would
    leave as many dead ones behind.
    """
    running = _running()
    rows = rows_among("catalog_entry", "key, leaving", "product_id", pks)
    engine().remove([key for key, leaving in rows if leaving is not None and leaving not in running])


def revise(stores: Iterable[int]) -> None:
    """Say that other entries of these stores count than before: in the transaction that makes it so."""
    sql = (
        "INSERT INTO catalog_revision (store_id, token, layout) VALUES (%s, %s, %s) "
        "ON CONFLICT (store_id) DO UPDATE SET token = excluded.token"
    )
    with connection.cursor() as cursor:
        for store in sorted(set(stores)):
            cursor.execute(sql, [store, getrandbits(62), LAYOUT])


def _running() -> set[int]:
    return {run for (run,) in rows_of("SELECT id FROM catalog_importrun WHERE state = 'staging'")}


def _reindex(pks: Sequence[int]) -> set[int]:
    index = engine()
    rows = {row[0]: _Row._make(row) for row in rows_among("catalog_product", ", ".join(_Row._fields), "id", pks)}
    standing: dict[int, list[_Standing]] = {}
    columns = "key, product_id, store_id, digest, arriving, leaving"
    for entry in map(_Standing._make, rows_among("catalog_entry", columns, "product_id", pks)):
        standing.setdefault(entry.product, []).append(entry)
    running = _running()
    changes = [_change(rows.get(pk), standing.get(pk, ()), running) for pk in dict.fromkeys(pks)]
    if gone := [key for change in changes for key in change.gone]:
        index.remove(gone)
    if bounds := [values for change in changes for values in change.bounds]:
        with connection.cursor() as cursor:
            cursor.executemany("UPDATE catalog_entry SET arriving = %s, leaving = %s WHERE key = %s", bounds)
    if new := [entry for change in changes for entry in change.new]:
        index.add(new)
        _learn([texts for _, texts in new])
    return {row.store_id for row in rows.values()}.union(old.store for entries in standing.values() for old in entries)


def _change(row: _Row | None, old: Sequence[_Standing], running: set[int]) -> _Change:
    """Which standing entries have to go, which get new bounds, and which have to be made."""
    keys = [entry.key for entry in old]
    if row is None or row.withdrawn_at is not None or (row.leaving is not None and row.leaving not in running):
        return _Change(gone=keys)
    staged = row.staged if row.staged in running else None
    wanted = _wanted(row)
    # What counts while the run is open: neither the run's own earlier word, nor what ended with another one.
    before = next((e for e in old if e.arriving not in running and (e.leaving is None or e.leaving in running)), None)
    if staged is not None and not row.arriving and before is not None and bytes(before.digest) != wanted.digest:
        wanted.arriving = staged
        return _Change(
            [key for key in keys if key != before.key],
            [(before.arriving, staged, before.key)] if before.leaving != staged else (),
            [(wanted.entry(1 - (before.key & 1)), wanted.texts)],
        )
    if staged is not None and (row.arriving or before is None):
        wanted.arriving = staged
    same = next((e for e in old if bytes(e.digest) == wanted.digest), None)
    if same is None:
        return _Change(keys, new=[(wanted.entry(0), wanted.texts)])
    arriving = same.arriving if same.arriving in running else None
    bounds, stand = (wanted.arriving, wanted.leaving), (arriving, same.leaving)
    return _Change([key for key in keys if key != same.key], [(*bounds, same.key)] if bounds != stand else ())


def _wanted(row: _Row) -> _Wanted:
    name, meta, body = (*row.search_text.split("\n"), "", "", "")[:3]
    return _Wanted(
        product=row.id,
        store=row.store_id,
        category=row.category,
        group_key=f"{row.store_id}:{row.group_id}" if row.group_id else "",
        # SQLite keeps amounts as floating numbers.
        price=None if row.price is None else round(row.price * 1000),
        in_stock=bool(row.available) and row.price is not None and row.stock != 0,
        texts=(name, meta, body),
        leaving=row.leaving,
    )


def _learn(texts: Sequence[tuple[str, str, str]]) -> None:
    """Add the words that no product had before."""
    named = {word for name, meta, _ in texts for word in f"{name}{meta}".split()}
    # In one order everywhere: two imports that add the same words must not wait for each other.
    seen = sorted(named.union(*(body.split() for _, _, body in texts)))
    index = engine()
    known = dict(rows_among("catalog_word", "text, named", "text", seen))
    with connection.cursor() as cursor:
        if new := [Word.values(word, named=word in named) for word in seen if word not in known]:
            cursor.executemany(_INSERT_WORD, new)
        if promoted := [word for word in seen if word in named and not known.get(word, True)]:
            sql = f"UPDATE catalog_word SET named = %s WHERE {index.among('text', 'text')}"
            cursor.execute(sql, [True, index.many(promoted)])
