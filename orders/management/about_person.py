"""The base of the commands about one person, whom an e-mail address or a phone number names."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from offers.buyers import Buyer
from orders import people
from shopmcp.commands import ShopCommand, told_in_one_line


class PersonCommand(ShopCommand):
    def add_arguments(self, parser: ArgumentParser) -> None:
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--email", default="", metavar="E", help="the person's e-mail address")
        who.add_argument("--phone", default="", metavar="P", help="the person's phone number, however it is written")

    def handle(self, *args: Any, email: str, phone: str, **options: Any) -> str | None:
        """Find the person; tell refusals and faults in one line."""
        if not email.strip() and not phone.strip():
            raise CommandError(_("Give an e-mail address or a phone number."))
        with told_in_one_line():
            return self.about(people.person(email=email.strip(), phone=phone.strip()), **options)

    def about(self, who: Buyer, **options: Any) -> str | None:
        raise NotImplementedError
