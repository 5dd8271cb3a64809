"""Checks of the database itself, its files and the secret key."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, models, transaction
from django.db.models import Exists, Max, OuterRef
from django.db.models.query import QuerySet
from django.utils.translation import gettext as _

from maintenance.checks.finding import Finding, named
from maintenance.tables import DERIVED, Table, tables_of
from shopmcp import data_dir

_AT_ONCE = 500
# Its only row is always made with the key 1.
_SINGLE = frozenset({"analytics.checkpoint"})


def damaged_file() -> Iterator[Finding]:
    """Pages or indexes of SQLite's file that cannot be right."""
    if connection.vendor != "sqlite":
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check")
            faults = [str(row[0]) for row in cursor.fetchall()]
    except DatabaseError as error:  # damaged so badly that SQLite stops looking
        faults = [str(error)]
    # A value that breaks a rule is no damage of the file: the other checks tell what it means.
    if faults := [fault for fault in faults if fault != "ok" and not fault.startswith("CHECK constraint failed")]:
        yield Finding(
            "damaged_file",
            _("The database file is damaged: %(faults)s.") % {"faults": named(faults)},
            _("Stop the shop, move the file away and restore the newest backup. Then look at the disk."),
        )


def orphans() -> Iterator[Finding]:
    """Rows that point at rows that are missing."""
    for table in tables_of(apps):
        for field in table.fields:
            if isinstance(field, models.ForeignKey) and table.name not in DERIVED:
                yield from _orphans_of(table, field)


def _orphans_of(table: Table, field: "models.ForeignKey[Any, Any]") -> Iterator[Finding]:
    target = field.target_field
    there: QuerySet[Any, Any] = QuerySet(target.model).filter(**{target.attname: OuterRef(field.attname)})
    pointing: QuerySet[Any, Any] = QuerySet(table.model).filter(**{f"{field.attname}__isnull": False})
    lost = pointing.exclude(Exists(there))
    if not (keys := list(lost.order_by("pk").values_list("pk", flat=True))):
        return
    keep = field.null

    def mend() -> None:
        for n in range(0, len(keys), _AT_ONCE):
            with transaction.atomic():
                found = lost.filter(pk__in=keys[n : n + _AT_ONCE])
                found.update(**{field.attname: None}) if keep else found.delete()

    yield Finding(
        "orphans",
        _("Rows of %(table)s point at rows of %(target)s that are missing: %(keys)s.")
        % {"table": table.name, "target": target.model._meta.label_lower, "keys": named(keys)},
        _("Mending clears the pointer.") if keep else _("Mending deletes these rows, and what belongs to them."),
        mend,
    )


def keys_behind() -> Iterator[Finding]:
    """Tables whose next row would get the key of an existing one; SQLite looks at the rows itself."""
    if connection.vendor != "postgresql":
        return
    for table in tables_of(apps):
        if not table.numbered or table.name in _SINGLE:
            continue
        highest = QuerySet(table.model).aggregate(highest=Max("pk"))["highest"]
        if highest and table.last_key(connection) < highest:
            yield Finding(
                "keys_behind",
                _("New rows of %(table)s would get keys that are taken, so writing fails.") % {"table": table.name},
                _("Mending lets the database count on from the highest key."),
                lambda table=table, highest=highest: table.go_on_after(highest),  # type: ignore[misc]
            )


def readable_files() -> Iterator[Finding]:
    """Files that other users of the machine can open."""
    files = data_dir.exposed(settings.DATA_DIR, connection.settings_dict)
    if files:
        yield Finding(
            "readable_files",
            _("Other users of this machine can open %(files)s.") % {"files": named(files)},
            _("Mending lets their owner alone open them."),
            lambda: [data_dir.close_to_others(file) for file in files],
        )


def another_key() -> Iterator[Finding]:
    """A generated key that is not in use, although carts may have been made with it."""
    kept = data_dir.kept_key(settings.KEY_FILE)
    if kept and kept not in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        yield Finding(
            "another_key",
            _("SECRET_KEY is set, and %(file)s holds another key.") % {"file": settings.KEY_FILE},
            _(
                "Carts that were made with that key open only if SECRET_KEY_FALLBACKS holds it too. If there are none, "
                "delete the file."
            ),
        )


CHECKS = (orphans, keys_behind, readable_files, another_key)
