"""Settings of a shop whose session code is broken on purpose, as `BROKEN` says."""

import os

from django.apps import AppConfig

from shopmcp.settings import *  # noqa: F403
from shopmcp.settings import INSTALLED_APPS as _ORDINARY


class BrokenConfig(AppConfig):
    name = "tests.carts.isolation_check.broken"
    label = "broken"

    def ready(self):
        from carts import call_log, caller, conversation
        from carts.conversation import UNKEYED, Conversation
        from carts.digests import digests_of, public_id_of
        from carts.services import sessions

        way_in = sessions.way_in

        def one_for_all(purpose, *parts):
            return ("x" * 43,)

        def blind(call):
            """The original system's fault: it looked for the id where there is none."""
            call.notes.conversation = Conversation(UNKEYED)
            return call.notes.conversation

        def handle_wins(caller):
            if caller.cart_id is not None and (public_id := public_id_of(caller.cart_id)) is not None:
                caller.cart_id = None
                return (), public_id
            return way_in(caller)

        def believing(cart_id):
            return f"s_{cart_id[5:21]}"

        def one_key(purpose, *parts):
            return digests_of(purpose, *parts[1:]) if purpose == "conversation" else digests_of(purpose, *parts)

        name, broken = {
            "one_for_all": ("digests_of", one_for_all),
            "one_key": ("digests_of", one_key),
            "blind": ("conversation_of", blind),
            "handle_wins": ("way_in", handle_wins),
            "believing": ("public_id_of", believing),
        }[os.environ["BROKEN"]]
        for module in (conversation, caller, sessions, call_log):
            if hasattr(module, name):
                setattr(module, name, broken)


INSTALLED_APPS = [*_ORDINARY, "tests.carts.isolation_check.broken.BrokenConfig"]
