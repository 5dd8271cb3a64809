"""`manage.py restore`."""

import json
import os
import sqlite3
from contextlib import closing
from zipfile import ZipFile

import psycopg
import pytest

from tests.maintenance.backups import chat, names, rewritten, tables

pytestmark = pytest.mark.live
KEY = "a key of the environment: " + "0123456789" * 5


def restore(live, file, *options, **env):
    return live.manage("restore", str(file), *options, check=False, **env)


def contents(live, tmp_path, name="check.backup"):
    live.manage("backup", str(tmp_path / name))
    return tables(tmp_path / name)


def is_empty(live, tmp_path):
    """Whether there is no shop, not even its tables."""
    return "There is no shop in the database" in live.manage("backup", str(tmp_path / "none"), check=False).stderr


def refused(result, words):
    assert result.returncode == 1, result.stdout
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    return True


def test_a_restored_shop_has_every_row_serves_each_chat_its_cart_and_gives_rows_new_keys(shop, backup, empty, tmp_path):
    live = empty()

    result = restore(live, backup)

    assert result.returncode == 0, result.stderr
    assert "rows of 25 tables, as they were at" in result.stdout or "Restored" in result.stdout
    assert "The shop's secret key is in the data folder again." in result.stdout
    assert contents(live, tmp_path) == tables(backup)
    assert (live.data_dir / "secret_key").read_text() == (shop.data_dir / "secret_key").read_text()
    live.start()
    for n in range(2, 5):
        assert live.call_tool("view_cart", meta=chat(f"chat-{n}"))["structuredContent"]["item_count"] == n + 1
    undone = live.call_tool("undo_cart_change", meta=chat("chat-1"))["structuredContent"]
    assert undone["item_count"] == 2
    assert live.call_tool("search_products", meta=chat("x"), query="wild honey")["structuredContent"]["total"] == 1
    again = live.call_tool("add_to_cart", meta=chat("chat-0"), product_id="shop:last", request_id="once")
    assert again["structuredContent"]["version"] == 2
    assert live.call_tool("view_cart", meta=chat("chat-0"))["structuredContent"]["item_count"] == 2
    assert "making it anew" not in live.output
    newcomer = live.call_tool("add_to_cart", meta=chat("newcomer"), product_id="shop:honey")["structuredContent"]
    assert newcomer["item_count"] == 1
    live.stop()
    rows = contents(live, tmp_path, "after")["carts.session"]["rows"]
    assert rows == tables(backup)["carts.session"]["rows"] + 2  # the newcomer's, and that of the search


def test_a_backup_of_one_database_is_restored_on_the_other(shop, backup, empty, tmp_path):
    if not os.environ.get("TEST_DATABASE_URL"):
        pytest.skip("it needs PostgreSQL")
    sqlite, postgresql = empty("sqlite", DATABASE_URL=""), empty("postgresql")

    assert restore(sqlite, backup).returncode == 0
    sqlite.manage("backup", str(tmp_path / "of-sqlite"))
    assert restore(postgresql, tmp_path / "of-sqlite").returncode == 0

    restored, original = contents(postgresql, tmp_path), tables(backup)
    for found in (restored, original):
        del found["analytics.checkpoint"]["last_key"]  # its key is always 1, which PostgreSQL does not count as given
    assert restored == original
    postgresql.start()
    assert postgresql.call_tool("view_cart", meta=chat("chat-3"))["structuredContent"]["item_count"] == 4


def test_only_an_empty_shop_is_filled(shop, backup, tmp_path):
    before = contents(shop, tmp_path, "before")

    result = restore(shop, backup)

    assert refused(result, "The database is not empty: there are rows of ")
    assert contents(shop, tmp_path, "after") == before


def test_nothing_is_restored_while_a_server_runs_but_once_it_was_stopped_or_killed(backup, empty, tmp_path):
    """A shop that was started and never used is empty."""
    live = empty()
    live.start()
    before = contents(live, tmp_path, "before")

    result = restore(live, backup)

    assert refused(result, "A server runs on the database. Stop it first.")
    assert live.get("/healthz").status == 200
    assert contents(live, tmp_path, "after") == before

    live.restart()
    live.kill()
    result = restore(live, backup)

    assert result.returncode == 0, result.stderr
    assert contents(live, tmp_path) == tables(backup)


