"""A shop of an earlier version, upgraded while that version goes on writing."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import psycopg
from psycopg import sql

from faults.client import Client, Verdict
from faults.outcome import Outcome
from faults.room import Room, Shop
from tests.live import ROOT

# A shop as the last version without versions of products left it; the tests of migrations use it too.
DUMP = ROOT / "tests" / "fixtures" / "before_versions.sql"
# The key by which it found them: that of the tests' settings.
KEY = "a key for tests alone, long enough for Django's own checks: 0123456789"
# Its conversations, a product that each holds, and how many.
CARTS = {"chat-1": ("shop:tea", 3), "chat-2": ("shop:rye", 2), "chat-3": ("other:mug", 2)}


Target = psycopg.Connection[tuple[Any, ...]]


def upgrade(room: Room) -> Outcome:
    """The new version starts on the data of an old one that goes on writing until it can no longer."""
    outcome = Outcome()
    with room.empty_shop(room.new_folder() / "data", SECRET_KEY=KEY) as shop:
        shop.data_dir.mkdir(mode=0o700)
        _lay_out(shop)
        over, writer = Event(), OldVersion(shop)
        thread = Thread(target=writer.run, args=(over,))
        thread.start()
        try:
            sleep(1)
            started = monotonic()
            shop.start()
            outcome.remarks.append(f"upgraded and started in {monotonic() - started:.1f} s")
        finally:
            over.set()
            thread.join(30)
        client = Client(shop.url)
        for (chat, (product, quantity)), written in zip(CARTS.items(), writer.written, strict=True):
            found = client.call("view_cart", chat).quantities.get(product, 0)
            outcome.lost += max(0, quantity + written - found)
            outcome.doubled += max(0, found - quantity - written)
            told = client.call("add_to_cart", chat, product_id=product).verdict
            outcome.expect(told is Verdict.DONE, f"{chat} cannot go on")
        client.close()
        outcome.acknowledged = sum(writer.written)
        outcome.expect(outcome.acknowledged > 0, "the old version wrote nothing")
        outcome.remarks.append(f"the old version wrote {writer.ended}")
        outcome.failures += shop.damage()
    return outcome


class OldVersion:
    """Adds to the carts by the statements of the old version, one transaction for each change."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.written = [0] * len(CARTS)
        self.ended = "to the end"

    def run(self, over: Event) -> None:
        place = 0
        while not over.is_set():
            product = list(CARTS.values())[place][0]
            lines = f"product_id = (SELECT id FROM catalog_product WHERE public_id = '{product}')"
            statements = [
                f"UPDATE carts_line SET quantity = quantity + 1 WHERE {lines}",
                "UPDATE carts_cart SET item_count = item_count + 1 WHERE id IN "
                f"(SELECT cart_id FROM carts_line WHERE {lines})",
            ]
            try:
                changed = _in_one_transaction(self._shop, statements)
            # As the old version did, it gives up a call that the database refuses, and is asked again.
            except (sqlite3.OperationalError, psycopg.Error):
                self.ended = "until the database refused it"
                sleep(0.1)
                continue
            self.written[place] += changed
            place = (place + 1) % len(CARTS)
            # A line holds at most 999.
            sleep(0.02)


def _in_one_transaction(shop: Shop, statements: Sequence[str]) -> int:
    """Run them; return how many rows the first changed."""
    if (file := shop.file) is not None:
        connection = sqlite3.connect(file, timeout=10, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            changed = [connection.execute(statement).rowcount for statement in statements]
            connection.execute("COMMIT")
        finally:
            connection.close()
        return changed[0]
    with psycopg.connect(shop.env["DATABASE_URL"]) as other:
        changed = [other.execute(statement).rowcount for statement in statements]
    return changed[0]


def _lay_out(shop: Shop) -> None:
    """Make the old shop: from the dump, and on PostgreSQL by copying its rows into tables of the same version."""
    script = DUMP.read_text(encoding="utf-8")
    if (file := shop.file) is not None:
        _load(file, script)
        return
    copy = shop.data_dir / "old.sqlite3"
    source = _load(copy, script)
    for app, name in source.execute("SELECT app, max(name) FROM django_migrations GROUP BY app").fetchall():
        shop.manage("migrate", app, name, "--no-input")
    with psycopg.connect(shop.env["DATABASE_URL"]) as target:
        target.execute("SET session_replication_role = replica")
        names = [row[0] for row in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        names = [name for name in names if _types(target, name)]
        target.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(map(sql.Identifier, names))))
        for name in names:
            _copy_table(source, target, name)


def _load(file: Path, script: str) -> sqlite3.Connection:
    connection = sqlite3.connect(file)
    connection.executescript(script)
    connection.commit()
    return connection


def _types(target: Target, table: str) -> dict[str, str]:
    """The types of the table's columns; empty if there is no such table."""
    statement = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
    return {str(name): str(kind) for name, kind in target.execute(statement, [table]).fetchall()}


def _copy_table(source: sqlite3.Connection, target: Target, name: str) -> None:
    types = _types(target, name)
    rows = source.execute(f'SELECT * FROM "{name}"')
    columns = [column[0] for column in rows.description]
    insert = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(
        sql.Identifier(name),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
    )
    for row in rows.fetchall():
        values = [
            bool(value) if types[column] == "boolean" and value is not None else value
            for column, value in zip(columns, row, strict=True)
        ]
        target.execute(insert, values)
    if "id" in columns and types["id"] in ("bigint", "integer"):
        target.execute(
            sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), greatest(1, (SELECT max(id) FROM {})))").format(
                sql.Literal(name), sql.Identifier(name)
            )
        )
