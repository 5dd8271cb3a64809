"""Which conversation is calling? The only code that knows how clients say so.

A call names its conversation by a `_meta` key or by a `cart_id` of this server; a call with neither is unkeyed. Ids are
bearer secrets: only their keyed digests leave this module.
"""

import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeGuard

from django.conf import settings
from django.core import signing

from carts.digests import CHATS, digests_of
from carts.queries import SessionRow
from carts.warning_kinds import WarningKind
from carts.widget_handles import PREFIX, Named, named_by
from shopmcp.mcp.call import Call

UNKEYED = "default"
BY_HANDLE = "cart_id"
SUBJECT = "openai/subject"
KEYS = (
    "openai/session",
    "vscode.conversationId",
    "ai.opencode/sessionID",
    "antigravity.google/conversation_id",
    "threadId",
    "sessionId",
    "conversationId",
    "session_id",
)
# Where `shopmcp/mcp/jsonrpc.py` puts a `_meta` that came beside `params`.
OUTER = "shopmcp/outer"
# Marks the calls of `check_isolation`. It is signed, so that no client can hide from the statistics.
CHECK = "shopmcp/check"

_SALT = "shopmcp.check"
MARK_HOLDS = 3600  # seconds
_ENVELOPE = "io.modelcontextprotocol/"
_MAX_ID = 256
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# What clients send whose code has no id at hand. Whoever sends it sends it for each chat.
_PLACEHOLDERS = frozenset(
    ("anonymous", "default", "false", "nan", "nil", "none", "null", "object object", "string", "true", "undefined",
     "unknown")
)  # fmt: skip
_AROUND = string.punctuation + string.whitespace
_MOST_NAMES, _NAME_WIDTH = 20, 64


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a call says about its conversation.

    `digests` name the conversation, `subjects` the person, and `with_subject` both together: one digest for each secret
    key, the current one first; none where the call names none. `malformed` are the keys whose value cannot be an id.
    `is_placeholder` says that the id is a text such as `null`, which other chats of the client send too.
    """

    source: str
    digests: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    with_subject: tuple[str, ...] = ()
    malformed: tuple[str, ...] = ()
    is_placeholder: bool = False
    is_check: bool = False
    # The call came with a widget handle and without an id.
    by_widget: bool = False
    # Its digests are those of an earlier secret key: they find a session, and begin none.
    is_outdated: bool = False

    @property
    def keyed(self) -> bool:
        return bool(self.digests)

    @property
    def shares_cart(self) -> bool:
        """Whether calls without a handle belong to the session that all unkeyed chats share."""
        return settings.SHOPMCP_UNKEYED_CALLS == "shared" and not self.keyed

    @property
    def can_meet(self) -> bool:
        """Whether other chats of the client have the same id, and no person is named who would tell them apart."""
        return self.is_placeholder and not self.subjects

    @property
    def subject(self) -> str:
        """The person's digest under the current secret key, or empty."""
        return self.subjects[0] if self.subjects else ""

    def is_another(self, row: SessionRow) -> bool:
        """Whether the session belongs to another person than the caller."""
        return bool(row.subject) and bool(self.subjects) and row.subject not in self.subjects


def check_mark() -> str:
    """Return the mark of the calls of `check_isolation`, which no statistics count; it holds for an hour."""
    return signing.dumps("check", salt=_SALT)


def received(call: Call) -> Sequence[str]:
    """Return the names of the `_meta` keys that came, clipped, at most 20; never their values."""
    inner, *outer = _places(call)
    return _clipped(tuple(inner), tuple(name for place in outer for name in place))


@lru_cache(maxsize=1024)
def _clipped(inner: tuple[str, ...], outer: tuple[str, ...]) -> tuple[str, ...]:
    """The names as they are shown: a client sends the same in every call."""
    names = [name for name in inner if name not in (OUTER, CHECK) and not name.startswith(_ENVELOPE)]
    return tuple(sorted({ascii(name)[1:-1][:_NAME_WIDTH] for name in (*names, *outer)})[:_MOST_NAMES])


