"""Updates the search index in the transaction that changes the products."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from hashlib import blake2b
from itertools import islice
from random import getrandbits
from typing import Any, NamedTuple

from django.db import connection, transaction

from catalog.models.search_index import LAYOUT, Word, clock, key_of
from catalog.search.engines import engine, rows_among, rows_of

_BATCH = 200
_INSERT_WORD = (
    "INSERT INTO catalog_word (text, stem, reversed, named, sound) VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
)


# The time of a sale, and whether the entry counts during it: `begins`, `ends`, `reduced`.
_Sale = tuple[int | None, int | None, bool]
_NO_SALE: _Sale = (None, None, False)
_ALWAYS = 1 << 62  # for a sale that is open on a side
# Store, category, group, price in thousandths, whether it is in stock, the sale, and the texts.
_Facts = tuple[int, str, str, int | None, bool, _Sale, tuple[str, str, str]]
_VERSIONS = (
    "SELECT i.id, v.store_id, v.category, v.group_id, v.price, v.counted + i.stock_moved, v.available, v.search_text, "
    "v.arriving, v.leaving, v.sale_price, v.sale_begins, v.sale_ends "
    "FROM catalog_productidentity i JOIN catalog_product v ON v.identity_id = i.id "
    "WHERE v.withdrawn_at IS NULL AND {} ORDER BY v.id"
)


class _Version(NamedTuple):
    """A row of `_VERSIONS`."""

    product: int
    store: int
    category: str
    group_id: str
    price: Any
    stock: int | None
    available: Any
    search_text: str
    arriving: int | None
    leaving: int | None
    sale_price: Any
    sale_begins: Any
    sale_ends: Any

    @property
    def facts(self) -> list[_Facts]:
        """What the entries of this version hold: one, or two if it has a sale that begins or ends."""
        name, meta, body = (*self.search_text.split("\n"), "", "", "")[:3]
        in_stock = bool(self.available) and self.price is not None and (self.stock is None or self.stock > 0)
        group = f"{self.store}:{self.group_id}" if self.group_id else ""
        return [
            (self.store, self.category, group, price, in_stock, sale, (name, meta, body))
            for price, sale in self._prices()
        ]

    def _prices(self) -> list[tuple[int | None, _Sale]]:
        """Each price in thousandths, with its time."""
        # SQLite stores amounts as floats.
        price, reduced = (None if amount is None else round(amount * 1000) for amount in (self.price, self.sale_price))
        if price is None or reduced is None or reduced >= price:
            return [(price, _NO_SALE)]
        if self.sale_begins is None and self.sale_ends is None:
            return [(reduced, _NO_SALE)]
        begins, ends = moment_of(self.sale_begins) or -_ALWAYS, moment_of(self.sale_ends) or _ALWAYS
        return [(price, (begins, ends, False)), (reduced, (begins, ends, True))]


def moment_of(stored: Any) -> int | None:
    """Return a moment, as the database's driver returns it, as `clock` does."""
    # SQLite's are in UTC and do not say so.
    return None if stored is None else clock(stored if stored.tzinfo else stored.replace(tzinfo=UTC))


class _Standing(NamedTuple):
    key: int
    product: int
    store: int
    digest: bytes
    arriving: int | None
    leaving: int | None


def reindex(pks: Iterable[int]) -> None:
    """Update the search index for these products, by the keys of their identities.

    Call it after writing the versions, in the same transaction; call their `index()` before writing them. Unchanged
    entries are only compared.
    """
    with transaction.atomic():
        revise(stage_entries(pks))


def stage_entries(pks: Iterable[int]) -> set[int]:
    """Update the index as `reindex` does, without `revise`, for versions of a hidden run. Return the stores."""
    numbers, stores = iter(pks), set[int]()
    while batch := list(islice(numbers, _BATCH)):
        stores |= _reindex(batch)
    return stores


def revise(stores: Iterable[int]) -> None:
    """Make the cached results of these stores invalid, in the transaction that changes which entries count."""
    sql = (
        "INSERT INTO catalog_revision (store_id, token, layout) VALUES (%s, %s, %s) "
        "ON CONFLICT (store_id) DO UPDATE SET token = excluded.token"
    )
    with connection.cursor() as cursor:
        for store in sorted(set(stores)):
            cursor.execute(sql, [store, getrandbits(62), LAYOUT])


