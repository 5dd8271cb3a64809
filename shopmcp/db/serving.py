"""Which processes serve the shop: each shares a lock on its database, and whoever replaces the shop takes it alone."""

import fcntl
import logging
import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any

from django.db import Error, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext as _

from shopmcp.data_dir import PrivateConnection
from shopmcp.errors import ShopError

# Any number that nothing else in the database locks.
_SERVING = 7_467_363
# Seconds between two looks whether PostgreSQL still has the lock: it ends with the connection.
_LOOK = 15
# Seconds for PostgreSQL to answer at the start and at the end.
_PATIENCE = 6

logger = logging.getLogger(__name__)


class InUse(ShopError):
    """A server runs on the database, or a command replaces the shop in it."""

    code = "in_use"


@contextmanager
def serving() -> Iterator[None]:
    """Share the lock of the default database while the block runs.

    Raises:
        InUse: If the shop is being restored or copied.
    """
    being_replaced = InUse(
        _("The shop is being restored or copied by another command."), fix=_("Start it again when that is done.")
    )
    if connection.vendor == "sqlite":
        with _file_lock(connection, fcntl.LOCK_SH, being_replaced), _kept_open(connection):
            yield
        return
    # A connection of its own, because the threads of the lanes replace theirs after a fault.
    keeper: Any = connection.copy()
    keeper.settings_dict["OPTIONS"].pop("pool", None)
    keeper.is_lane = True  # not one of those that pages share
    keeper.inc_thread_sharing()
    ended, first = Event(), Future[bool | None]()
    # In a thread, because the block runs on an event loop.
    thread = Thread(target=_keep, args=(keeper, ended, first), name="serving", daemon=True)
    thread.start()
    try:
        with suppress(TimeoutError):
            if first.result(_PATIENCE) is False:
                raise being_replaced
        yield
    finally:
        ended.set()
        thread.join(_PATIENCE)


@contextmanager
def alone(database: BaseDatabaseWrapper) -> Iterator[None]:
    """Hold the lock of the database for this process alone while the block runs.

    Raises:
        InUse: If a server runs on the database.
    """
    served = InUse(_("A server runs on the database."), fix=_("Stop it first."))
    if database.vendor == "sqlite":
        with _file_lock(database, fcntl.LOCK_EX, served):
            yield
        return
    if not _take(database, "pg_try_advisory_lock"):
        raise served
    try:
        yield
    finally:
        with suppress(Error):  # a broken connection has lost its lock
            _take(database, "pg_advisory_unlock")


def _take(database: BaseDatabaseWrapper, function: str) -> bool:
    with database.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_SERVING])
        return bool(cursor.fetchone()[0])


def _keep(keeper: BaseDatabaseWrapper, ended: Event, first: Future[bool | None]) -> None:
    """Take the lock, and take it again after the database was away.

    Args:
        first: Told how it went the first time; None if the database did not answer.
    """
    while not ended.is_set():
        has_lock: bool | None = None
        try:
            if keeper.connection is None:
                has_lock = _take(keeper, "pg_try_advisory_lock_shared")
            else:
                with keeper.cursor() as cursor:
                    cursor.execute("SELECT 1")
        except Error:
            keeper.close()
        if not first.done():
            if has_lock is None:
                logger.warning("the database does not answer: the shop cannot be marked as running yet")
            first.set_result(has_lock)
        ended.wait(_LOOK)
    keeper.close()


@contextmanager
def _kept_open(database: BaseDatabaseWrapper) -> Iterator[None]:
    """Keep a connection open, so that SQLite keeps its files beside the database.

    Threads close theirs after an error. Without the last one the files would be deleted, and on a full disk they could
    not be made again: nothing could be read.
    """
    name = database.settings_dict["NAME"]
    # It may be the one that makes the file: for its owner alone.
    keeper = sqlite3.connect(name, uri=True, check_same_thread=False, factory=PrivateConnection)
    try:
        with suppress(sqlite3.Error):
            keeper.execute("SELECT 1 FROM sqlite_master").fetchall()
        yield
    finally:
        keeper.close()


@contextmanager
def _file_lock(database: BaseDatabaseWrapper, kind: int, refusal: InUse) -> Iterator[None]:
    name = str(database.settings_dict["NAME"])
    if name.startswith((":memory:", "file:")):
        yield
        return
    try:
        descriptor = os.open(f"{name}-serving", os.O_CREAT | os.O_RDWR, 0o600)
    except OSError:
        # Nothing can replace a database in a folder that cannot be written.
        yield
        return
    try:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            raise refusal from None
        yield
    finally:
        os.close(descriptor)
