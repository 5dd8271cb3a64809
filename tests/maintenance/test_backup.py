"""`manage.py backup`."""

import json
import sqlite3
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from zipfile import ZipFile

import pytest

from tests.maintenance.backups import chat, names, tables

pytestmark = pytest.mark.live


def stored(file):
    with ZipFile(file) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@contextmanager
def busy(live, writers=4):
    """Let chats write as fast as they can; gives the number of acknowledged pieces of each."""
    acknowledged, ended = {}, threading.Event()

    def write(writer):
        n = 0
        while not ended.is_set():
            n += 1
            name = f"{writer}-{n % 7}"
            answer = live.call_tool("add_to_cart", meta=chat(name), product_id="shop:honey")
            if not answer["isError"]:
                acknowledged[name] = answer["structuredContent"]["item_count"]

    with ThreadPoolExecutor(writers) as pool:
        working = [pool.submit(write, writer) for writer in range(writers)]
        try:
            yield acknowledged
        finally:
            ended.set()
        for work in working:
            work.result()


def test_it_says_what_the_file_holds_and_lets_its_owner_alone_read_it(shop, tmp_path):
    file = tmp_path / "shop.backup"

    said = shop.manage("backup", str(file)).stdout

    held = tables(file)
    assert said.startswith(f"{file}: ")
    assert f"rows of {len(held) + 1} tables" in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert held["carts.session"]["rows"] == held["carts.cart"]["rows"] == 5
    assert held["catalog.product"]["rows"] > held["catalog.productidentity"]["rows"] == 6
    assert names(tmp_path) == ["shop.backup"]


def test_a_file_is_never_replaced(shop, tmp_path):
    file = tmp_path / "shop.backup"
    file.write_text("precious")

    refused = shop.manage("backup", str(file), check=False)

    assert refused.returncode == 1
    assert "exists already, and a backup replaces no file. Choose another name." in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert file.read_text() == "precious"
    assert names(tmp_path) == ["shop.backup"]


def test_the_generated_key_is_stored_unless_it_is_left_out(shop, tmp_path):
    key = (shop.data_dir / "secret_key").read_text()
    with_key, without = tmp_path / "with", tmp_path / "without"

    shop.manage("backup", str(with_key))
    shop.manage("backup", str(without), "--without-key")

    assert stored(with_key)["secret_key"].decode() == key.strip()
    assert "secret_key" not in stored(without)
    assert key.encode() not in b"".join(stored(without).values())


def test_a_key_of_the_environment_is_not_stored(shop, tmp_path):
    key = "not the generated one: " + "0123456789" * 5

    shop.manage("backup", str(tmp_path / "shop.backup"), SECRET_KEY=key)

    held = stored(tmp_path / "shop.backup")
    assert "secret_key" not in held
    assert key.encode() not in b"".join(held.values())


def test_no_session_of_the_pages_is_stored(shop, tmp_path):
    shop.manage("backup", str(tmp_path / "shop.backup"))

    assert not {name for name in stored(tmp_path / "shop.backup") if "sessions.session" in name}


def test_a_backup_under_load_holds_every_change_that_was_acknowledged_before_it_began(own_shop, empty, shop, tmp_path):
    live = own_shop()
    live.manage("import_products", str(shop.data_dir / "goods.csv"), "--store", "shop", "--currency", "ILS")
    with busy(live) as acknowledged:
        while len(acknowledged) < 28:
            pass
        before = dict(acknowledged)
        live.manage("backup", str(tmp_path / "shop.backup"))
        after = dict(acknowledged)
    assert sum(after.values()) > sum(before.values()), "the chats went on during the backup"
    live.stop()

    other = empty()
    other.manage("restore", str(tmp_path / "shop.backup"))
    other.start()

    for name, pieces in before.items():
        restored = other.call_tool("view_cart", meta=chat(name))["structuredContent"]
        assert pieces <= restored["item_count"] <= after[name] + 4, name
        assert restored["version"] == restored["item_count"]
    held = stored(tmp_path / "shop.backup")
    carts = {row[0]: row for row in map(json.loads, held["tables/carts.cart.jsonl"].splitlines())}
    columns = tables(tmp_path / "shop.backup")["carts.line"]["columns"]
    lines = [dict(zip(columns, json.loads(row), strict=True)) for row in held["tables/carts.line.jsonl"].splitlines()]
    item_count = tables(tmp_path / "shop.backup")["carts.cart"]["columns"].index("item_count")
    assert {line["cart_id"]: line["quantity"] for line in lines} == {pk: row[item_count] for pk, row in carts.items()}


def test_a_backup_does_not_wait_for_a_writer(shop, tmp_path):
    if shop.env["DATABASE_URL"]:
        pytest.skip("PostgreSQL reads and writes beside each other")
    with sqlite3.connect(shop.data_dir / "shopmcp.sqlite3", isolation_level=None) as writer:
        writer.execute("BEGIN IMMEDIATE")
        shop.manage("backup", str(tmp_path / "shop.backup"))
        writer.execute("ROLLBACK")
    writer.close()

    assert tables(tmp_path / "shop.backup")


def test_a_link_is_not_followed(refusal, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")

    assert "exists already" in refusal("backup", str(tmp_path / "link"))
    assert not (tmp_path / "elsewhere").exists()


def test_without_a_shop_no_file_is_left(refusal, tmp_path):
    said = refusal("backup", str(tmp_path / "shop.backup"))

    assert said == "There is no shop in the database. Look at DATABASE_URL and SHOPMCP_DATA_DIR."
    assert not {name for name in names(tmp_path) if "backup" in name}


def test_a_folder_that_is_not_there_is_told(refusal, tmp_path):
    assert refusal("backup", str(tmp_path / "none" / "x")).endswith(" cannot be used: No such file or directory.")
