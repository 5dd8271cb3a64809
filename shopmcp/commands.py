"""The base of commands that need tables: it makes them in a new database and refuses an outdated one."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from shopmcp.data_dir import locked

# Any number that nothing else in the database locks.
_PREPARING = 7_467_362


class ShopCommand(BaseCommand):
    """A command that also works before the first `manage.py serve`."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Make the tables if there are none, then run.

        Raises:
            CommandError: If the tables are those of an earlier version, or the database cannot be used.
        """
        _make_ready()
        try:
            said = super().execute(*args, **options)
            self.stdout.flush()
        except BrokenPipeError:
            # The reader, such as `head`, has closed the pipe. Without this Python reports it again when it exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return None
        return said


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let processes that start together over one database take turns at preparing it."""
    if connection.vendor != "postgresql":
        with locked(settings.DATA_DIR):
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_PREPARING])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_PREPARING])


def migrate() -> None:
    """Migrate silently. Call it inside `one_at_a_time`."""
    call_command("migrate", interactive=False, verbosity=0)


def unusable(error: DatabaseError) -> CommandError:
    """Return the error that names the setting of a database that fails."""
    where = "DATABASE_URL" if connection.vendor != "sqlite" else "SHOPMCP_DATA_DIR"
    reason = " ".join(str(error).split())
    return CommandError(
        _("The database that %(where)s names cannot be used: %(reason)s") % {"where": where, "reason": reason}
    )


def _make_ready() -> None:
    try:
        if not _migrations()[0]:
            return
        with one_at_a_time():
            # Another process may have made the tables meanwhile.
            missing, applied = _migrations()
            if not (missing and applied):
                migrate()
                return
    except DatabaseError as error:
        raise unusable(error) from None
    # A running server may be of the version that the tables are.
    raise CommandError(
        _("The database is of an earlier version. Start the shop once with manage.py serve, then try again.")
    )


def _migrations() -> tuple[bool, bool]:
    """Whether any is missing, and whether any was applied."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return bool(plan), bool(executor.loader.applied_migrations)
