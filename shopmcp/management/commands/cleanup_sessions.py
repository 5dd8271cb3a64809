"""`manage.py cleanup_sessions`: for cron, beside live traffic."""

from argparse import ArgumentParser
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError
from django.db import DatabaseError
from django.utils.translation import gettext as _

from carts.services import cleanup
from orders.services import forgetting
from outbox import services as outbox
from shopmcp.commands import ShopCommand
from shopmcp.composition import BEFORE_CLEANUP
from shopmcp.env import parse_age


class Command(ShopCommand):
    help = "Delete the sessions that went quiet, old records of calls, and what else was kept for its time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--older-than",
            metavar="AGE",
            help="every session quiet for so long, such as 90m, 24h or 30d "
            "(default: as SHOPMCP_KEEP_CARTS and SHOPMCP_KEEP_EMPTY say)",
        )
        parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")

    def handle(self, *args: Any, older_than: str | None, dry_run: bool, **options: Any) -> str:
        try:
            if not dry_run:
                for prepare in BEFORE_CLEANUP:
                    prepare()
            done = cleanup.clean_up(older_than=_age(older_than), dry_run=dry_run)
            buyers = forgetting.forget_old(dry_run=dry_run)
            messages = outbox.clean_up(dry_run=dry_run)
        except DatabaseError as error:
            reason = " ".join(str(error).split())
            raise CommandError(
                _("The cleanup stopped because of the database: %(reason)s") % {"reason": reason}
            ) from None
        counts = asdict(done)
        said = _(
            "Sessions deleted: %(sessions)d (with items: %(with_items)d), records of calls: %(calls)d, "
            "stored answers: %(answers)d, tombstones: %(tombstones)d."
        )
        if dry_run:
            said = _(
                "Dry run, nothing was changed. Sessions to delete: %(sessions)d (with items: %(with_items)d), "
                "records of calls: %(calls)d, stored answers: %(answers)d, tombstones: %(tombstones)d."
            )
        also = _("Messages of the outbox: %(messages)d. Orders whose buyer is forgotten: %(buyers)d.") % {
            "messages": messages,
            "buyers": buyers,
        }
        return f"{said % counts} {also}"


def _age(text: str | None) -> timedelta | None:
    try:
        return None if text is None else parse_age(text)
    except ValueError:
        raise CommandError(
            _("--older-than is “%(text)s”; it must be an age such as 90m, 24h or 30d.") % {"text": text}
        ) from None
