"""`manage.py check_isolation`: does every chat of the running server have a cart of its own?"""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import CommandError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from carts.conversation import CHECK, check_mark, conversation_of
from carts.digests import digests_of, public_id_of
from carts.isolation_check.checks import verdicts
from carts.isolation_check.client import Server
from carts.models import Session
from carts.services import cleanup
from shopmcp.commands import ShopCommand
from shopmcp.errors import ShopError
from shopmcp.mcp.call import Call


class Command(ShopCommand):
    help = "Play several chats against the running server, and check that none sees another's cart."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--url", default=settings.PUBLIC_URL, help="the server's address (default: where the shop is reached)"
        )

    def handle(self, *args: Any, url: str, **options: Any) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise CommandError(_("--url must be an address such as http://127.0.0.1:8000."))
        server, started = Server(url, {CHECK: check_mark()}), timezone.now()
        total = failed = 0
        try:
            for passed, text in verdicts(server):
                total += 1
                failed += not passed
                style = self.style.SUCCESS if passed else self.style.ERROR
                self.stdout.write(style(f"{'✓' if passed else '✗'} {text}"))
        except ShopError as refusal:
            raise CommandError(refusal.text) from None
        finally:
            # Also after an error or Ctrl-C.
            removed = _remove_sessions(server, started)
        if server.ids and not removed:
            self.stderr.write(
                _("That server keeps its carts in another database: the check's sessions there expire by themselves.")
            )
        if failed:
            raise CommandError(
                _("%(failed)d of %(total)d checks failed: carts may not be safe from other chats.")
                % {"failed": failed, "total": total}
            )
        if server.policy == "shared":
            told = _("All %(total)d checks passed, but carts can meet: chats without a conversation id share one cart.")
        else:
            told = _("All %(total)d checks passed: no chat sees another's cart.")
        self.stdout.write(told % {"total": total})


def _remove_sessions(server: Server, started: datetime) -> int:
    """Delete the check's sessions and no others, even if the server mixed sessions up."""
    digests = [digest for key, value in server.ids for digest in conversation_of(Call("", {key: value})).digests]
    # A server that mixes sessions up stores other digests than those of the ids.
    server.ask_for_sessions()
    found = {public_id_of(cart_id) for cart_id in server.cart_ids}
    public_ids = [*server.sessions, *(public_id for public_id in found if public_id is not None)]
    # The shared session goes only if this check made it and no other call used it.
    made = Q(is_check=True) | Q(created_at__gte=started, carts=None)
    return cleanup.delete_sessions(
        Session.objects.filter(
            Q(digest__in=digests) | Q(Q(public_id__in=public_ids) | Q(digest__in=digests_of("shared")), made)
        ).distinct()
    )
