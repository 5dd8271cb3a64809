"""Names and sentences of a signed-in shopper's pages."""

from typing import Final

from django.utils.translation import gettext

from carts.models import Session
from carts.services.sessions import ELSEWHERE

# What chat clients call themselves begins so, or holds this.
_KNOWN: Final = (
    ("openai", "ChatGPT"),
    ("chatgpt", "ChatGPT"),
    ("claude", "Claude"),
    ("vscode", "VS Code"),
    ("visual studio code", "VS Code"),
    ("gemini", "Gemini"),
    ("cursor", "Cursor"),
    ("copilot", "Copilot"),
)


def name_of(session: Session) -> str:
    """Return where a cart or a chat comes from, as shoppers know it."""
    if session.source == ELSEWHERE:
        return gettext("The shop's own page")
    told = f"{session.client} {session.source}".casefold()
    return next((name for sign, name in _KNOWN if sign in told), session.client or gettext("A chat"))
