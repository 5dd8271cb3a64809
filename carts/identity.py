"""Which conversation is calling? The only code that knows how clients say so.

A call names its conversation by a `_meta` key, or proves with a `cart_id` that this server gave it one, or does neither
and is unkeyed. Ids are bearer secrets: only keyed digests of them leave this module, and public ids.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from django.conf import settings
from django.core import signing

from carts.digests import digests_of
from carts.models import SessionWarning
from carts.queries import SessionRow
from shopmcp.mcp.call import Call

# Where `shopmcp/mcp/jsonrpc.py` puts a `_meta` that came beside `params`.
OUTER = "shopmcp/outer"
# Marks the calls of `check_isolation`; signed, so that no client can hide from the statistics.
CHECK = "shopmcp/check"

_SALT = "shopmcp.check"
_MARK_HOLDS = 3600  # seconds
_ENVELOPE = "io.modelcontextprotocol/"
_MAX_ID = 256
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MOST_NAMES, _NAME_WIDTH = 20, 64


def places(call: Call) -> tuple[Mapping[str, Any], ...]:
    """Return every `_meta` that came with the call, the one inside `params` first."""
    outer = call.meta.get(OUTER)
    return (call.meta, outer) if isinstance(outer, Mapping) else (call.meta,)


def is_id(value: object) -> TypeGuard[str]:
    """Whether it can be an id: text of 1 to 256 characters without control characters or surrogates."""
    return isinstance(value, str) and 0 < len(value) <= _MAX_ID and _UNFIT.search(value) is None


def received(call: Call) -> list[str]:
    """Return the names of what came, never a value; clipped, at most 20."""
    own = (OUTER, CHECK)
    inner, *outer = places(call)
    names = [name for name in inner if name not in own and not name.startswith(_ENVELOPE)]
    names += (name for place in outer for name in place)
    return sorted({ascii(name)[1:-1][:_NAME_WIDTH] for name in names})[:_MOST_NAMES]


def check_mark() -> str:
    """Return what `check_isolation` sends so that its calls count nowhere; it holds for an hour."""
    return signing.dumps("check", salt=_SALT)


def is_check(mark: object) -> bool:
    """Whether it is such a mark."""
    if not isinstance(mark, str):
        return False
    try:
        return bool(signing.loads(mark, salt=_SALT, max_age=_MARK_HOLDS) == "check")
    except signing.BadSignature:
        return False


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

SUBJECT = "openai/subject"

BY_HANDLE = "cart_id"

UNKEYED = "default"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a call says about its conversation.

    `digests` and `subjects` hold one digest for each secret key, the current one first; they are empty where the call
    names no conversation, or no person. `with_subject` names the conversation and the person together.
    """

    source: str
    digests: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    with_subject: tuple[str, ...] = ()
    malformed: tuple[str, ...] = ()
    is_check: bool = False

    @property
    def keyed(self) -> bool:
        return bool(self.digests)

    @property
    def shares_cart(self) -> bool:
        """Whether, without a handle, its calls belong to the one session that all unkeyed chats share."""
        return settings.SHOPMCP_UNKEYED_CALLS == "shared" and not self.keyed

    @property
    def subject(self) -> str:
        """The person's digest under the current secret key; empty where none came."""
        return self.subjects[0] if self.subjects else ""

    def is_another(self, row: SessionRow) -> bool:
        """Whether the session belongs to another person than the one who is calling."""
        return bool(row.subject) and bool(self.subjects) and row.subject not in self.subjects


def identify(call: Call) -> Identity:
    """Read who is calling from what came with the call, without asking the database."""
    if isinstance(known := call.notes.identity, Identity):
        return known
    malformed: list[str] = []
    source = UNKEYED
    named: tuple[str, str] | None = None
    subject: str | None = None
    for place in places(call):
        for key in (*settings.SHOPMCP_SESSION_KEYS, *KEYS):
            if named is None and key in place:
                if is_id(value := place[key]):
                    named, source = (key, value), key
                else:
                    malformed.append(key)
        if subject is None and (value := place.get(SUBJECT)) is not None:
            if is_id(value):
                subject = value
            else:
                malformed.append(SUBJECT)
    identity = Identity(
        source,
        digests=digests_of("conversation", *named) if named else (),
        subjects=digests_of("subject", subject) if subject and named else (),
        with_subject=digests_of("conversation", *named, subject) if subject and named else (),
        malformed=tuple(malformed),
        is_check=is_check(call.meta.get(CHECK)),
    )
    call.notes.identity = identity
    if malformed:
        call.notes.warn(SessionWarning.Kind.MALFORMED.value)
    return identity


def shares_cart(call: Call) -> bool:
    """Whether it is one of the calls that all belong to one session."""
    return BY_HANDLE not in call.given and identify(call).shares_cart