def outdated(pks: Iterable[int]) -> set[int]:
    """Return those of the products, by the keys of their identities, whose entries are not what they should be."""
    numbers, found = iter(pks), set[int]()
    while batch := list(islice(numbers, _BATCH)):
        found |= _compare(batch).products
    return found


@dataclass
class _Difference:
    """Between the entries of some products and what they should be. `gone` are keys, `bounds` values of an update."""

    stores: set[int] = field(default_factory=set)
    products: set[int] = field(default_factory=set)
    gone: list[int] = field(default_factory=list)
    bounds: list[tuple[int | None, ...]] = field(default_factory=list)
    new: list[Any] = field(default_factory=list)


def _compare(pks: Sequence[int]) -> _Difference:
    index, found = engine(), _Difference()
    # By product and digest. Two versions with one digest share an entry, with the bounds of both.
    wanted = defaultdict[int, dict[bytes, tuple[_Facts, int | None, int | None]]](dict)
    for row in map(_Version._make, rows_of(_VERSIONS.format(index.among("i.id")), [index.many(pks)])):
        found.stores.add(row.store)
        for facts in row.facts:
            digest = blake2b(repr(facts).encode(), digest_size=16).digest()
            _, arriving, _ = wanted[row.product].get(digest, (facts, row.arriving, None))
            wanted[row.product][digest] = facts, arriving, row.leaving
    standing = defaultdict[int, dict[bytes, _Standing]](dict)
    columns = "key, product_id, store_id, digest, arriving, leaving"
    for old in map(_Standing._make, rows_among("catalog_entry", columns, "product_id", pks)):
        found.stores.add(old.store)
        standing[old.product][bytes(old.digest)] = old
    for pk in dict.fromkeys(pks):
        gone = [old.key for digest, old in standing[pk].items() if digest not in wanted[pk]]
        used = {old.key & 3 for digest, old in standing[pk].items() if digest in wanted[pk]}
        before = len(found.bounds) + len(found.new)
        for digest, (facts, *limits) in wanted[pk].items():
            if (kept := standing[pk].get(digest)) is None:
                version = min({0, 1, 2, 3} - used)
                used.add(version)
                found.new.append((_entry(pk, version, facts, digest, *limits), facts[-1]))
            elif [kept.arriving, kept.leaving] != limits:
                found.bounds.append((*limits, kept.key))
        found.gone += gone
        if gone or len(found.bounds) + len(found.new) > before:
            found.products.add(pk)
    return found


def _reindex(pks: Sequence[int]) -> set[int]:
    index, found = engine(), _compare(pks)
    if found.gone:
        index.remove(found.gone)
    if found.bounds:
        with connection.cursor() as cursor:
            cursor.executemany("UPDATE catalog_entry SET arriving = %s, leaving = %s WHERE key = %s", found.bounds)
    if found.new:
        index.add(found.new)
        _learn([texts for _, texts in found.new])
    return found.stores


def _entry(product: int, version: int, facts: _Facts, digest: bytes, *limits: int | None) -> tuple[Any, ...]:
    """Return the values of the columns `ENTRY`."""
    store, category, group_key, price, in_stock, sale, (name, meta, _) = facts
    key = key_of(product, price, in_stock=in_stock, version=version)
    return key, product, store, category, group_key, price, name.strip()[:60], name, meta, digest, *limits, *sale


def _learn(texts: Sequence[tuple[str, str, str]]) -> None:
    """Insert new words, and mark known ones that appear in names now."""
    named = {word for name, meta, _ in texts for word in f"{name}{meta}".split()}
    # Sorted, because two imports that lock the same words in different orders would deadlock.
    seen = sorted(named.union(*(body.split() for _, _, body in texts)))
    index = engine()
    known = dict(rows_among("catalog_word", "text, named", "text", seen))
    with connection.cursor() as cursor:
        if new := [Word.values(word, named=word in named) for word in seen if word not in known]:
            cursor.executemany(_INSERT_WORD, new)
        if promoted := [word for word in seen if word in named and not known.get(word, True)]:
            sql = f"UPDATE catalog_word SET named = %s WHERE {index.among('text', 'text')}"
            cursor.execute(sql, [True, index.many(promoted)])
