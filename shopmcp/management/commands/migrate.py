"""`manage.py migrate`, which makes the tables of a new database at once."""

from typing import Any

from django.core.management.commands import migrate
from django.db import connections
from django.utils.translation import gettext as _

from shopmcp.db.new_database import make_tables

# With these it does something else than to bring a database up to date.
_OTHER = ("app_label", "plan", "check_unapplied", "prune", "fake", "fake_initial")


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        ordinary = not any(options[name] for name in _OTHER)
        was_new = ordinary and make_tables(connections[options["database"]])
        if was_new and options["verbosity"] >= 1:
            self.stdout.write(_("The tables of a new shop were made at once."))
        # It also makes the permissions.
        super().handle(*args, **options)
