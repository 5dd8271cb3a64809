"""The index as a whole: bulk writing, rebuilding, optimising."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeVar

from django.db import connection, transaction

from catalog.models import Product, ProductIdentity, Store
from catalog.models.search_index import LAYOUT, Entry, Revision, Word
from catalog.search import index
from catalog.search.engines import engine, rows_among
from catalog.search.index import revise, stage_entries
from shopmcp.db.batches import Pace

T = TypeVar("T")
# Batches between two merges; each batch adds a segment to the index.
_PIECES = 4


class Progress(Protocol):
    """Wraps the iteration over the steps of some work."""

    def __call__(self, steps: Iterable[T], what: str, total: int | None = None) -> Iterable[T]: ...


class Turns(Pace):
    """A pace for bulk writing: merges the segments of the index between batches."""

    def __init__(self, *, counts_later: bool = False) -> None:
        super().__init__(counts_later=counts_later)
        # One pace for all merges, so that each begins with the size that the last one found.
        self._merging = Pace(counts_later=counts_later)
        self._taken = self._entries = 0

    @contextmanager
    def turn(self) -> Iterator[None]:
        with super().turn():
            yield
        # PostgreSQL merges by itself, without blocking writers.
        if connection.vendor == "sqlite" and self._taken % _PIECES == 0:
            self._merging.follow(self)
            self._merge()
            self.follow(self._merging)
        self._taken += 1

    def _merge(self) -> None:
        entries = Entry.objects.count()
        # The size of a merge step limits writes only: in a mostly deleted index one step could read everything.
        whole = entries * 2 < self._entries
        if whole:
            self._merging.size = min(self._merging.size, Pace().size)
        engine().merge(self._merging, whole=whole)
        self._entries = entries if whole else max(entries, self._entries)


def rebuild(progress: Progress) -> int:
    """Rebuild the index from the products in short transactions, beside live traffic; return its size.

    Unused words are deleted.
    """
    pace = Turns()
    for pks in progress(_all_products(pace), "Indexing", None):
        with pace.turn():
            _renew(pks)
    _forget_words()
    optimise()
    stores = list(Store.objects.exclude(identities=None).values_list("pk", flat=True))
    with transaction.atomic():
        revise(stores)
        Revision.objects.update(layout=LAYOUT)
    return Entry.objects.count()


def renew(pks: Sequence[int]) -> None:
    """Make the entries of these products anew, by the keys of their identities, in short transactions."""
    pace, done = Turns(), 0
    while done < len(pks):
        batch = pks[done : done + pace.size]
        with pace.turn():
            revise(_renew(batch))
        done += len(batch)


def outdated() -> Iterator[list[int]]:
    """Yield, in batches, the products that searches do not see as they are; it reads every product."""
    for pks in _all_products(Pace()):
        rows = {row.pk: (row, _derived(row)) for row in Product.versions.filter(identity__in=pks)}
        for row, _ in rows.values():
            row.index()
        untrue = {row.identity_id for row, derived in rows.values() if _derived(row) != derived}
        if found := untrue | index.outdated(pks) | (engine().textless() & set(pks)):
            yield sorted(found)


def optimise() -> None:
    engine().optimise()


def is_outdated() -> bool:
    """Whether the index must be rebuilt: it is missing, or of another layout."""
    if Revision.objects.exclude(layout=LAYOUT).filter(store__products__withdrawn_at=None).exists():
        return True
    return not Entry.objects.exists() and Product.objects.listed().exists()


def _renew(pks: Sequence[int]) -> set[int]:
    rows = list(Product.versions.filter(identity__in=pks))
    derived = {row.pk: _derived(row) for row in rows}
    for row in rows:
        row.index()
    Product.versions.bulk_update(
        [row for row in rows if _derived(row) != derived[row.pk]], ["name_key", "url_key", "search_text"]
    )
    engine().remove([key for (key,) in rows_among("catalog_entry", "key", "product_id", pks)])
    return stage_entries(pks)


def _derived(product: Product) -> tuple[str, str, str]:
    return product.name_key, product.url_key, product.search_text


def _all_products(pace: Pace) -> Iterator[list[int]]:
    last = 0
    rows = ProductIdentity.objects.order_by("pk").values_list("pk", flat=True)
    while batch := list(rows.filter(pk__gt=last)[: pace.size]):
        yield batch
        last = batch[-1]


def _forget_words() -> None:
    pace, unused = Pace(), engine().unused()
    done = 0
    while done < len(unused):
        batch = unused[done : done + pace.size]
        with pace.turn():
            # An import may have used one of them meanwhile.
            words = [word for word in batch if not engine().knows(word)]
            Word.objects.filter(pk__in=words).delete()
        done += len(batch)
