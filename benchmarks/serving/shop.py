"""The servers that are measured: a shop with goods, and one that answers a constant."""

import csv
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.sample import SKU, products, queries
from benchmarks.serving.load import Server
from tests.live import ROOMY, ROOT, LiveServer, free_port
from tests.rpc import send

_SLUG = "bench"
_FIELDS = ("sku", "name", "category", "brand", "price", "description")


@contextmanager
def shop(folder: Path, database: str, goods: int) -> Iterator[Server]:
    """Serve a shop with so many products, on SQLite or on the PostgreSQL database of that address, which is empty."""
    file = folder / "goods.csv"
    with file.open("w", newline="") as out:
        rows = csv.DictWriter(out, _FIELDS, extrasaction="ignore")
        rows.writeheader()
        rows.writerows(products(goods))
    given = {"DATABASE_URL": database} if database else {}
    with LiveServer(folder / "data", **ROOMY, **given) as server:
        server.manage("import_products", str(file), "--store", _SLUG, "--currency", "ILS")
        assert server.process is not None
        yield Server(server.url, server.process.pid)


@contextmanager
def raw() -> Iterator[Server]:
    """Serve a constant by the same web server."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "benchmarks.serving.raw:application", "--port", str(port)]
    process = subprocess.Popen([*command, "--log-level", "error"], cwd=ROOT)
    url = f"http://127.0.0.1:{port}"
    try:
        _await(url)
        yield Server(url, process.pid)
    finally:
        process.terminate()
        process.wait(10)


def ids(number: int) -> list[str]:
    """The ids of the first products."""
    return [f"{_SLUG}:{SKU.format(place)}" for place in range(number)]


def different_queries(goods: int) -> list[str]:
    """Five hundred queries, of all kinds that shoppers ask."""
    return queries(500, goods)


def _await(url: str) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            send(url, b'{"id": 1}')
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return
