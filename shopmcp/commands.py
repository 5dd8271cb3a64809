"""The base of commands that need tables: it makes them in a new database and refuses an outdated one."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_permission_codename
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext as _

from shopmcp.data_dir import locked
from shopmcp.errors import ShopError

# Any number that nothing else in the database locks.
_PREPARING = 7_467_362


class ShopCommand(BaseCommand):
    """A command that also works before the first `manage.py serve`."""

    # They are of the code, which `make check` looks at; here they would load every page and form.
    requires_system_checks = []

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
    """Migrate silently, if anything is missing. Call it inside `one_at_a_time`."""
    if _unapplied(_applied()) or not _is_completed():
        call_command("migrate", interactive=False, verbosity=0)


def is_update_pending() -> bool:
    """Whether there is a shop, and it is of an earlier version."""
    missing, applied = _migrations()
    return missing and applied


def unusable(error: DatabaseError) -> CommandError:
    """Return the error that names the setting of a database that fails."""
    where = "DATABASE_URL" if connection.vendor != "sqlite" else "SHOPMCP_DATA_DIR"
    reason = " ".join(str(error).split())
    return CommandError(
        _("The database that %(where)s names cannot be used: %(reason)s") % {"where": where, "reason": reason}
    )


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Have a command end with one line for a refusal, a database that fails, or a file that cannot be used."""
    try:
        yield
    except ShopError as refusal:
        raise CommandError(refusal.text) from None
    except DatabaseError as error:
        raise unusable(error) from None
    except OSError as error:
        raise CommandError(
            _("%(file)s cannot be used: %(reason)s.") % {"file": error.filename or "", "reason": error.strerror}
        ) from None


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
    applied = _applied()
    # A squashed migration has a file and no row until `migrate` has looked: the plan knows whether it is missing.
    return bool(_unapplied(applied) and _plan()), bool(applied)


def _applied() -> set[tuple[str, str]]:
    return set(MigrationRecorder(connection).applied_migrations())


def _unapplied(applied: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The migrations of the apps that the database does not name, by their files: loading them takes half a second."""
    return {
        (app.label, name)
        for app in apps.get_app_configs()
        for _finder, name, is_package in iter_modules([str(Path(app.path, "migrations"))])
        if not is_package and name[0] not in "_~"
    } - applied


def _plan() -> Sequence[Any]:
    executor = MigrationExecutor(connection)
    return executor.migration_plan(executor.loader.graph.leaf_nodes())


def _is_completed() -> bool:
    """Whether what `migrate` makes last is there, the permissions: a crash may have come between."""
    wanted = {
        (model._meta.app_label, get_permission_codename(action, model._meta))
        for model in apps.get_models()
        for action in model._meta.default_permissions
    }
    return wanted <= set(Permission.objects.values_list("content_type__app_label", "codename"))
