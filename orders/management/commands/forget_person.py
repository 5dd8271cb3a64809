"""`manage.py forget_person`: beside live traffic."""

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _

from offers.buyers import Buyer
from orders.management.about_person import PersonCommand
from orders.services.forgetting import forget


class Command(PersonCommand):
    help = "Forget a buyer: orders that are over keep their numbers, lines and sums. It cannot be undone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and change nothing")

    def about(self, who: Buyer, *, dry_run: bool = False, **options: Any) -> str:
        done = forget(who, dry_run=dry_run)
        # Without the contact: this line may be kept in a log.
        if done.is_nobody:
            return _("Nothing is kept about this person.")
        said = _(
            "Forgotten in %(orders)d orders, which keep their numbers; messages: %(messages)d, coupons: %(uses)d, "
            "reminders: %(reminders)d, accounts: %(accounts)d."
        )
        if dry_run:
            said = _(
                "Dry run, nothing was changed. To forget in %(orders)d orders, which keep their numbers; "
                "messages: %(messages)d, coupons: %(uses)d, reminders: %(reminders)d, accounts: %(accounts)d."
            )
        said %= {
            "orders": done.orders,
            "messages": done.messages,
            "uses": done.uses,
            "reminders": done.reminders,
            "accounts": done.accounts,
        }
        if not done.left:
            return said
        left = _("On their way, and forgotten by cleanup_sessions when they are done: %(numbers)s.")
        return f"{said} {left % {'numbers': ', '.join(done.left)}}"
