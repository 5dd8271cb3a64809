"""`manage.py copy_to DATABASE_URL`."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from pydantic import TypeAdapter, ValidationError

from catalog.management.commands.import_products import watched
from maintenance.copying import copy_to
from maintenance.management.base import MaintenanceCommand
from shopmcp.env import Database


class Command(MaintenanceCommand):
    help = "Copy the shop into an empty database of PostgreSQL, and compare. No server may run on either."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "database_url",
            nargs="?",
            metavar="DATABASE_URL",
            help="postgres://user:password@host:5432/name; other users of this machine can read it in the list of "
            "processes, unlike COPY_TO_URL in the environment, which is used without this",
        )

    def handle(self, *args: Any, database_url: str | None, **options: Any) -> None:
        target = _parsed(database_url) if database_url else settings.COPY_TO
        if not target:
            raise CommandError(_("Give the address of the new database, here or in COPY_TO_URL."))
        for name, rows in copy_to(target, watched):
            self.stdout.write(f"{name:<34}{rows:>10}")
        self.stdout.write(
            _("Copied and compared. Set DATABASE_URL to the new database and start the shop; keep SHOPMCP_DATA_DIR.")
        )


def _parsed(address: str) -> dict[str, Any]:
    try:
        return TypeAdapter(Database).validate_python(address)
    except ValidationError:
        raise CommandError(_("The address must be like postgres://user:password@host:5432/name.")) from None
