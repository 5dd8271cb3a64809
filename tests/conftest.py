"""Fixtures that talk like a client, and the servers and the browser that tests share."""

import gc
import os
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.cache import cache
from django.db import connection, connections
from django.utils import translation
from hypothesis import settings as examples
from mcp.client import Client

from carts import languages, untold
from carts import memory as carts
from carts.call_log import watch
from shopmcp import disk
from shopmcp.composition import endpoint
from shopmcp.db.waiting import current_wait
from shopmcp.throttle import all_buckets
from shopmcp.translations import compile_translations
from tests import prepared
from tests.api import script
from tests.browser import CHROMIUM, open_browser
from tests.databases import connected_to, drop_database, make_database
from tests.live import GOODS, LiveServer
from tests.quick import quick

LIVE = {"own_shop", "empty_shop", "live_shop", "one_browser"}

compile_translations()
# No example fails because the machine had something else to do. `ci` plays the same examples each time.
examples.register_profile("shop", deadline=None)
examples.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
examples.load_profile("ci" if os.environ.get("CI") else "shop")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark what needs a server process or a browser, and what no database can change; files that take long come first.

    So one process of several plays most of those that share a server, and none is left with a long one at the end.
    """
    for item in items:
        if not _reaches_database(item):
            item.add_marker("no_database")
        if needed := LIVE & set(item.fixturenames):
            item.add_marker("live")
            if "one_browser" in needed and not CHROMIUM:
                item.add_marker(pytest.mark.skip("Chromium is not installed"))
    for item in quick(items):
        item.add_marker("quick")
    yield
    long = dict.fromkeys(item.path for item in items if item.get_closest_marker("live") or in_maintenance(item))
    place = {path: number for number, path in enumerate(long)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish():
    """Let no search for garbage look at the modules and the tests, which stay anyway."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session):
    """Remove what the processes of a run shared, when the last of them has ended."""
    if not hasattr(session.config, "workerinput"):
        prepared.discard(os.environ.get("TEST_DATABASE_URL", ""))


def _reaches_database(item):
    """Whether a test's outcome may depend on the database: pytest-django lets no other test open a connection.

    A browser looks at pages whose rows the tests of their views have read on each database.
    """
    if "one_browser" in item.fixturenames:
        return False
    asked = {"db", "transactional_db", "another_database"} | LIVE
    starts = any(hasattr(item.module, name) for name in ("LiveServer", "manage", "subprocess"))
    return (
        starts
        or in_maintenance(item)
        or bool(asked & set(item.fixturenames))
        or item.get_closest_marker("django_db") is not None
    )


def in_maintenance(item):
    """Whether it is about whole shops."""
    return "maintenance" in item.path.parts


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
def nothing_remembered():
    """What a page keeps for half a minute belongs to one test."""
    cache.clear()


@pytest.fixture(autouse=True)
def room_on_the_disk():
    """Begin every test without a database that found its disk full."""
    disk.forget()


@pytest.fixture(autouse=True)
def no_wait():
    """Begin every test without the deadline of a call that another test made: asgiref hands such variables back."""
    current_wait.set(None)


@pytest.fixture(autouse=True)
def new_ids():
    """Begin every test without a memory of ids."""
    watch.forget()


@pytest.fixture(autouse=True)
def no_remembered_carts():
    """Begin every test without the carts of other tests."""
    carts.forget()


@pytest.fixture(autouse=True)
def no_settled_languages():
    """Begin every test without the languages of other tests' conversations, and what they were not told."""
    languages.forget()
    untold.forget()


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
def another_database(django_db_setup, django_db_blocker, tmp_path):
    """An empty database in place of the tests' own."""
    with django_db_blocker.unblock():
        name = make_database(tmp_path, "another")
        with connected_to(name):
            yield Path(name)
        drop_database(name)


@pytest.fixture
def shared_database(transactional_db, tmp_path):
    """A database for threads with connections of their own: on SQLite a copy in a file, with real commits."""
    if connection.vendor != "sqlite":
        yield
        return
    ordinary = connections["default"]
    ordinary.ensure_connection()
    name, path = ordinary.settings_dict["NAME"], str(tmp_path / "shop.sqlite3")
    with closing(sqlite3.connect(path)) as file:
        ordinary.connection.backup(file)
    connections.settings["default"]["NAME"] = path
    del connections["default"]
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = ordinary
        ordinary.settings_dict["NAME"] = connections.settings["default"]["NAME"] = name


@pytest.fixture
def call_tool(db):
    """Call a tool as a real MCP client would, in memory, on behalf of a conversation."""

    @async_to_sync
    async def call(name, *, session="chat-1", meta=None, mode="2026-07-28", given=None, **arguments):
        keys: Any = {"openai/session": session} if session else {}
        async with Client(endpoint.server, mode=mode) as client:
            return await client.call_tool(name, arguments | (given or {}), meta=keys | (meta or {}))

    return call


@pytest.fixture
def api(client, db):
    """The JSON API as a script with a key calls it."""
    return script(client)


@pytest.fixture
def own_shop(tmp_path):
    """Start a server of the test's own with these options and settings."""
    with ExitStack() as stack:
        yield lambda *options, **env: stack.enter_context(LiveServer(tmp_path / "data", *options, **env))


@pytest.fixture(scope="session")
def empty_shop(tmp_path_factory):
    """A server without products, which made all it needs itself, for tests that leave it so."""
    with LiveServer(tmp_path_factory.mktemp("empty") / "data").from_nothing() as live:
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
