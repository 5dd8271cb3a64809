"""Shops to back up and to fill, each with a data folder and a database of its own."""

import json
import shutil
from contextlib import ExitStack, contextmanager
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.live import GOODS, LiveServer

WITHOUT_SIGN_INS = {"auth.user"}  # restoring spends sign-in links


def chat(name):
    return {"openai/session": name}


def names(folder):
    return sorted(file.name for file in folder.iterdir())


def tables(backup):
    """What a backup holds of each table, but for what a restore changes."""
    with ZipFile(backup) as archive:
        found = json.loads(archive.read("manifest.json"))["tables"]
    return {name: stored for name, stored in found.items() if name not in WITHOUT_SIGN_INS}


def rewritten(backup, to, change):
    """Copy a backup, with `change` applied to its files, a dictionary by name."""
    with ZipFile(backup) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with ZipFile(to, "w", ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return to


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    """A shop with products, a second import, carts and staff; its server is stopped."""
    with LiveServer(tmp_path_factory.mktemp("shop") / "data") as live:
        goods = live.data_dir / "goods.csv"
        for text in (GOODS, GOODS.replace("24.90", "26.90") + "new,Newcomer,,5.00,,,,\n"):
            goods.write_text(text)
            live.manage("import_products", str(goods), "--store", "shop", "--currency", "ILS")
        for n in range(5):
            live.call_tool("add_to_cart", meta=chat(f"chat-{n}"), product_id="shop:honey", quantity=n + 1)
        live.call_tool("add_to_cart", meta=chat("chat-0"), product_id="shop:last", request_id="once")
        live.call_tool("update_cart_item", meta=chat("chat-1"), product_id="shop:honey", quantity=0)
        live.call_tool("search_products", meta=chat("chat-2"), query="tahini")
        live.manage("sign_in_link")
        live.manage("create_api_key", "script")
        live.stop()
        yield live


@pytest.fixture(scope="session")
def backup(shop, tmp_path_factory):
    file = tmp_path_factory.mktemp("backups") / "shop.backup"
    shop.manage("backup", str(file))
    return file


@pytest.fixture
def empty(tmp_path):
    """Make a shop without anything, on the tests' database unless `DATABASE_URL` is given; it is not started."""
    with ExitStack() as stack:

        def make(name="empty", **env):
            live = LiveServer(tmp_path / name, **env)
            stack.callback(live.close)
            live.data_dir.mkdir(mode=0o700)
            return live

        yield make


def make_database(folder, name, template=None):
    """Make a database, empty or as another one is, and return its name for `connected_to`."""
    if connection.vendor == "sqlite":
        if template:
            shutil.copy(template, folder / name)
        return str(folder / name)
    name = f"{connection.settings_dict['NAME']}_{name}"
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
    return name


def drop_database(name):
    if connection.vendor != "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def connected_to(name):
    """Use another database in place of the tests' own."""
    own, sqlite = connection.settings_dict["NAME"], connection.vendor == "sqlite"
    kept = connection.connection  # the tests' own database of SQLite lives as long as this
    if not sqlite:
        connection.close()
    connection.connection = None
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own
        connection.connection = kept if sqlite else None


@pytest.fixture
def own_database(django_db_blocker, django_db_setup, tmp_path):
    """An empty database in place of the tests' own."""
    with django_db_blocker.unblock():
        name = make_database(tmp_path, "own")
        with connected_to(name):
            yield
        drop_database(name)


@pytest.fixture
def refusal(own_database, settings, tmp_path):
    """Run a command on an empty database, see that it changes nothing, and return the sentence that refuses it."""
    settings.KEY_FILE = tmp_path / "secret_key"

    def refusal(*arguments):
        with pytest.raises(CommandError) as refused:
            call_command(*arguments)
        assert "\n" not in str(refused.value)
        assert connection.introspection.table_names() == []
        assert not settings.KEY_FILE.exists()
        assert not {name for name in names(tmp_path) if ".new" in name}
        return str(refused.value)

    return refusal
