"""The shop as one moment has it, read beside live traffic without holding anybody up."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from maintenance.tables import Table, tables_of
from shopmcp.errors import ShopError

# App and name of a migration.
Migration = tuple[str, str]


class Unknown(ShopError):
    """A database or backup that this version of the shop does not know."""

    code = "unknown_version"


class Snapshot:
    """A shop in a database. Read it inside `unchanging`."""

    def __init__(self, database: BaseDatabaseWrapper) -> None:
        self.database = database
        self._loader = MigrationLoader(database)

    @cached_property
    def migrations(self) -> list[Migration]:
        """Those that were applied; empty where there is no shop.

        Raises:
            Unknown: If one of them is not known.
        """
        applied = sorted((app, name) for app, name in self._loader.applied_migrations)
        refuse_unknown(self._loader, applied, _("the database"))
        return applied

    @property
    def is_current(self) -> bool:
        """Whether it has every migration of this version."""
        return not {key for key in self._loader.graph.leaf_nodes() if key not in self._loader.applied_migrations}

    @cached_property
    def tables(self) -> list[Table]:
        return tables_at(self._loader, self.migrations)

    def lines(self, table: Table) -> Iterator[bytes]:
        return table.lines(self.database)

    def last_key(self, table: Table) -> int:
        return table.last_key(self.database)


@contextmanager
def unchanging(database: BaseDatabaseWrapper) -> Iterator[Snapshot]:
    """Read the shop in one transaction that takes no lock; inside another transaction, read in that one."""
    if database.in_atomic_block:
        yield Snapshot(database)
    elif database.vendor == "sqlite":
        with database.cursor() as cursor:
            # `atomic` would take the write lock: see `transaction_mode` in the settings.
            cursor.execute("BEGIN DEFERRED")
            try:
                yield Snapshot(database)
            finally:
                cursor.execute("ROLLBACK")
    else:
        with database.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            try:
                take_time(database)
                yield Snapshot(database)
            finally:
                cursor.execute("ROLLBACK")


def take_time(database: BaseDatabaseWrapper) -> None:
    """Lift the time limits on statements until the transaction ends: large tables need longer than a call may take."""
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
                cursor.execute(f"SET LOCAL {limit} = 0")


def refuse_unknown(loader: MigrationLoader, applied: Sequence[Migration], where: str) -> None:
    """Refuse what a newer version of the shop has made.

    Raises:
        Unknown: If a migration is not known here.
    """
    for app, name in applied:
        if (app, name) not in loader.graph.nodes:
            raise Unknown(
                _("A newer version of the shop made %(where)s: the migration %(app)s.%(name)s is not known here.")
                % {"where": where, "app": app, "name": name},
                fix=_("Update the shop first."),
            )


def newest_of(loader: MigrationLoader, applied: Sequence[Migration]) -> list[Migration]:
    """Return the migrations to which an empty database must be migrated to have exactly these."""
    known = set(applied)

    def newest(key: Migration) -> bool:
        later = loader.graph.node_map[key].children
        return not any(child.key in known and child.key[0] == key[0] for child in later)

    return list(filter(newest, applied))


def tables_at(loader: MigrationLoader, applied: Sequence[Migration]) -> list[Table]:
    """Return the tables as these migrations leave them."""
    return tables_of(loader.project_state(newest_of(loader, applied)).apps) if applied else []
