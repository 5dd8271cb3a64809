"""Fixtures that talk like a client, and the servers and the browser that tests share."""

import sqlite3
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.utils import translation
from mcp.client import Client

from carts.call_log import watch
from shopmcp.composition import endpoint
from shopmcp.db.waiting import current_wait
from shopmcp.throttle import all_buckets
from shopmcp.translations import compile_translations
from tests.browser import CHROMIUM, open_browser
from tests.live import GOODS, LiveServer

LIVE = {"own_shop", "empty_shop", "live_shop", "one_browser"}

compile_translations()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark what needs a server process or a browser."""
    for item in items:
        if needed := LIVE & set(item.fixturenames):
            item.add_marker("live")
            if "one_browser" in needed and not CHROMIUM:
                item.add_marker(pytest.mark.skip("Chromium is not installed"))


@pytest.fixture(autouse=True)
def language():
    """Begin every test in the project's own language: requests leave theirs behind in the thread."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def full_buckets():
    """Begin every test with nothing counted against anybody."""
    for buckets in all_buckets.values():
        buckets.clear()


@pytest.fixture(autouse=True)
def no_wait():
    """Begin every test without the deadline of a call that another test made: asgiref hands such variables back."""
    current_wait.set(None)


@pytest.fixture(autouse=True)
def new_ids():
    """Begin every test without a memory of ids."""
    watch.forget()


@pytest.fixture
def few_variables(db):
    """Take 999 variables in a statement, as some builds of SQLite do; PostgreSQL takes as many as ever."""
    if connection.vendor != "sqlite":
        yield
        return
    before = connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)
    yield
    connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, before)


@pytest.fixture
def another_database(django_db_blocker, tmp_path):
    """An empty database in place of the tests' own."""
    own, name = connection.settings_dict["NAME"], f"{connection.settings_dict['NAME']}_upgraded"
    sqlite = connection.vendor == "sqlite"
    with django_db_blocker.unblock():
        kept = connection.connection  # the tests' own database of SQLite lives as long as this
        if not sqlite:
            with connection.cursor() as cursor:
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
                cursor.execute(f'CREATE DATABASE "{name}"')
            connection.close()
        connection.connection = None
        connection.settings_dict["NAME"] = str(tmp_path / "shop.sqlite3") if sqlite else name
        yield Path(connection.settings_dict["NAME"])
        connection.close()
        connection.settings_dict["NAME"] = own
        connection.connection = kept if sqlite else None
        if not sqlite:
            with connection.cursor() as cursor:
                cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def call_tool(db):
    """Call a tool as a real MCP client would, in memory, on behalf of a conversation."""

    @async_to_sync
    async def call(name, *, session="chat-1", meta=None, mode="2026-07-28", **arguments):
        keys: Any = {"openai/session": session} if session else {}
        async with Client(endpoint.server, mode=mode) as client:
            return await client.call_tool(name, arguments, meta=keys | (meta or {}))

    return call


@pytest.fixture
def own_shop(tmp_path):
    """Start a server of the test's own with these options and settings."""
    with ExitStack() as stack:
        yield lambda *options, **env: stack.enter_context(LiveServer(tmp_path / "data", *options, **env))


@pytest.fixture(scope="session")
def empty_shop(tmp_path_factory):
    """A server without products, for tests that leave it so."""
    with LiveServer(tmp_path_factory.mktemp("empty") / "data") as live:
        yield live


@pytest.fixture(scope="session")
def live_shop(tmp_path_factory):
    """A server with a store `shop` of a few goods, for tests with conversations of their own.

    They send more calls together than one client may, so its limits are out of their reach.
    """
    limits = dict.fromkeys(("SHOPMCP_SESSION_CALLS", "SHOPMCP_NEW_SESSIONS", "SHOPMCP_NEW_UNKEYED"), "1000/s:1000000")
    with LiveServer(tmp_path_factory.mktemp("shop") / "data", **limits) as live:
        goods = live.data_dir / "goods.csv"
        goods.write_text(GOODS)
        live.manage("import_products", str(goods), "--store", "shop", "--currency", "ILS")
        yield live


@pytest.fixture(scope="session")
def one_browser(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture
def browser(one_browser):
    """The browser as after its start: no page, no cookies, English, light and wide."""
    one_browser.begin_anew()
    return one_browser
