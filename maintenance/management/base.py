"""The base of the commands about the whole shop, which also run on a database of another version."""

from typing import Any

from django.core.management.base import BaseCommand

from shopmcp.commands import told_in_one_line


class MaintenanceCommand(BaseCommand):
    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run; tell refusals, a database that fails, and files that cannot be used in one line."""
        with told_in_one_line():
            return super().execute(*args, **options)
