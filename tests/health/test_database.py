"""Health: whether the database takes changes."""

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from types import SimpleNamespace

import psycopg
import pytest
from django.db import OperationalError, connection

from health import database
from outbox.models import Pulse
from shopmcp import disk
from tests.lateness import Lateness
from tests.live import ROOT


@contextmanager
def failing(error, word):
    """Let each statement with this word fail."""

    def fail(execute, sql, *rest):
        if word in sql:
            raise error
        return execute(sql, *rest)

    with connection.execute_wrapper(fail):
        yield


def refused(words, code=None):
    error = OperationalError(words)
    error.__cause__ = None if code is None else type("Cause", (Exception,), {"sqlstate": code})()
    return error


@pytest.mark.django_db
def test_a_look_writes_one_row_and_finds_nothing_wrong(django_assert_max_num_queries):
    Pulse.objects.all().delete()
    assert database.look() == ()
    before = Pulse.objects.get().at

    with django_assert_max_num_queries(5):  # time limit, savepoint, update, release
        assert database.look() == ()
    assert Pulse.objects.get().at > before


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (refused("database or disk is full"), "disk_full"),
        (refused("attempt to write a readonly database"), "read_only"),
        (refused("database is locked"), "locked"),
        (refused("unable to open database file"), "database_away"),
        (refused("could not extend file", "53100"), "disk_full"),
        (refused("cannot execute UPDATE in a read-only transaction", "25006"), "read_only"),
        (refused("canceling statement due to lock timeout", "55P03"), "locked"),
        (refused("canceling statement due to statement timeout", "57014"), "locked"),
        (refused("terminating connection due to administrator command", "57P01"), "database_away"),
        (refused("disk I/O error", "XX000"), "not_writable"),
    ],
)
def test_each_refusal_of_the_database_has_its_reason(error, reason):
    with failing(error, "outbox_pulse"):
        assert database.look() == (reason,)


@pytest.mark.django_db
def test_a_disk_that_is_almost_full_is_a_reason(monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(total=10**12, free=10**8))
    assert database.look() == ("disk_full",)

    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(total=10**9, free=10**8))
    assert database.look() == ()


@pytest.mark.django_db
def test_a_disk_that_the_database_found_full_is_a_reason_for_a_moment(monkeypatch):
    """PostgreSQL may have room for the row of the look, and none for a cart."""
    now = [-1000.0]
    monkeypatch.setattr("shopmcp.disk.monotonic", lambda: now[0])
    assert database.look() == ()
    disk.found_full()
    assert database.look() == ("disk_full",)

    now[0] += 16
    assert database.look() == ()


def stores(answer):
    return [store["slug"] for store in answer["stores"]]


def wait_for(shop, status, reasons):
    """Wait until /healthz says so; return its answer."""
    deadline = time.monotonic() + 40
    while True:
        answer = shop.get("/healthz")
        if answer.status == status and answer.json.get("reasons", []) == reasons:
            return answer.json
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.2)


HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1])
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""
HOLD_SERVER = """
import psycopg, sys
held = psycopg.connect(sys.argv[1])
held.execute("LOCK TABLE outbox_pulse IN EXCLUSIVE MODE")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def shop(own_shop):
    live = own_shop("--demo")
    assert wait_for(live, 200, [])["status"] == "healthy"
    return live


def is_sqlite(shop):
    return not shop.env["DATABASE_URL"]


def test_a_lock_that_is_held_is_said_and_its_end_is_noticed(shop):
    where = str(shop.data_dir / "shopmcp.sqlite3") if is_sqlite(shop) else shop.env["DATABASE_URL"]
    command = [sys.executable, "-c", HOLD if is_sqlite(shop) else HOLD_SERVER, where]
    holder = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        answer = wait_for(shop, 200, ["locked"])
        started = time.monotonic()
        with Lateness() as late:
            assert shop.get("/healthz").json == answer
        assert time.monotonic() - started < 2 + late.seconds
        assert answer["status"] == "degraded"
        assert stores(answer)
        found = shop.call_tool("search_products", query="rice")
        assert not found["isError"]
    finally:
        holder.communicate()

    assert wait_for(shop, 200, [])["status"] == "healthy"


def test_a_read_only_database_is_said(shop):
    if is_sqlite(shop):
        pytest.skip("a file of root's is never read-only; the words of SQLite are tested above")
    name = shop.env["DATABASE_URL"].rpartition("/")[2]
    with psycopg.connect(shop.env["DATABASE_URL"], autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        assert wait_for(shop, 200, ["read_only"])["status"] == "degraded"
        server.execute("SET default_transaction_read_only = off")
        server.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')

    wait_for(shop, 200, [])


@contextmanager
def away(shop):
    """Take the database away for as long as the block runs."""
    if is_sqlite(shop):
        file = shop.data_dir / "shopmcp.sqlite3"
        file.rename(file.with_suffix(".away"))
        file.mkdir()
        yield
        file.rmdir()
        file.with_suffix(".away").rename(file)
        return
    name = shop.env["DATABASE_URL"].rpartition("/")[2]
    with psycopg.connect(shop.env["DATABASE_URL"].replace(name, "postgres"), autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        yield
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def test_a_database_that_is_away_is_503_and_comes_back(shop):
    with away(shop):
        deadline = time.monotonic() + 30
        while (answer := shop.get("/healthz")).status != 503:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        page = shop.get("/dashboard/", {"Cookie": f"sessionid={'x' * 32}"})

    assert json.loads(answer.text) == {"status": "unhealthy", "reason": "The database does not answer."}
    assert page.status == 503
    assert wait_for(shop, 200, [])["status"] == "healthy"
