"""The transaction of one change."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from shopmcp.db.prepared import kept_connection


@contextmanager
def change() -> Iterator[None]:
    """Do all of the block or nothing of it, as `transaction.atomic` does.

    In a transaction that a lane shares among changes (group commit) it is a savepoint. Django's own takes a tenth of
    a change's time, most of it for its cursors.
    """
    database: Any = kept_connection()
    if database is None or database.vendor != "sqlite" or not database.in_atomic_block:
        with transaction.atomic():
            yield
        return
    connection, hooks = database.connection, len(database.run_on_commit)
    connection.execute("SAVEPOINT change")
    try:
        yield
    except BaseException:
        del database.run_on_commit[hooks:]
        # Set by an inner `atomic` without a savepoint of its own, such as that of `Model.save`.
        database.needs_rollback = False
        try:
            connection.execute("ROLLBACK TO change")
            connection.execute("RELEASE change")
        except sqlite3.Error:
            # SQLite has rolled back everything, as it does when the disk is full.
            database.needs_rollback = True
        raise
    connection.execute("RELEASE change")


def after_commit(work: Callable[[], object]) -> None:
    """Do it once the transaction at hand is committed, and at once without one; never if it is rolled back."""
    database: Any = kept_connection()
    if database is None:
        transaction.on_commit(work)
    else:
        database.on_commit(work)