def changed(name, change):
    return lambda members: members.update({name: change(members[name])})


def newer(members):
    manifest = json.loads(members["manifest.json"])
    manifest["migrations"].append(["carts", "9999_future"])
    members["manifest.json"] = json.dumps(manifest).encode()


DAMAGE = {
    "a changed row": changed("tables/carts.line.jsonl", lambda text: text.replace(b"5", b"6")),
    "a missing row": changed("tables/carts.change.jsonl", lambda text: text.partition(b"\n")[2]),
    "a doubled row": changed("tables/carts.change.jsonl", lambda text: text + text.partition(b"\n")[0] + b"\n"),
    "a missing table": lambda members: members.pop("tables/carts.cart.jsonl"),
    "no manifest": lambda members: members.pop("manifest.json"),
    "a huge manifest": lambda members: members.update({"manifest.json": b" " * 2_000_000 + members["manifest.json"]}),
    "a manifest that is no text": lambda members: members.update({"manifest.json": b"\xff"}),
    "no mark of a key": changed("manifest.json", lambda text: json.dumps(json.loads(text) | {"marks": []}).encode()),
    "a broken manifest": lambda members: members.update({"manifest.json": b"{}"}),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_backup_leaves_the_shop_empty(backup, refusal, tmp_path, damage):
    said = refusal("restore", str(rewritten(backup, tmp_path / "damaged", DAMAGE[damage])), "--without-key")

    assert "is not a backup of a shop, or is damaged" in said or "are not those that were written" in said


@pytest.mark.parametrize("part", [0, 0.3, 0.9])
def test_half_a_backup_leaves_the_shop_empty(backup, refusal, tmp_path, part):
    half = tmp_path / "half"
    half.write_bytes(backup.read_bytes()[: int(backup.stat().st_size * part)])

    assert "is not a backup of a shop, or is damaged" in refusal("restore", str(half), "--without-key")


@pytest.mark.parametrize("place", [0.1, 0.4, 0.7])
def test_a_flipped_bit_leaves_the_shop_empty(backup, refusal, tmp_path, place):
    flipped = tmp_path / "flipped"
    content = bytearray(backup.read_bytes())
    # In what a file holds: some bits before it, such as those of its time, mean nothing to a restore.
    with ZipFile(backup) as archive:
        file = max(archive.infolist(), key=lambda info: info.compress_size)
    begins = file.header_offset + 30 + int.from_bytes(content[file.header_offset + 26 :][:2], "little")
    begins += int.from_bytes(content[file.header_offset + 28 :][:2], "little")
    content[begins + int(file.compress_size * place)] ^= 8
    flipped.write_bytes(content)

    assert "damaged" in refusal("restore", str(flipped), "--without-key")


def test_a_file_that_is_not_there_is_told(refusal, tmp_path):
    assert refusal("restore", str(tmp_path / "none")).endswith("none cannot be used: No such file or directory.")


def test_a_backup_of_a_newer_version_is_refused(backup, refusal, tmp_path):
    file = rewritten(backup, tmp_path / "newer", newer)

    said = refusal("restore", str(file), "--without-key")

    assert said.endswith("the migration carts.9999_future is not known here. Update the shop first.")


def test_with_the_wrong_key_nothing_is_restored(shop, backup, refusal, tmp_path):
    without = tmp_path / "without"
    shop.manage("backup", str(without), "--without-key")

    assert "The backup does not hold the shop's secret key" in refusal("restore", str(without))
    assert "SECRET_KEY is set, and is not the key of the shop" in refusal("restore", str(backup))


def test_a_backup_of_an_earlier_version_is_migrated(empty, tmp_path):
    before = empty("before")
    before.manage("migrate", "carts", "0004", "--verbosity", "0")
    before.manage("migrate", "analytics", "0002", "--verbosity", "0")
    columns = "public_id, source, subject, client, is_check, expiry_untold, created_at, last_seen_at"
    values = "'s_old', 'x', '', '', false, false, '2026-01-02 03:04:05', '2026-01-02 03:04:05'"
    insert(before, f"INSERT INTO carts_session ({columns}) VALUES ({values})")
    before.manage("backup", str(tmp_path / "old"))
    live = empty()

    result = restore(live, tmp_path / "old")

    assert result.returncode == 0, result.stderr
    assert contents(live, tmp_path)["carts.session"]["rows"] == 1
    assert live.manage("migrate", "--check", check=False).returncode == 0


def insert(live, statement):
    if live.env["DATABASE_URL"]:
        with psycopg.connect(live.env["DATABASE_URL"]) as database:
            database.execute(statement)
        return
    with closing(sqlite3.connect(live.data_dir / "shopmcp.sqlite3")) as file, file:
        file.execute(statement)


@pytest.mark.no_database
def test_the_right_key_in_the_environment_or_among_the_former_ones_is_enough(shop, empty, tmp_path):
    without, key = tmp_path / "without", (shop.data_dir / "secret_key").read_text()
    shop.manage("backup", str(without), "--without-key")

    assert restore(empty("one"), without, SECRET_KEY=key).returncode == 0
    if "," not in key:
        assert restore(empty("two"), without, SECRET_KEY=KEY, SECRET_KEY_FALLBACKS=key).returncode == 0


@pytest.mark.no_database
def test_a_shop_whose_key_is_lost_is_restored_on_demand(shop, empty, tmp_path):
    live, without = empty(), tmp_path / "without"
    shop.manage("backup", str(without), "--without-key")

    assert restore(live, without, "--without-key").returncode == 0

    assert contents(live, tmp_path) == tables(without)


@pytest.mark.no_database
def test_former_keys_that_are_not_set_are_told(shop, empty, tmp_path):
    shop.manage("backup", str(tmp_path / "former"), SECRET_KEY_FALLBACKS=KEY)

    result = restore(empty(), tmp_path / "former")

    assert "Former keys that are not set here: 1. Set them in SECRET_KEY_FALLBACKS." in result.stdout


@pytest.mark.no_database
def test_a_sign_in_link_that_was_used_after_the_backup_stays_used(shop, empty, tmp_path):
    source = empty("source")
    link = source.manage("sign_in_link").stdout.strip()
    source.manage("backup", str(tmp_path / "with-owner"))
    live = empty()

    restore(live, tmp_path / "with-owner")

    live.start()
    assert "has been used already" in live.get(link[link.index("/sign-in/") :]).text


@pytest.mark.no_database
def test_the_restored_database_is_private_and_nothing_else_is_left(backup, empty):
    live = empty()
    restore(live, backup)

    for file in live.data_dir.iterdir():
        assert file.is_dir() or not file.stat().st_mode & 0o077, file
    assert not {name for name in names(live.data_dir) if ".new" in name}


# As `orders/services/placing.py` would write it; by the shell, because its page needs a browser.
ORDERED = """
from datetime import timedelta
from django.utils import timezone
from carts.models import Cart, Session
from catalog.models import Store
from orders.models import Order
session = Session.objects.create(public_id="s_buyer", source="x")
cart = Cart.objects.create(public_id="c_buyer", session=session, ordered_at=timezone.now())
order = Order(number="K7M29QXFM", store=Store.objects.first(), session=session, cart=cart, request_key="k",
    language="en", state="completed", currency="ILS", goods=1, total=1, first_total=1, name="Dana Levi",
    email="dana@example.com", phone="050-2345678", delivery_name="Courier",
    placed_at=timezone.now() - timedelta(hours=1))
order.set_keys()
order.save()
"""


@pytest.mark.no_database
def test_whoever_was_forgotten_since_the_backup_is_forgotten_again(empty, tmp_path):
    before, after = empty("before", DATABASE_URL=""), empty("after", DATABASE_URL="")
    goods = tmp_path / "goods.csv"
    goods.write_text("sku,name,price\nhoney,Honey,20.00\n")
    before.manage("import_products", str(goods), "--store", "shop", "--currency", "ILS")
    before.manage("shell", "-c", ORDERED)
    before.manage("backup", str(tmp_path / "shop.backup"))
    assert "Forgotten in 1 orders" in before.manage("forget_person", "--email", "dana@example.com").stdout
    (after.data_dir / "forgotten").write_bytes((before.data_dir / "forgotten").read_bytes())

    result = restore(after, tmp_path / "shop.backup")

    assert result.returncode == 0, result.stderr
    assert "Orders whose buyer had been forgotten, and is again: 1." in result.stdout
    assert '"orders": []' in after.manage("export_person", "--phone", "0502345678").stdout
