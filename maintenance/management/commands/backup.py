"""`manage.py backup FILE`: for cron, beside live traffic."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from catalog.management.commands.import_products import watched
from maintenance.backing_up import back_up
from maintenance.management.base import MaintenanceCommand


class Command(MaintenanceCommand):
    help = "Write the whole shop into one file, beside live traffic. `restore` reads it, on SQLite and PostgreSQL."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="a new file, such as shop.backup")
        parser.add_argument("--without-key", action="store_true", help="leave the generated secret key out")

    def handle(self, *args: Any, file: Path, without_key: bool, **options: Any) -> str:
        manifest = back_up(file, with_key=not without_key, progress=watched)
        size = file.stat().st_size / 1_000_000
        return _("%(file)s: %(rows)d rows of %(tables)d tables, %(size).1f MB.") % {
            "file": file,
            "rows": manifest.rows,
            "tables": len(manifest.tables),
            "size": size,
        }
