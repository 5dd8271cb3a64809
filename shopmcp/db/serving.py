"""Which processes serve the shop: each shares a lock on its database, and whoever replaces the shop takes it alone."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from django.db import Error, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext as _

from shopmcp.errors import ShopError

# Any number that nothing else in the database locks.
_SERVING = 7_467_363
# Seconds between two looks whether PostgreSQL still has the lock: it ends with the connection.
_LOOK = 15

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
        with _file_lock(connection, fcntl.LOCK_SH, being_replaced):
            yield
        return
    ended = Event()
    # A connection of its own, because the threads of the lanes replace theirs after a fault.
    keeper = connection.copy()
    keeper.settings_dict["OPTIONS"].pop("pool", None)
    keeper.inc_thread_sharing()
    try:
        if not _take(keeper, "pg_try_advisory_lock_shared"):
            keeper.close()
            raise being_replaced
    except Error:
        logger.warning("the database does not answer: the shop cannot be marked as running yet")
    thread = Thread(target=_keep, args=(keeper, ended), name="serving", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        keeper.close()


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


def _keep(keeper: BaseDatabaseWrapper, ended: Event) -> None:
    """Take the lock again after the database was away."""
    while not ended.wait(_LOOK):
        try:
            if keeper.connection is None:
                _take(keeper, "pg_try_advisory_lock_shared")
            else:
                with keeper.cursor() as cursor:
                    cursor.execute("SELECT 1")
        except Error:
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
