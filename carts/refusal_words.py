"""The words of a refusal as the owner may read them: without anything that a shopper wrote or that is about one."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from shopmcp.errors import NotForSale

MOST: Final = 160
_HIDDEN: Final = "…"
# Quoted text, addresses of mail and of pages, and what looks like an id, an order's number or a phone number.
_PRIVATE: Final = re.compile(
    r"(?<=“)[^”]*(?=”)|(?<=„)[^“”]*(?=[“”])|(?<=\")[^\"]*(?=\")|(?<!\w)'[^']*'(?!\w)"
    r"|\S+@\S+|https?://\S+|\+?\d[\d ().-]{5,}\d|(?=[\w-]*\d)[\w-]{6,}"
)


def words_of_refusal(message: str, given: Mapping[str, Any], outcome: str) -> str:
    """Return the words, clipped, with `…` for what the call's arguments say and for what may name a person.

    The name of a product that is not for sale stays: it is the catalogue's.
    """
    if not message:
        return ""  # of a call that was not refused, as most
    if outcome != NotForSale.code:
        # The longest first: one may be a part of another.
        for text in sorted(_texts(given), key=len, reverse=True):
            message = re.sub(re.escape(text), _HIDDEN, message, flags=re.IGNORECASE)
        message = _PRIVATE.sub(_HIDDEN, message)
    return message if len(message) <= MOST else f"{message[: MOST - 1]}…"


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts in a JSON value that are longer than a letter, at most as many as a refusal may repeat."""
    if isinstance(value, str):
        if len(stripped := value.strip()) > 1:
            yield stripped[:MOST]
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value[:50]:
            yield from _texts(part)
