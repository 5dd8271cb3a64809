"""A shop as its first start leaves it, made once for each run of the tests. A start on a copy takes half as long."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg

# The processes of one run inherit it from the first.
_RUN = os.environ.setdefault("SHOPMCP_TEST_RUN", str(os.getpid()))
_FOLDER = Path(tempfile.gettempdir(), f"shopmcp-prepared-{_RUN}")
_DATABASE = f"shopmcp_prepared_{_RUN}"
_SQLITE = "shopmcp.sqlite3"


def fill(data_dir: Path, server: str, database: str, prepare: Callable[[Path, str], None]) -> None:
    """Give a shop that never started its tables and static files, but no key.

    Args:
        server: Where PostgreSQL answers; empty on SQLite.
        database: The shop's database there.
        prepare: Starts a shop with that data folder and that database for the first time, and stops it.
    """
    _FOLDER.mkdir(exist_ok=True)
    with Path(_FOLDER, "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        source = _FOLDER / ("postgresql" if server else "sqlite")
        if not source.exists():
            if server:
                _execute(server, f'CREATE DATABASE "{_DATABASE}"')
            prepare(_FOLDER / "new", _DATABASE if server else "")
            (_FOLDER / "new").rename(source)
        if not (data_dir / "static").exists():
            shutil.copytree(source / "static", data_dir / "static")
        if not server:
            if not (data_dir / _SQLITE).exists():
                shutil.copy(source / _SQLITE, data_dir / _SQLITE)
        elif not _has_tables(server, database):
            # Under the lock: a database cannot be copied twice at once.
            _execute(server, f'DROP DATABASE "{database}"', f'CREATE DATABASE "{database}" TEMPLATE "{_DATABASE}"')


def note_address(data_dir: Path, url: str) -> None:
    """Let a shop that never started remember an address, as if it had been served there."""
    file = data_dir / "address"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(f"{url}\n")


def discard(server: str) -> None:
    """Remove what was made. Call this once, at the end of the run."""
    if server and (_FOLDER / "postgresql").exists():
        _execute(server, f'DROP DATABASE IF EXISTS "{_DATABASE}" WITH (FORCE)')
    shutil.rmtree(_FOLDER, ignore_errors=True)


def _has_tables(server: str, database: str) -> bool:
    with psycopg.connect(server, dbname=database) as connection:
        return connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public'").fetchone() is not None


def _execute(server: str, *statements: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)
