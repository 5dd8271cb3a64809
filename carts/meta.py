"""What comes in a call's `_meta`: where it stands, which names arrived, and the mark of a check."""

import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from django.core import signing

from shopmcp.server import Call

# A `_meta` beside `params`, where the edge puts it.
OUTER = "shopmcp/outer"
# Marks the calls of `check_isolation`; signed, so that nobody else can hide from the statistics.
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
