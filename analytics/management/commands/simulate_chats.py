"""`manage.py simulate_chats N`: play chats of several clients at once over HTTP, for demos and tests."""

from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from analytics.simulated_shopper import order
from carts.isolation_check.client import Server
from shopmcp.errors import ShopError

# The client and the key of its conversation id; None if it sends none.
_CLIENTS = (
    ("openai-mcp", "openai/session"),
    ("codex", "threadId"),
    ("openai-mcp", "openai/session"),
    ("Visual Studio Code", "vscode.conversationId"),
    ("mcp-inspector", None),
)
_REVISIONS = ("2026-07-28", "2025-11-25")
_AT_ONCE = 8
# Fruitless searches appear in the analytics too.
_ABSENT = "unobtainium"


class Command(BaseCommand):
    help = "Play chats that search, look, fill carts and order some of them, against the running server."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("chats", type=int, help="how many; one in five names no conversation")
        parser.add_argument(
            "--url", default=settings.PUBLIC_URL, help="the server's address (default: where the shop is reached)"
        )

    def handle(self, *args: Any, chats: int, url: str, **options: Any) -> str:
        if chats < 1:
            raise CommandError(_("At least one chat is needed."))
        if urlsplit(url).scheme not in ("http", "https"):
            raise CommandError(_("--url must be an address such as http://127.0.0.1:8000."))
        try:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                played = list(pool.map(lambda number: _play(url, number), range(chats)))
        except ShopError as refusal:
            raise CommandError(refusal.text) from None
        return _("Played %(chats)d chats with %(calls)d calls; test orders: %(orders)d.") % {
            "chats": chats,
            "calls": sum(calls for calls, _ordered in played),
            "orders": sum(ordered for _calls, ordered in played),
        }


def _play(url: str, number: int) -> tuple[int, bool]:
    """Play one chat; return the number of its calls, and whether its cart was ordered on its page.

    Its number decides on client and course.
    """
    client, key = _CLIENTS[number % len(_CLIENTS)]
    chat = Server(url, {}, client=client).chat(_REVISIONS[number % len(_REVISIONS)], key, uuid4().hex)
    dice = Random(number)
    found = chat.call("search_products", limit=20).data.get("products") or []
    calls = 1
    if number % 7 == 6:
        chat.call("search_products", query=_ABSENT)
        calls += 1
    handle: dict[str, str] = {}
    for product in dice.sample(found, min(len(found), number % 4)):
        chat.call("get_product", product_id=product["product_id"])
        reply = chat.call("add_to_cart", product_id=product["product_id"], quantity=dice.randint(1, 3), **handle)
        # A chat without a conversation id passes the cart_id that it was given.
        handle = {"cart_id": reply.cart_id} if key is None and reply.cart_id else {}
        calls += 2
    chat.call("view_cart", **handle)
    calls += 1
    if number % 4 == 0 or number % 3 == 2:
        return calls, False
    link = chat.call("get_checkout_link", **handle).data.get("url")
    return calls + 1, bool(link) and order(url.rstrip("/").removesuffix("/mcp"), str(link), number)
