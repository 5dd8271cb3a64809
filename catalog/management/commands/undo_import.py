"""`manage.py undo_import STORE`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from catalog.imports.publishing import undo_last_import
from shopmcp.commands import ShopCommand
from shopmcp.errors import ShopError


class Command(ShopCommand):
    help = "Undo the last import of a store: chats see at once what was there before it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("store", metavar="STORE", help="the store's slug")

    def handle(self, *args: Any, store: str, **options: Any) -> str:
        try:
            run = undo_last_import(store)
        except ShopError as refusal:
            raise CommandError(f"{refusal.text} {_('Nothing was changed.')}") from None
        return _(
            "%(store)s: the import of %(time)s UTC from %(source)s is undone. It had created %(created)d, changed "
            "%(changed)d and withdrawn %(withdrawn)d. To publish it again, import it once more; an address needs "
            "--force."
        ) % {
            "store": store,
            "time": f"{run.started_at:%Y-%m-%d %H:%M}",
            "source": run.source,
            "created": run.created,
            "changed": run.changed,
            "withdrawn": run.withdrawn,
        }
