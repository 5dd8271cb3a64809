"""Outcomes of calls and names of clients, in words."""

import re

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from carts.call_log import OTHER_CLIENTS

CHATGPT, INSPECTOR = "ChatGPT", "MCP Inspector"
# The key by which a client names its conversations, as documented in November 2026.
SENDS = {
    CHATGPT: "openai/session",
    "VS Code": "vscode.conversationId",
    "Codex": "threadId",
    "OpenCode": "ai.opencode/sessionID",
    "Antigravity": "antigravity.google/conversation_id",
}
SENDS_NONE = ("Claude", "Cursor", "Goose", "Gemini CLI")
_CLIENTS = (
    (re.compile("^openai-mcp", re.I), CHATGPT),
    (re.compile("inspector", re.I), INSPECTOR),
    (re.compile("^claude", re.I), "Claude"),
    # It calls itself `cursor-vscode`.
    (re.compile("^cursor", re.I), "Cursor"),
    (re.compile("visual studio code|vscode", re.I), "VS Code"),
    (re.compile("^codex", re.I), "Codex"),
    (re.compile("^opencode", re.I), "OpenCode"),
    (re.compile("^antigravity", re.I), "Antigravity"),
    (re.compile("^goose", re.I), "Goose"),
    (re.compile("^gemini", re.I), "Gemini CLI"),
)
_OUTCOMES: dict[str, str | Promise] = {
    "ok": _("done"),
    "invalid_arguments": _("unclear request"),
    "not_found": _("no such product or version"),
    "ambiguous": _("several products fit"),
    "not_for_sale": _("cannot be bought"),
    "coupon_refused": _("the coupon cannot be used"),
    "cart_limit": _("more than a cart may hold"),
    "session_needed": _("no conversation id"),
    "unknown_cart": _("unknown cart_id"),
    "cart_expired": _("expired cart"),
    "request_id_reused": _("request_id used twice"),
    "request_limit": _("too many request_ids"),
    "busy": _("shop was busy"),
    "disk_full": _("disk was full"),
    "uncertain": _("may have been done"),
    "linked_elsewhere": _("chat of another account"),
    "wrong_state": _("came too late"),
    "internal_error": _("fault of the shop"),
}


# The name of each stage, and the tools whose calls reach it; a later stage includes the earlier ones. Stages outside of
# the chat have no call.
STAGES: dict[str, tuple[Promise, str]] = {
    "searched": (_("Searched"), "search_products,search,get_product,fetch,add_to_cart"),
    "viewed": (_("Viewed a product"), "get_product,fetch,add_to_cart"),
    "added": (_("Added to the cart"), "add_to_cart"),
    "handed_over": (_("Opened the cart in a browser"), ""),
    "left": (_("Went to the store's own checkout"), ""),
    "ordered": (_("Ordered"), ""),
}

# The states of carts whose value is added up.
CART_STATES: dict[str, Promise] = {"open": _("Open"), "abandoned": _("Abandoned"), "lost": _("Lost")}

# What a call of each tool does, as a row of the owner's lists says it.
_ACTIONS: dict[str, Promise] = {
    "list_stores": _("looked around"),
    "search_products": _("searched"),
    "search": _("searched"),
    "get_product": _("looked at"),
    "fetch": _("looked at"),
    "add_to_cart": _("added"),
    "update_cart_item": _("changed the quantity of"),
    "remove_from_cart": _("removed"),
    "view_cart": _("looked at the cart"),
    "clear_cart": _("emptied the cart"),
    "undo_cart_change": _("took a change back"),
    "apply_coupon": _("entered a coupon"),
    "get_checkout_link": _("asked for a link to the cart"),
    "resume_cart": _("went on with another cart"),
    "list_orders": _("asked about orders"),
    "link_account": _("linked an account"),
    "debug_session": _("tested the session"),
}


def action_text(tool: str) -> str:
    """Return what a call of that tool does, in words; the tool's name if there are none."""
    return str(_ACTIONS.get(tool, tool))


def outcome_text(code: str) -> str:
    """Return the outcome of a call in words, or its code if there are none."""
    return str(_OUTCOMES.get(code, code))


def client_pattern(name: str) -> str:
    """Return a regular expression for the names that clients send which pages show as this one; empty for none."""
    passed = ""
    for pattern, shown in _CLIENTS:
        if shown.casefold() == name.strip().casefold():
            own = pattern.pattern[1:] if pattern.pattern[0] == "^" else f".*({pattern.pattern})"
            return f"^{passed}{own}"
        # A name counts for the first that fits.
        passed += f"(?!{pattern.pattern[1:]})" if pattern.pattern[0] == "^" else f"(?!.*({pattern.pattern}))"
    return ""


def client_name(client: str) -> str:
    """Return the client's well-known name, or the name that it sends."""
    for pattern, name in _CLIENTS:
        if pattern.search(client):
            return name
    if client == OTHER_CLIENTS:
        return gettext("further clients")
    return client or gettext("unknown client")
