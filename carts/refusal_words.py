"""The words of a refusal as the owner may read them: without anything that a shopper wrote or that is about one."""

import re
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any, Final

from catalog.language.text import clean
from shopmcp.errors import NotForSale

MOST: Final = 160
# A refusal may repeat only the beginning of a long text; this many letters of it tell that it does.
_HEAD: Final = 20
_HIDDEN: Final = "…"
# Of a longer message only so much is looked at: it may repeat fifty texts.
_LOOKED_AT: Final = 3 * MOST
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
        is_clipped = len(message) > _LOOKED_AT
        message = message[:_LOOKED_AT]
        folded = message.casefold()
        # The longest first: one may be a part of another.
        for text in sorted(_texts(given), key=len, reverse=True):
            if text[:_HEAD].casefold() in folded:
                message = _without(message, text)
        message = _PRIVATE.sub(_HIDDEN, message)
        if is_clipped:
            # The beginning of a text, too short to be found, may stand at the end.
            message = f"{message[:-_HEAD]}…"
    return message if len(message) <= MOST else f"{message[: MOST - 1]}…"


def _without(message: str, text: str) -> str:
    """Return the message with `…` for the text, also where only its beginning is repeated."""
    kept, at = list[str](), 0
    for found in re.finditer(re.escape(text[:_HEAD]), message, re.IGNORECASE):
        if found.start() < at:
            continue
        rest = zip(text[_HEAD:].casefold(), message[found.end() :].casefold(), strict=False)
        kept += [message[at : found.start()], _HIDDEN]
        at = found.end() + sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], rest))
    return "".join([*kept, message[at:]])


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts in a JSON value that are longer than a letter, as they came and as refusals repeat them."""
    if isinstance(value, str):
        yield from {text for text in (value.strip()[:MOST], clean(value, MOST)) if len(text) > 1}
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value[:50]:
            yield from _texts(part)