def conversation_of(call: Call) -> Conversation:
    """Return what the call says about its conversation, read once; without a query."""
    if isinstance(known := call.notes.conversation, Conversation):
        return known
    malformed: list[str] = []
    named: tuple[str, str] | None = None
    subject: str | None = None
    for place in _places(call):
        if named is None:
            named = _first_id(place, malformed)
        if subject is None and (value := place.get(SUBJECT)) is not None:
            if _is_id(value):
                subject = value
            else:
                malformed.append(SUBJECT)
    conversation = _made(
        named,
        digests_of("conversation", *named) if named else (),
        digests_of("subject", subject) if subject and named else (),
        digests_of("conversation", *named, subject) if subject and named else (),
        tuple(malformed),
        _is_check(call.meta.get(CHECK)),
    )
    if named is None and (handle := _widget_handle(call)) is not None:
        conversation = replace(
            _named_by_widget(handle), malformed=conversation.malformed, is_check=conversation.is_check
        )
    call.notes.conversation = conversation
    if malformed:
        call.notes.warn(WarningKind.MALFORMED.value)
    if conversation.is_placeholder:
        # With a subject each person has a cart of their own.
        call.notes.warn((WarningKind.PLACEHOLDER if conversation.can_meet else WarningKind.SHARED).value)
    return conversation


def _first_id(place: Mapping[str, Any], malformed: list[str]) -> tuple[str, str] | None:
    """The first key that has an id, with it; keys before it whose value is none are added to `malformed`."""
    own = settings.SHOPMCP_SESSION_KEYS
    for key in (*own, *KEYS) if own else KEYS:
        if key in place:
            if _is_id(value := place[key]):
                return key, value
            malformed.append(key)
    return None


def _widget_handle(call: Call) -> Named | None:
    """What the widget handle says that the call came with; None without one that holds."""
    given = call.given.get(BY_HANDLE)
    if settings.SHOPMCP_UNKEYED_CALLS == "refuse" or not isinstance(given, str) or PREFIX not in given[:8]:
        return None
    handle = named_by(given)
    return None if handle is None or handle.has_expired else handle


def _named_by_widget(handle: Named) -> Conversation:
    return Conversation(
        source_at(handle.source),
        handle.digests,
        handle.subjects,
        handle.with_subject,
        is_placeholder=handle.is_placeholder,
        by_widget=True,
        is_outdated=not handle.is_current,
    )


def place_of(source: str) -> int:
    """Return the number that a widget handle has for the key that named its conversation; 0 for one of the shop's."""
    return KEYS.index(source) + 1 if source in KEYS else 0


def source_at(place: int) -> str:
    """Return the key that has this number, or what stands for one that has none."""
    return KEYS[place - 1] if 0 < place <= len(KEYS) else BY_HANDLE


# A conversation says the same of itself in every call.
@lru_cache(maxsize=CHATS)
def _made(
    named: tuple[str, str] | None,
    digests: tuple[str, ...],
    subjects: tuple[str, ...],
    with_subject: tuple[str, ...],
    malformed: tuple[str, ...],
    is_check: bool,
) -> Conversation:
    source, value = named or (UNKEYED, "")
    is_placeholder = named is not None and _is_placeholder(value)
    return Conversation(source, digests, subjects, with_subject, malformed, is_placeholder, is_check)


def shares_cart(call: Call) -> bool:
    """Whether the call belongs to the session that all unkeyed chats share."""
    return BY_HANDLE not in call.given and conversation_of(call).shares_cart


def is_told_apart(call: Call) -> bool:
    """Whether no other chat can make the same call in the same session."""
    conversation = conversation_of(call)
    return not conversation.can_meet if conversation.keyed else BY_HANDLE in call.given


def _places(call: Call) -> tuple[Mapping[str, Any], ...]:
    """Every `_meta` that came with the call, the one inside `params` first."""
    outer = call.meta.get(OUTER)
    return (call.meta, outer) if isinstance(outer, Mapping) else (call.meta,)


def _is_id(value: object) -> TypeGuard[str]:
    """Whether it is text of 1 to 256 characters without control characters and surrogates."""
    return isinstance(value, str) and 0 < len(value) <= _MAX_ID and _UNFIT.search(value) is None


def _is_placeholder(value: str) -> bool:
    """Whether the id is a word for nothing, or has nothing but zeros and punctuation."""
    bare = value.strip(_AROUND).casefold()
    return bare in _PLACEHOLDERS or not bare.strip("0-")


def _is_check(mark: object) -> bool:
    try:
        return isinstance(mark, str) and bool(signing.loads(mark, salt=_SALT, max_age=MARK_HOLDS))
    except signing.BadSignature:
        return False
