"""`manage.py sign_in_link`: sign in by having access to the shell."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from shopmcp.commands import ShopCommand
from shopmcp.errors import ShopError
from shopmcp.sign_in import link_for, staff_user


class Command(ShopCommand):
    help = "Print a sign-in link that works once, for ten minutes. Makes the user owner if there is no staff."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", nargs="?", help="the staff user (default: owner, or the only one)")

    def handle(self, *args: Any, username: str | None, **options: Any) -> str:
        try:
            user = staff_user(username)
        except ShopError as refusal:
            raise CommandError(refusal.text) from None
        return link_for(user, settings.PUBLIC_URL)
