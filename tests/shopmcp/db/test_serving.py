"""The lock that says that a server runs, or that the shop is being replaced."""

import fcntl
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from shopmcp.db.serving import InUse, alone, serving
from tests.live import manage


@contextmanager
def being_replaced(live):
    """As another process that restores a backup."""
    if live.env["DATABASE_URL"]:
        with closing(psycopg.connect(live.env["DATABASE_URL"], autocommit=True)) as other:
            other.execute("SELECT pg_advisory_lock(7467363)")
            yield
        return
    with (live.data_dir / "shopmcp.sqlite3-serving").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_several_processes_may_serve_and_then_nobody_replaces_the_shop(another_database):
    call_command("migrate", verbosity=0)
    with serving(), serving(), pytest.raises(InUse, match="A server runs"), alone(connection):
        pytest.fail("the lock was taken")
    assert is_released()
    with alone(connection):
        pass


def is_released():
    """PostgreSQL frees the locks of a connection a moment after it was closed."""
    own = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    ends = monotonic() + 10
    while connection.vendor == "postgresql" and monotonic() < ends:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND {own}")
            if cursor.fetchone() is None:
                return True
    return connection.vendor != "postgresql"


def test_while_the_shop_is_replaced_nobody_serves_and_nobody_else_replaces_it(another_database):
    with alone(connection):
        with pytest.raises(InUse, match="being restored"), serving():
            pytest.fail("it is served")
        with closing(connection.copy()) as other, pytest.raises(InUse), alone(other):
            pytest.fail("the lock was taken twice")
    with serving():
        pass


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has files of its own")
def test_a_server_keeps_the_files_of_sqlite_when_its_threads_close_their_connections(another_database):
    """On a full disk they could not be made again."""
    call_command("migrate", verbosity=0)
    log = Path(f"{connection.settings_dict['NAME']}-wal")
    with serving():
        connection.close()
        assert log.exists()
    assert not log.exists()


def test_a_database_in_memory_needs_no_lock(db):
    if connection.vendor == "sqlite":
        with serving(), alone(connection):
            pass


def test_the_server_does_not_start_while_the_shop_is_replaced(own_shop):
    live = own_shop()
    live.stop()

    with being_replaced(live):
        result = manage("serve", "--port", str(live.port), env=live.env)

    assert result.returncode == 1
    assert "The shop is being restored or copied by another command." in result.stderr
    assert "Traceback" not in result.stderr
    live.start()
    assert live.get("/healthz").status == 200
