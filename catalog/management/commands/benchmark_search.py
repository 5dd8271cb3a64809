"""`manage.py benchmark_search`: how long searches take in a large catalogue, made up for the purpose."""

import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import reduce
from operator import and_
from pathlib import Path
from threading import Event, Thread
from time import perf_counter
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections, transaction
from django.db.models import Q

from catalog.management.commands.import_products import watched
from catalog.models import Product, Store
from catalog.search import Search, reindex, search
from catalog.search.sample import products, queries
from catalog.text import words
from shopmcp.commands import ShopCommand

_BATCH = 500
_DATABASE = "benchmark_shopmcp"


class Command(ShopCommand):
    help = (
        "Make a catalogue in a database of its own, search it, and print how long that took, with `icontains` beside. "
        "The shop's own data is not touched; on PostgreSQL the user must be allowed to create a database."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--products", type=int, default=100_000, help="how many (default: 100000)")
        parser.add_argument("--queries", type=int, default=1000, help="how many (default: 1000)")
        parser.add_argument("--beside-import", action="store_true", help="measure again while products are rewritten")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["products"] < 100 or options["queries"] < 20:
            raise CommandError("Use at least 100 products and 20 queries.")
        with _database():
            started = perf_counter()
            store = _fill(options["products"])
            self.stdout.write(
                f"{connection.vendor}: {options['products']} products made and indexed "
                f"in {perf_counter() - started:.0f} s"
            )
            asked = queries(options["queries"], options["products"])
            _measure(_search, asked[:50])
            self.stdout.write(_line("search", _measure(_search, asked)))
            slow = max(asked, key=lambda query: _measure(_search, [query])[0])
            self.stdout.write(f"  slowest query: {slow!r}")
            if options["beside_import"]:
                with _rewriting(store):
                    self.stdout.write(_line("search beside an import", _measure(_search, asked)))
            self.stdout.write(_line("icontains", _measure(_icontains, asked[: max(20, len(asked) // 10)])))


def _search(query: str) -> None:
    search(Search(query))


def _icontains(query: str) -> None:
    """What Django's own means would do: every word somewhere, ten shown, all counted."""
    rows = Product.objects.filter(withdrawn_at=None).filter(
        reduce(
            and_,
            (
                Q(name__icontains=word) | Q(brand__icontains=word) | Q(category__icontains=word)
                | Q(description__icontains=word) | Q(sku__icontains=word)
                for word in words(query)
            ),
        )
    )  # fmt: skip
    rows.count()
    list(rows.select_related("store").order_by("price")[:10])


def _measure(ask: Callable[[str], None], asked: Sequence[str]) -> list[float]:
    """The milliseconds that each query took."""
    times = []
    for query in asked:
        started = perf_counter()
        ask(query)
        times.append((perf_counter() - started) * 1000)
    return times


def _line(what: str, times: Sequence[float]) -> str:
    ordered = sorted(times)
    p50, p99 = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    return f"{what:<24} p50 {p50:7.2f} ms   p99 {p99:7.2f} ms   max {ordered[-1]:7.2f} ms   ({len(ordered)} queries)"


def _fill(count: int) -> Store:
    store = Store.objects.create(slug="benchmark", name="Benchmark", currency="ILS")
    batch = list[Product]()
    for fields in watched(products(count), "Making", count):
        product = Product(
            store=store,
            public_id=f"benchmark:{fields['sku']}",
            currency="ILS",
            **{**fields, "price": Decimal(fields["price"])},
        )
        product.index()
        batch.append(product)
        if len(batch) == _BATCH:
            _write(batch)
            batch = []
    _write(batch)
    return store


def _write(batch: Sequence[Product]) -> None:
    with transaction.atomic():
        Product.objects.bulk_create(batch)
        reindex([product.pk for product in batch])


@contextmanager
def _rewriting(store: Store) -> Iterator[None]:
    """Rewrite products in short transactions, as an import does, for as long as the block runs."""
    stop = Event()

    def rewrite() -> None:
        last, turn = 0, 0
        while not stop.is_set():
            rows = list(Product.objects.filter(store=store, pk__gt=last).order_by("pk")[:200])
            if not rows:
                last, turn = 0, turn + 1
                continue
            for row in rows:
                row.name = f"{row.name} new{turn}"[:300]
                row.index()
            with transaction.atomic():
                Product.objects.bulk_update(rows, ["name", "name_key", "search_text"])
                reindex([row.pk for row in rows])
            last = rows[-1].pk
        connection.close()

    thread = Thread(target=rewrite, name="rewriting")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def _database() -> Iterator[None]:
    """Another database in place of the shop's, deleted at the end."""
    own = connections["default"].settings_dict["NAME"]
    connection.close()
    with tempfile.TemporaryDirectory() as folder:
        sqlite = connection.vendor == "sqlite"
        if not sqlite:
            with connection.cursor() as cursor:
                cursor.execute(f"DROP DATABASE IF EXISTS {_DATABASE}")
                cursor.execute(f"CREATE DATABASE {_DATABASE}")
            connection.close()
        connections["default"].settings_dict["NAME"] = str(Path(folder) / "benchmark.sqlite3") if sqlite else _DATABASE
        try:
            call_command("migrate", verbosity=0)
            yield
        finally:
            connection.close()
            connections["default"].settings_dict["NAME"] = own
            if not sqlite:
                with connection.cursor() as cursor:
                    cursor.execute(f"DROP DATABASE {_DATABASE}")
