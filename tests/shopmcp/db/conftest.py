"""A database that several threads can use."""

import sqlite3
from contextlib import closing

import pytest
from django.db import connection, connections


@pytest.fixture
def database(transactional_db, settings, tmp_path, django_db_blocker):
    """Real commits; on SQLite in a file, since other threads do not see a database in memory as they would in life."""
    if connection.vendor != "sqlite":
        yield
        return
    name, kept = str(tmp_path / "lanes.sqlite3"), connection.settings_dict["NAME"]
    connection.ensure_connection()
    with closing(sqlite3.connect(name)) as file:
        connection.connection.backup(file)
    connection.close()
    kept_connection, connection.connection = connection.connection, None
    connection.settings_dict["NAME"] = connections.settings["default"]["NAME"] = name
    yield
    connection.close()
    connection.settings_dict["NAME"] = connections.settings["default"]["NAME"] = kept
    connection.connection = kept_connection
