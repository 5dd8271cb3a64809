"""Widget handles: the `cart_id` by which the widget of an answer calls tools, where its host sends no id with them.

A handle names a conversation by the digests that sessions are found by, and proves itself. So making one costs no row
and no query, and its first write may begin the conversation's session. It holds for a day.
"""

from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from time import time
from typing import Final

from carts.digests import CHATS, opened, sealed

PREFIX: Final = "widget_"
_PURPOSE: Final = "widget"
_HOLDS: Final = 24 * 3600  # seconds
# Handles that are made within so many seconds are equal, so that most need not be made.
_STEP: Final = 600
_DIGEST: Final = 32  # bytes
_HEAD: Final = 6
_PLACEHOLDER, _WITH_SUBJECT = 0x80, 0x80
_LONGEST: Final = 400


@dataclass(frozen=True, slots=True)
class Named:
    """The conversation that a handle names.

    Attributes:
        source: The number of the key that named it (`carts.conversation`).
        digests, subjects, with_subject: As those of a `Conversation`.
        expires: In seconds since 1970.
        is_current: It was made with the current secret key.
    """

    source: int
    digests: tuple[str, ...]
    subjects: tuple[str, ...]
    with_subject: tuple[str, ...]
    is_placeholder: bool
    expires: int
    is_current: bool

    @property
    def has_expired(self) -> bool:
        return self.expires <= time()

    def is_of(self, digests: Sequence[str], subjects: Sequence[str]) -> bool:
        """Whether it names this conversation, and no other person in it."""
        is_same_person = not self.subjects or not subjects or bool(set(self.subjects) & set(subjects))
        return is_same_person and bool(set(self.digests) & set(digests))


def handle_of(
    source: int,
    digests: tuple[str, ...],
    subjects: tuple[str, ...],
    with_subject: tuple[str, ...],
    *,
    is_placeholder: bool,
) -> str:
    """Return a handle of a conversation, of about 80 characters, or 150 with a person."""
    expires = (int(time()) // _STEP + 1) * _STEP + _HOLDS
    return _made(source | (_PLACEHOLDER if is_placeholder else 0), (digests, subjects, with_subject), expires)


@lru_cache(maxsize=CHATS)
def _made(first: int, parts: tuple[tuple[str, ...], ...], expires: int) -> str:
    second = len(parts[0]) | (_WITH_SUBJECT if parts[1] else 0)
    head = bytes((first, second)) + expires.to_bytes(4)
    content = head + b"".join(urlsafe_b64decode(f"{digest}=") for part in parts for digest in part)
    return PREFIX + urlsafe_b64encode(sealed(_PURPOSE, content)).decode().rstrip("=")


def named_by(cart_id: str) -> Named | None:
    """Return what a handle names, also one that has expired; None for text that this server did not make."""
    text = cart_id.strip()
    if not text.startswith(PREFIX) or len(text) > _LONGEST:
        return None
    return _read(text.removeprefix(PREFIX))


def _read(text: str) -> Named | None:
    try:
        told = b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (Error, ValueError):
        return None
    if (found := opened(_PURPOSE, told)) is None:
        return None
    content, is_current = found
    first, second, size = content[0], content[1], content[1] & ~_WITH_SUBJECT
    digests = [
        urlsafe_b64encode(content[at : at + _DIGEST]).decode().rstrip("=") for at in range(_HEAD, len(content), _DIGEST)
    ]
    return Named(
        source=first & ~_PLACEHOLDER,
        digests=tuple(digests[:size]),
        subjects=tuple(digests[size : 2 * size]) if second & _WITH_SUBJECT else (),
        with_subject=tuple(digests[2 * size :]),
        is_placeholder=bool(first & _PLACEHOLDER),
        expires=int.from_bytes(content[2:_HEAD]),
        is_current=is_current,
    )
