"""The index as a whole: written in many transactions, made anew, put in its best shape."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from django.db import connection, transaction

from catalog.models import Product, ProductIdentity, Store
from catalog.models.search_index import LAYOUT, Entry, Revision, Word
from catalog.search.engines import engine, rows_among
from catalog.search.index import revise, stage_entries
from shopmcp.db.batches import Pace

T = TypeVar("T")
# Batches between two merges; each leaves the index in one more piece.
_PIECES = 4


class Progress(Protocol):
    """Watches work go by."""

    def __call__(self, steps: Iterable[T], what: str, total: int | None = None) -> Iterable[T]: ...


class Turns(Pace):
    """A pace for writing a great part of the index: between batches what they left in pieces is merged."""

    def __init__(self) -> None:
        super().__init__()
        # Kept from one merge to the next, which learns from it how much it may do at once.
        self._merging = Pace()
        self._taken = self._entries = 0

    @contextmanager
    def turn(self) -> Iterator[None]:
        with super().turn():
            yield
        # PostgreSQL merges by itself, and keeps nobody waiting for it.
        if connection.vendor == "sqlite" and self._taken % _PIECES == 0:
            self._merging.follow(self)
            self._merge()
            self.follow(self._merging)
        self._taken += 1

    def _merge(self) -> None:
        entries = Entry.objects.count()
        # A step of a merge ends by what it writes: of an index that is mostly deleted it would read all at once.
        whole = entries * 2 < self._entries
        if whole:
            self._merging.size = min(self._merging.size, Pace().size)
        engine().merge(self._merging, whole=whole)
        self._entries = entries if whole else max(entries, self._entries)


def rebuild(progress: Progress) -> int:
    """Make the index anew, from each product's own fields, in short transactions beside live traffic; return its size.

    Words that no product has any longer are forgotten.
    """
    pace = Turns()
    for pks in progress(_all_products(pace), "Indexing", None):
        with pace.turn():
            rows = list(Product.versions.filter(identity__in=pks))
            derived = {row.pk: _derived(row) for row in rows}
            for row in rows:
                row.index()
            Product.versions.bulk_update(
                [row for row in rows if _derived(row) != derived[row.pk]], ["name_key", "url_key", "search_text"]
            )
            engine().remove([key for (key,) in rows_among("catalog_entry", "key", "product_id", pks)])
            stage_entries(pks)
    _forget_words()
    optimise()
    stores = list(Store.objects.exclude(identities=None).values_list("pk", flat=True))
    with transaction.atomic():
        revise(stores)
        Revision.objects.update(layout=LAYOUT)
    return Entry.objects.count()


def optimise() -> None:
    """Put the index in its best shape, beside live traffic: after a good part of it was written."""
    engine().optimise()


def is_outdated() -> bool:
    """Whether searches miss products: the index was never made, stayed in another database, or is of another layout."""
    if Revision.objects.exclude(layout=LAYOUT).filter(store__products__withdrawn_at=None).exists():
        return True
    return not Entry.objects.exists() and Product.objects.listed().exists()


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
            # Another import may have learnt one of them meanwhile.
            words = [word for word in batch if not engine().knows(word)]
            Word.objects.filter(pk__in=words).delete()
        done += len(batch)
