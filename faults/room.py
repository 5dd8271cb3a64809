"""The room of a row: a folder, a database, and shops with goods to sell."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from signal import SIGKILL, SIGSTOP
from typing import Any

import psycopg

from faults.cluster import Cluster
from faults.shoppers import PRODUCTS
from tests.live import ROOMY, ROOT, LiveServer
from tests.processes import signal_all, tree
from tests.proxy import Proxy


class Shop(LiveServer):
    """A server that can be killed with all its workers.

    Attributes:
        proxy: What stands between it and PostgreSQL, if anything does.
    """

    proxy: Proxy | None = None

    def start(self, *, within: float = 180) -> None:
        """Start it and wait until /healthz answers; a busy machine takes its time."""
        super().start(within=within)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def workers(self) -> list[int]:
        """The processes below the first that serve; Python's resource tracker is none."""
        return [pid for pid in tree(self.pid)[1:] if "resource_tracker" not in _command(pid)]

    def freeze(self) -> None:
        """Stop the server and all its workers where they are: from now on they answer nothing."""
        signal_all(self.pid, SIGSTOP)

    def kill_all(self) -> None:
        """Kill −9 the server and all its workers."""
        if self.process is not None:
            signal_all(self.process.pid, SIGKILL)
        self.kill()

    def execute(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one statement of SQL on the shop's database, beside the server; `?` stands for a value."""
        if (file := self.file) is not None:
            connection = sqlite3.connect(file, timeout=20, isolation_level=None)
            try:
                return connection.execute(statement, values).fetchall()
            finally:
                connection.close()
        with psycopg.connect(self.env["DATABASE_URL"], autocommit=True) as other:
            cursor = other.execute(statement.replace("?", "%s"), values)
            return list(cursor.fetchall()) if cursor.description else []

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold a lock that every change of a cart needs."""
        if (file := self.file) is not None:
            connection = sqlite3.connect(file, timeout=20, isolation_level=None)
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield
                connection.execute("ROLLBACK")
            finally:
                connection.close()
            return
        with psycopg.connect(self.env["DATABASE_URL"]) as other:
            other.execute("LOCK TABLE carts_session, carts_cart IN EXCLUSIVE MODE")
            yield
            other.rollback()

    @property
    def file(self) -> Path | None:
        """The file of an SQLite database."""
        return None if self.env["DATABASE_URL"] else self.data_dir / "shopmcp.sqlite3"

    def damage(self) -> list[str]:
        """What the database itself, and `doctor` if the shop has it, find wrong."""
        found = []
        if self.file is not None:
            found += [str(row[0]) for row in self.execute("PRAGMA integrity_check") if row[0] != "ok"]
            found += [f"orphan in {row[0]}" for row in self.execute("PRAGMA foreign_key_check")]
        if has_command("doctor"):
            done = self.manage("doctor", check=False)
            found += [line for line in (done.stdout + done.stderr).splitlines() if line] if done.returncode else []
        return found


def has_command(name: str) -> bool:
    """Whether the project has a management command of that name."""
    return any(ROOT.glob(f"*/management/commands/{name}.py"))


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


@dataclass
class Room:
    """What a row needs; one for each database.

    Attributes:
        folder: Files of this run, removed afterwards.
        database: `sqlite` or `postgresql`.
        short: Whether to play a smaller part.
        minutes: How long the row of memory lasts.
    """

    folder: Path
    database: str
    short: bool = False
    minutes: float = 10
    _cluster: Cluster | None = None
    _templates: dict[int, Path] = field(default_factory=dict)

    @property
    def sqlite(self) -> bool:
        return self.database == "sqlite"

    @property
    def cluster(self) -> Cluster:
        """The cluster that the rows share; it runs."""
        if self._cluster is None:
            self._cluster = Cluster(self.folder / "cluster")
        if self._cluster.process is None or self._cluster.process.poll() is not None:
            self._cluster.start()
        return self._cluster

    def close(self) -> None:
        if self._cluster is not None:
            self._cluster.stop()

    def new_folder(self) -> Path:
        folder = self.folder / token_hex(4)
        folder.mkdir()
        return folder

    @contextmanager
    def shop(
        self, *options: str, behind_proxy: bool = False, products: int = 100, env: Mapping[str, str] = ROOMY
    ) -> Iterator[Shop]:
        """A shop with goods, started.

        Args:
            options: Of `serve`.
            behind_proxy: Whether a proxy stands between the server and PostgreSQL, as `shop.proxy`.
            products: How many it sells.
            env: Settings, beside those of ROOMY.
        """
        template, data_dir = self._template(products), self.new_folder() / "data"
        shutil.copytree(template, data_dir)
        address = "" if self.sqlite else self._new_database(f"goods_{products}")
        with Proxy(address) if behind_proxy else nullcontext() as proxy:
            shop = Shop(data_dir, *options, **{**ROOMY, **env, "DATABASE_URL": proxy.url if proxy else address})
            shop.proxy = proxy
            # A start at another address than the last one loads the shop twice.
            (data_dir / "address").write_text(f"{shop.url}\n")
            try:
                shop.start()
                yield shop
            finally:
                self._end(shop)

    @contextmanager
    def empty_shop(self, data_dir: Path, *options: str, address: str | None = None, **env: str) -> Iterator[Shop]:
        """A shop of that folder, not started, on a new database unless the address of one is given."""
        if address is None:
            address = "" if self.sqlite else self._new_database("template0")
        shop = Shop(data_dir, *options, **{**ROOMY, "DATABASE_URL": address, **env})
        try:
            yield shop
        finally:
            self._end(shop)

    def _end(self, shop: Shop) -> None:
        try:
            shop.stop()
        # A server that does not stop is the finding of a row, not of its end.
        except Exception:  # noqa: BLE001
            shop.kill_all()

    def _template(self, products: int) -> Path:
        """A data folder, and on PostgreSQL a database, of a shop that has served once."""
        if products not in self._templates:
            folder = self.new_folder() / "data"
            address = "" if self.sqlite else self._new_database("template0", f"goods_{products}")
            shop = Shop(folder, **{**ROOMY, "DATABASE_URL": address})
            stock_up(shop, products)
            shop.start()
            shop.stop()
            shop.log.unlink()
            self._templates[products] = folder
        return self._templates[products]

    def _new_database(self, template: str, name: str = "") -> str:
        name = name or f"shop_{token_hex(4)}"
        self.cluster.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.cluster.address(name)


def stock_up(shop: LiveServer, products: int = 100, *, cents: int = 90) -> None:
    """Import the goods that shoppers buy, and more, at prices that end in so many cents."""
    shop.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [sys.executable, "manage.py", "import_products", str(goods(shop.data_dir, products, cents=cents))]
    subprocess.run([*command, "--store", "shop"], cwd=ROOT, env=shop.env, check=True, capture_output=True, timeout=900)


def goods(folder: Path, products: int, *, cents: int) -> Path:
    """Write a file of products: first those that shoppers buy, then others of many words."""
    file = folder / f"goods-{cents}.csv"
    skus = [name.partition(":")[2] for name in PRODUCTS]
    rows = [f"{sku},Product {number},{number + 1}.{cents}" for number, sku in enumerate(skus)]
    words = _WORDS.split()
    for number in range(products - len(rows)):
        name = " ".join(words[number // len(words) ** place % len(words)] for place in range(4))
        rows.append(f"m{number:05},{name} {number},9.{cents}")
    file.write_text("sku,name,price\n" + "\n".join(rows) + "\n")
    return file


_WORDS = """
amber basket candle denim enamel felt ginger hazel ivory jasmine kettle linen maple nutmeg olive pepper quince rattan
saffron teapot umber velvet walnut yarrow zinc
"""
