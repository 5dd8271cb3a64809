"""Commands that need the shop's tables: a new database gets them, an outdated one is not touched."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

# Any number that nothing else in the database locks.
_PREPARING = 7_467_362


class ShopCommand(BaseCommand):
    """A command that works before the shop was ever started."""

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
            # Whoever reads has heard enough, such as `head`; Python itself would complain of it once more at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return None
        return said


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Machines that start together over one PostgreSQL take turns at preparing it."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_PREPARING])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_PREPARING])


def migrate() -> None:
    """Bring the tables up to date, silently; inside `one_at_a_time`."""
    call_command("migrate", interactive=False, verbosity=0)


def unusable(error: DatabaseError) -> CommandError:
    """Say which setting to look at when the database fails."""
    where = "DATABASE_URL" if connection.vendor != "sqlite" else "SHOPMCP_DATA_DIR"
    reason = " ".join(str(error).split())
    return CommandError(
        _("The database that %(where)s names cannot be used: %(reason)s") % {"where": where, "reason": reason}
    )


def _make_ready() -> None:
    try:
        executor = MigrationExecutor(connection)
        if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return
        if executor.loader.applied_migrations:
            # A running server may be of the version that the tables are.
            raise CommandError(
                _("The database is of an earlier version. Start the shop once with manage.py serve, then try again.")
            )
        with one_at_a_time():
            migrate()
    except DatabaseError as error:
        raise unusable(error) from None
