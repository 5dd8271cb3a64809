"""Copying a shop to PostgreSQL."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext as _

from catalog.search.rebuild import Progress
from maintenance.filling import fill, refuse_unless_empty, replaced_if_all_goes_well
from maintenance.snapshot import unchanging
from shopmcp.db.serving import alone
from shopmcp.errors import InvalidArguments, ShopError

_SOURCE = "source"


def copy_to(target: Mapping[str, Any], progress: Progress) -> list[tuple[str, int]]:
    """Copy the shop into an empty database of PostgreSQL; return the number of rows of each table, as compared.

    Args:
        target: The settings of that database. The shop's own is only read.

    Raises:
        InUse: If a server runs on one of the databases.
        InvalidArguments: If the target is not PostgreSQL.
        NotEmpty: If there is a shop already.
        Different: If a table does not hold what was read.
    """
    if "postgresql" not in target["ENGINE"]:
        raise InvalidArguments(
            _("A shop is copied to PostgreSQL."), fix=_("Name it like postgres://user:password@host:5432/name.")
        )
    with _other_default(target) as (source, new), alone(source), unchanging(source) as contents:
        if not contents.migrations:
            raise ShopError(_("There is no shop in the database."), fix=_("Look at DATABASE_URL and SHOPMCP_DATA_DIR."))
        with alone(new):
            refuse_unless_empty()
            with replaced_if_all_goes_well():
                return fill(contents, progress)


@contextmanager
def _other_default(settings: Mapping[str, Any]) -> Iterator[tuple[BaseDatabaseWrapper, BaseDatabaseWrapper]]:
    """Make another database the default one of this thread; yield the one of before and the other one.

    The shop's code, such as that of its search index, always uses the default one.
    """
    before = connections[DEFAULT_DB_ALIAS]
    options = {"connect_timeout": 5, **settings.get("OPTIONS", {})}
    connections.settings |= {
        _SOURCE: connections.settings[DEFAULT_DB_ALIAS],
        "target": {**settings, "OPTIONS": options},
    }
    connections.configure_settings(connections.settings)
    new = connections["target"]
    new.alias = DEFAULT_DB_ALIAS
    connections[DEFAULT_DB_ALIAS] = new
    try:
        yield connections[_SOURCE], new
    finally:
        for alias in (_SOURCE, "target"):
            connections[alias].close()
            del connections[alias], connections.settings[alias]
        connections[DEFAULT_DB_ALIAS] = before
