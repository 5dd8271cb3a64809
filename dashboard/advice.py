"""What to do about a sign, by rule: the kind of sign, the client that gave it, and the names it sent."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from carts.models import SessionWarning
from carts.sessions import KEYS, SUBJECT

Kind = SessionWarning.Kind
_LIKELY = re.compile("session|conversation|thread|chat", re.IGNORECASE)
_NAMES = (
    (re.compile("^openai-mcp", re.I), "ChatGPT"),
    (re.compile("inspector", re.I), "MCP Inspector"),
    (re.compile("^claude", re.I), "Claude"),
    (re.compile("visual studio code|vscode", re.I), "VS Code"),
    (re.compile("^codex", re.I), "Codex"),
    (re.compile("^cursor", re.I), "Cursor"),
)
CHATGPT, INSPECTOR = "ChatGPT", "MCP Inspector"


# The sign of a client that changes its id with every call has no kind of its own: see dashboard.isolation.
_ROTATING: tuple[tuple[Any, ...], str] = (
    (
        _("The key that is read names a request or a connection, not a conversation."),
        _("Compare two calls of one chat with debug_session: the session must be the same."),
        _("Take that key out of SHOPMCP_SESSION_KEYS, or report it to the client's maker."),
    ),
    "",
)
_BY_KIND: dict[str, tuple[tuple[Any, ...], str]] = {
    Kind.MALFORMED: (
        (
            _("Have the client send its conversation id as text of 1 to 256 characters."),
            _("Numbers, objects, empty or overlong text do not count as an id."),
        ),
        "",
    ),
    Kind.SUBJECT_CHANGED: (
        (
            _("Nothing is mixed up: each person has a cart of their own."),
            _("Tell the client's maker that one conversation id is used for several people."),
        ),
        "",
    ),
    Kind.FOREIGN_HANDLE: ((_("Nothing has to be done: the assistant was told to leave cart_id out."),), ""),
    Kind.EXPIRED_HANDLE: (
        (_("If customers should find their carts for longer, raise the time that carts are kept."),),
        "SHOPMCP_KEEP_CARTS=90d",
    ),
    Kind.UNKNOWN_HANDLE: (
        (
            _("If the secret key was changed, name the old one, so that its carts are found again."),
            _("Otherwise an assistant mistyped or invented a cart_id; it was told to use the one it got."),
        ),
        "SECRET_KEY_FALLBACKS=…",
    ),
}


@dataclass(frozen=True, slots=True)
class Advice:
    """Steps in words, in their order; `setting` is a line for `.env` where one helps."""

    steps: tuple[str, ...]
    setting: str = ""


def client_name(client: str) -> str:
    """The client as people call it, beside its own name for itself."""
    for pattern, name in _NAMES:
        if pattern.search(client):
            return name
    return client or gettext("unknown client")


def advice_for(kind: str, client: str, meta_keys: Sequence[str]) -> Advice:
    """Return what helps against this kind of sign from this client."""
    if kind == Kind.UNKEYED:
        return _unkeyed(client_name(client), meta_keys)
    steps, setting = _BY_KIND.get(kind, _ROTATING)
    return Advice(tuple(str(step) for step in steps), setting)


def _unkeyed(name: str, meta_keys: Sequence[str]) -> Advice:
    if name == CHATGPT:
        return Advice(
            (
                gettext("ChatGPT sends openai/session with every tool call; here it did not arrive."),
                gettext("Check that no proxy or tunnel before the shop rewrites requests and drops _meta."),
                gettext("In ChatGPT's settings, refresh the connector, then start a new chat."),
                gettext("Ask in that chat: call debug_session. It should name openai/session as its source."),
            )
        )
    if name == INSPECTOR:
        return Advice(
            (
                gettext("The MCP Inspector is a test tool and sends no conversation id by itself."),
                gettext("In its window, add metadata to the tool call: the key openai/session with any text."),
                gettext("On the command line, add: --tool-metadata openai/session=test-1"),
                gettext("If you only test with it, mute this client."),
            )
        )
    known = {*KEYS, *settings.SHOPMCP_SESSION_KEYS, SUBJECT}
    if likely := [key for key in meta_keys if _LIKELY.search(key) and key not in known]:
        return Advice(
            (
                gettext("This client sends %(key)s, which looks like a conversation id.") % {"key": likely[0]},
                gettext("Add the key to the settings and restart; carts that were begun stay as they are."),
                gettext("Then check that its value stays the same within one chat and differs between chats."),
            ),
            setting=f"SHOPMCP_SESSION_KEYS={','.join([*settings.SHOPMCP_SESSION_KEYS, likely[0]])}",
        )
    steps = [
        gettext("This client sends nothing that names a conversation."),
        gettext("If you can change it, have it send an id of the conversation in _meta, such as openai/session."),
    ]
    if settings.SHOPMCP_UNKEYED_CALLS == "isolate":
        steps.append(gettext("Until then the assistant must pass the cart_id that its first change was answered with."))
        return Advice(tuple(steps))
    steps.append(gettext("Until then, give each such chat a cart of its own."))
    return Advice(tuple(steps), setting="SHOPMCP_UNKEYED_CALLS=isolate")
