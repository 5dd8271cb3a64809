"""`manage.py restore FILE`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from catalog.management.commands.import_products import watched
from maintenance.management.base import MaintenanceCommand
from maintenance.restoring import restore


class Command(MaintenanceCommand):
    help = "Put the shop of a backup into an empty database, while no server runs on it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="what `backup` wrote")
        parser.add_argument(
            "--without-key",
            action="store_true",
            help="restore although the shop's secret key is lost: its carts can then not be opened again",
        )

    def handle(self, *args: Any, file: Path, without_key: bool, **options: Any) -> None:
        done = restore(file, without_key=without_key, progress=watched)
        manifest = done.manifest
        said = _("Restored %(rows)d rows of %(tables)d tables, as they were at %(time)s UTC.")
        when = f"{manifest.made_at:%Y-%m-%d %H:%M:%S}"
        self.stdout.write(said % {"rows": manifest.rows, "tables": len(manifest.tables), "time": when})
        if done.key_written:
            self.stdout.write(_("The shop's secret key is in the data folder again."))
        if done.former_keys:
            said = _("Former keys that are not set here: %(count)d. Set them in SECRET_KEY_FALLBACKS.")
            self.stdout.write(said % {"count": done.former_keys})
        if done.forgotten:
            said = _("Orders whose buyer had been forgotten, and is again: %(count)d.")
            self.stdout.write(said % {"count": done.forgotten})
        if done.parked:
            said = _(
                "Messages that waited in the backup: %(count)d. They may have been delivered since, so they are not "
                "sent. To send them, choose them on the dashboard's page Messages, under Given up."
            )
            self.stdout.write(said % {"count": done.parked})
        self.stdout.write(
            _(
                "Staff must sign in again. API keys that were revoked since the backup are valid again: look at the "
                "dashboard's page Keys."
            )
        )
