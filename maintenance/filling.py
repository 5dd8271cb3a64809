"""Filling a database with a shop, from a backup or from another database."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models.query import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.search.rebuild import Progress, rebuild
from maintenance.snapshot import Migration, Snapshot, newest_of, refuse_unknown, tables_at, take_time
from maintenance.tables import Sum, Table
from shopmcp.commands import migrate
from shopmcp.data_dir import sync_folder
from shopmcp.db.new_database import make_tables
from shopmcp.db.serving import InUse
from shopmcp.errors import ShopError

# Migrating and serving an empty shop make rows of these.
_MADE_WITHOUT_A_SHOP = frozenset({"analytics.checkpoint", "auth.permission", "contenttypes.contenttype"})


class NotEmpty(ShopError):
    """There is a shop already where one should be put."""

    code = "not_empty"


class Different(ShopError):
    """The rows that were written are not those that were read."""

    code = "different"


class Contents(Protocol):
    """A shop to read."""

    @property
    def migrations(self) -> Sequence[Migration]: ...

    def lines(self, table: Table) -> Iterator[bytes]: ...

    def last_key(self, table: Table) -> int: ...


def refuse_unless_empty() -> None:
    """Refuse to put a shop where one is.

    Raises:
        NotEmpty: If the default database holds anything that could be lost.
    """
    for table in Snapshot(connection).tables:
        if table.name not in _MADE_WITHOUT_A_SHOP and QuerySet(table.model).exists():
            raise NotEmpty(
                _("The database is not empty: there are rows of %(table)s.") % {"table": table.name},
                fix=_("Name an empty one in DATABASE_URL, or an empty folder in SHOPMCP_DATA_DIR."),
            )


@contextmanager
def replaced_if_all_goes_well() -> Iterator[None]:
    """Work on a database without any tables, which becomes the shop's at the end; after an exception nothing changed.

    On PostgreSQL this is one transaction. On SQLite it is a new file that is renamed.
    """
    if connection.vendor == "postgresql":
        with transaction.atomic():
            take_time(connection)
            _drop_tables()
            yield
        return
    shop = Path(connection.settings_dict["NAME"])
    new = shop.with_name(f"{shop.name}.new")
    connection.close()
    if shop.exists() and Path(f"{shop}-wal").exists():
        # SQLite deletes this file with its last connection.
        raise InUse(_("Another program has %(file)s open.") % {"file": shop}, fix=_("Stop it first."))
    _remove(new)
    connection.settings_dict["NAME"] = new
    try:
        yield
        connection.close()
        with new.open("rb") as written:
            os.fsync(written.fileno())
        new.replace(shop)
        sync_folder(shop.absolute().parent)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = shop
        _remove(new)


def fill(contents: Contents, progress: Progress) -> list[tuple[str, int]]:
    """Put a shop into the default database, which has no tables; return the number of rows of each table.

    The tables are made as the shop had them, filled, compared with what was read, and then migrated.

    Raises:
        Unknown: If a newer version made the shop.
        Different: If a table does not hold what was read, or rows point at others that are missing.
    """
    executor = MigrationExecutor(connection)
    refuse_unknown(executor.loader, contents.migrations, _("the shop"))
    is_current = set(contents.migrations) == set(executor.loader.graph.nodes)
    if not (is_current and make_tables(connection)):
        executor.migrate(newest_of(executor.loader, contents.migrations))
    tables = tables_at(executor.loader, contents.migrations)
    # A shop with rows that point at nothing is better than none: SQLite takes it, and `doctor` mends it.
    with connection.constraint_checks_disabled():
        with transaction.atomic():
            counts = _load(tables, contents, progress)
        migrate()
        ContentType.objects.clear_cache()
        with transaction.atomic():
            _spend_links()
            rebuild(progress)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return counts


def _load(tables: Sequence[Table], contents: Contents, progress: Progress) -> list[tuple[str, int]]:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # The tables come by their names, not those first that others point at; and a migration that added such a
            # column has left its constraint immediate for the rest of the transaction, if all of it is one.
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    for table in tables:
        table.clear()
    sums = {table.name: Sum() for table in tables}
    for table in progress(tables, _("Reading"), len(tables)):
        table.load(sums[table.name].over(contents.lines(table)))
        table.go_on_after(contents.last_key(table))
    for table in progress(tables, _("Comparing"), len(tables)):
        found = Sum()
        for line in table.lines(connection):
            found.add(line)
        if found != sums[table.name]:
            raise Different(
                _("%(table)s holds other rows than were read (%(found)d of %(read)d).")
                % {"table": table.name, "found": found.rows, "read": sums[table.name].rows},
                fix=_("Nothing was changed. Please report this."),
            )
    if connection.vendor == "postgresql":
        try:
            connection.check_constraints()
        except IntegrityError as error:
            reason = str(error).partition("\n")[0]
            raise Different(
                _("The shop has rows that point at others that are missing: %(reason)s.") % {"reason": reason},
                fix=_("Bring it to SQLite, mend it there with manage.py doctor --fix, and try again."),
            ) from None
    return [(name, total.rows) for name, total in sums.items()]


def _spend_links() -> None:
    """Spend the sign-in links of before, which count by the time of the last sign-in (shopmcp/sign_in.py)."""
    get_user_model().objects.filter(is_staff=True).update(last_login=timezone.now())


def _drop_tables() -> None:
    """Drop the tables of the empty shop, all at once because they point at each other."""
    existing = set(connection.introspection.table_names())
    own = {*connection.introspection.django_table_names(only_existing=True), "django_migrations"} & existing
    if own:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {', '.join(map(connection.ops.quote_name, sorted(own)))}")


def _remove(file: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            Path(f"{file}{ending}").unlink()
