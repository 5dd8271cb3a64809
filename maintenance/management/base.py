"""The base of the commands about the whole shop, which also run on a database of another version."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils.translation import gettext as _

from shopmcp.commands import unusable
from shopmcp.errors import ShopError


class MaintenanceCommand(BaseCommand):
    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run; tell refusals, a database that fails, and files that cannot be used in one line."""
        try:
            return super().execute(*args, **options)
        except ShopError as refusal:
            raise CommandError(f"{refusal.message} {refusal.fix}".strip()) from None
        except DatabaseError as error:
            raise unusable(error) from None
        except OSError as error:
            raise CommandError(
                _("%(file)s cannot be used: %(reason)s.") % {"file": error.filename or "", "reason": error.strerror}
            ) from None
