"""Databases of a test's own, in place of the one that tests share."""

import shutil
from contextlib import contextmanager

from django.db import connection


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
