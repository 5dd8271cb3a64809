from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from accounts.models import Scope
from accounts.services import create_key
from shopmcp.commands import ShopCommand
from shopmcp.env import parse_age
from shopmcp.errors import ShopError


class Command(ShopCommand):
    help = "Make a key for the JSON API. The key alone is written to standard output, and shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what the key is for, such as the script that will use it")
        parser.add_argument("--read-only", action="store_true", help="a key that can look and change nothing")
        parser.add_argument(
            "--scope",
            action="append",
            choices=Scope.values,
            default=[],
            help="what it opens; may be given several times. By default read, and catalogue unless it is read-only",
        )
        parser.add_argument("--expires", type=_age, metavar="AGE", help="how long it is good: 90m, 24h or 90d")

    def handle(
        self, *, name: str, read_only: bool, expires: timedelta | None, scope: list[str], **options: Any
    ) -> None:
        try:
            record, key = create_key(
                name, read_only=read_only, expires_in=expires, scopes=[Scope(one) for one in scope]
            )
        except ShopError as refusal:
            raise CommandError(refusal.text) from None
        self.stdout.write(key)
        # Beside the output, so that the key can be piped into a file.
        self.stderr.write(_("Keep the key now: it is not shown again. The admin lists keys and revokes them."))
        if record.expires_at:
            self.stderr.write(_("It is good until %(time)s UTC.") % {"time": f"{record.expires_at:%Y-%m-%d %H:%M}"})


def _age(text: str) -> timedelta:
    try:
        return parse_age(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None
