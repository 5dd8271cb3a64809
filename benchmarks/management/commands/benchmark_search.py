"""`manage.py benchmark_search`: time searches in a large made-up catalogue."""

import csv
import gc
import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import reduce
from operator import and_
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any, TypeVar
from urllib.parse import quote

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections
from django.db.models import Q

from benchmarks.sample import products, queries
from catalog.imports.importing import import_products
from catalog.language.text import words
from catalog.management.commands.import_products import watched
from catalog.models import Product
from catalog.search.query import Search
from catalog.search.searching import search
from shopmcp.commands import ShopCommand

T = TypeVar("T")
_DATABASE = "benchmark_shopmcp"
_STORE = "benchmark"
_COLUMNS = ("sku", "name", "category", "brand", "price", "stock", "description", "item_group_id", "size")


class Command(ShopCommand):
    help = (
        "Import a catalogue into a database of its own, search it, and print how long that took, with `icontains` "
        "beside. The shop's own data is not touched; on PostgreSQL the user must be allowed to create a database."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--products", type=int, default=100_000, help="how many (default: 100000)")
        parser.add_argument("--queries", type=int, default=1000, help="how many (default: 1000)")
        parser.add_argument("--beside-import", action="store_true", help="measure again while another process imports")

    def handle(self, *args: Any, **options: Any) -> None:
        count, number = options["products"], options["queries"]
        if count < 100 or number < 20:
            raise CommandError("Use at least 100 products and 20 queries.")
        with tempfile.TemporaryDirectory() as name, _database(Path(name)) as address:
            folder = Path(name)
            before, after = _feed(folder / "before.csv", count), _feed(folder / "after.csv", count, changed=True)
            started = perf_counter()
            import_products(before, slug=_STORE, progress=watched)
            self.stdout.write(f"{connection.vendor}: {count} products imported in {perf_counter() - started:.0f} s")
            asked = queries(number, count)
            gc.collect()
            gc.freeze()  # as the server does
            _measure(_found, [Search(query) for query in asked[:50]])
            self._searches(asked, "")
            if options["beside_import"]:
                with _importing(address, [after, before]):
                    self._searches(asked, " beside an import")
            self.stdout.write(_line("icontains", _measure(_icontains, asked[: max(20, number // 10)])))

    def _searches(self, asked: Sequence[str], where: str) -> None:
        times = _measure(_found, [Search(query) for query in asked])
        self.stdout.write(_line(f"search{where}", times))
        slowest = max(zip(times, asked, strict=True))
        self.stdout.write(f"  slowest query: {slowest[1]!r}")
        for what, searches in _bounded(asked).items():
            self.stdout.write(_line(f"  {what}{where}", _measure(_found, searches)))
        self.stdout.write(_line(f"  second page{where}", _second_pages(asked)))


def _bounded(asked: Sequence[str]) -> dict[str, list[Search]]:
    """Return searches with filters and other orders, by what they test."""
    chance = Random(5)
    few = [*asked[: max(20, len(asked) // 5)]]
    shelves = sorted({product["category"] for product in products(2000)})
    prices = [Decimal(chance.randint(10, 800)) for _ in few]
    return {
        "in a category": [Search(query, categories=(chance.choice(shelves),)) for query in few],
        "within prices": [
            Search(query, min_price=price, max_price=price + 100) for query, price in zip(few, prices, strict=True)
        ],
        "in stock": [Search(query, in_stock_only=True) for query in few],
        "by price": [Search(query, sort="price_asc") for query in few],
        "no words": [
            Search(sort=chance.choice(("relevance", "price_asc", "price_desc", "name", "newest"))) for _ in few
        ],
        "no words, within prices": [Search(min_price=price, max_price=price + 100) for price in prices],
        "a whole category": [Search(categories=(chance.choice(shelves),)) for _ in few],
    }


def _found(asked: Search) -> None:
    search(asked)


def _second_pages(asked: Sequence[str]) -> list[float]:
    pages = [(Search(query), search(Search(query)).next_cursor) for query in asked[: max(20, len(asked) // 5)]]

    def go_on(pair: tuple[Search, str | None]) -> None:
        search(pair[0], cursor=pair[1])

    return _measure(go_on, [pair for pair in pages if pair[1]] or pages[:1])


def _icontains(query: str) -> None:
    """Search with Django alone: every word in some column, ten rows and a count."""
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


def _measure(ask: Callable[[T], None], asked: Sequence[T]) -> list[float]:
    """Return the milliseconds of each."""
    times = []
    for one in asked:
        started = perf_counter()
        ask(one)
        times.append((perf_counter() - started) * 1000)
    return times


def _line(what: str, times: Sequence[float]) -> str:
    ordered = sorted(times)
    p50, p99 = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    return f"{what:<36} p50 {p50:7.2f} ms   p99 {p99:7.2f} ms   max {ordered[-1]:7.2f} ms   ({len(ordered)})"


def _feed(file: Path, count: int, *, changed: bool = False) -> Path:
    """Write the catalogue to the file; if `changed`, every tenth product has another name and price."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(_COLUMNS)
        for number, product in enumerate(products(count)):
            if changed and number % 10 == 3:
                product |= {"name": f"{product['name']} new", "price": f"{Decimal(product['price']) + 1}"}
            stock = "" if product["stock"] is None else product["stock"]
            size = product["options"].get("Size", "")
            facts = [product[name] for name in _COLUMNS[:5]]
            rows.writerow([*facts, stock, product["description"], product["group_id"], size])
    return file


@contextmanager
def _importing(address: str, files: Sequence[Path]) -> Iterator[None]:
    """Import the files in turn in another process while the block runs."""
    command = "import sys\nfrom django.core.management import call_command\nimport django\ndjango.setup()\n" + (
        "while True:\n    for file in sys.argv[2:]: call_command('import_products', file, store=sys.argv[1])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", command, _STORE, *map(str, files)],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "shopmcp.settings"},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        if process.poll() is not None:
            raise CommandError("The import beside the searches ended before them.")
        process.kill()
        process.wait()


@contextmanager
def _database(folder: Path) -> Iterator[str]:
    """Use another database in place of the shop's, and delete it at the end; yield its address."""
    own = connections["default"].settings_dict["NAME"]
    connection.close()
    sqlite = connection.vendor == "sqlite"
    if not sqlite:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {_DATABASE}")
            cursor.execute(f"CREATE DATABASE {_DATABASE}")
        connection.close()
    name = str(folder / "benchmark.sqlite3") if sqlite else _DATABASE
    connections["default"].settings_dict["NAME"] = name
    there = {key: quote(str(value), safe="") for key, value in connections["default"].settings_dict.items()}
    address = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**there) if not sqlite else f"sqlite:///{name}"
    try:
        call_command("migrate", verbosity=0)
        yield address
    finally:
        connection.close()
        connections["default"].settings_dict["NAME"] = own
        if not sqlite:
            with connection.cursor() as cursor:
                cursor.execute(f"DROP DATABASE {_DATABASE} WITH (FORCE)")
