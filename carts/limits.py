"""How much one conversation and one network may do, so that strangers cannot fill the disk or stop others.

Calls of a conversation that the shop knows count for that conversation alone, never for its network: many chats share
an address. Everything else counts for the network.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from functools import partial
from math import ceil
from time import monotonic
from typing import Any, Final

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy, ngettext_lazy

from carts import queries
from carts.conversation import BY_HANDLE, Conversation, conversation_of
from carts.digests import public_id_of
from shopmcp import disk, metrics
from shopmcp.db.workers import lanes
from shopmcp.errors import DiskFull, TooMany
from shopmcp.mcp.call import Call
from shopmcp.throttle import Buckets, NetworkBuckets, Rate, times

# Calls from one network that belong to no known conversation: searches without an id above all.
_STRANGERS: Final = Rate(50, 3000)
_RECORDS: Final = Rate(1 / 60, 1000)
# When new sessions run short, this part is kept for networks that made few.
_KEPT: Final = 0.2
_KNOWN: Final = 50_000
_TELL_EVERY: Final = 60.0  # seconds
_ALL = "all"


def _share() -> Rate:
    """A network that makes more sessions than this is one of those that made most."""
    per_second, burst = settings.SHOPMCP_NEW_SESSIONS
    return Rate(per_second / 5, max(1, burst // 50))


def _records() -> Rate:
    """A chat makes about ten calls; twice as many for each new session are recorded, and no more."""
    return times(settings.SHOPMCP_NEW_SESSIONS, 20)


session_calls = Buckets("calls", lambda: settings.SHOPMCP_SESSION_CALLS)
strangers = NetworkBuckets("strangers", lambda: _STRANGERS)
new_sessions = Buckets("new", lambda: settings.SHOPMCP_NEW_SESSIONS)
# The networks of a site have one share.
new_of_network = NetworkBuckets("new-of-network", _share, larger=1)
new_unkeyed = NetworkBuckets("new-unkeyed", lambda: settings.SHOPMCP_NEW_UNKEYED)
records = Buckets("records", _records, is_shared=False)
records_of_session = Buckets("records-of-session", lambda: _RECORDS, is_shared=False)

# How often each limit refused something since the start.
hits: Counter[str] = Counter()
_known: dict[str, None] = {}
_told: dict[str, float] = {}

_CALLS = gettext_lazy("This conversation sends more calls than the shop answers.")
_STRANGE = gettext_lazy("Too many calls come from this network without a conversation that the shop knows.")
_NEW = gettext_lazy("The shop cannot start more carts right now: too many were started lately.")
_NEW_UNKEYED = gettext_lazy("Too many carts were started from this network by chats without a conversation id.")
_PASS = ngettext_lazy(
    "If an earlier answer gave a cart_id, pass it: then no new cart is needed. Else wait %(seconds)d second.",
    "If an earlier answer gave a cart_id, pass it: then no new cart is needed. Else wait %(seconds)d seconds.",
    "seconds",
)


async def admit(call: Call, given: Mapping[str, Any]) -> None:
    """Count a call before any work is done for it, and say whose turn its work takes.

    Raises:
        TooMany: If its conversation, or else its network, sent too many.
    """
    conversation = conversation_of(call)
    name: str | None = None
    if conversation.keyed:
        name = conversation.digests[0]
    elif isinstance(cart_id := given.get(BY_HANDLE), str):
        name = public_id_of(cart_id)
    if name is None or (conversation.keyed and name not in _known):
        # Ids can be made up without end, so those that the shop does not know share the turn of their network.
        call.caller = call.network
        await _admit_stranger(call, conversation)
    else:
        call.caller = name
    if name is not None and (wait := session_calls.take(name)):
        raise _refusal("calls", _CALLS, wait, call)


def admit_reading(call: Call) -> None:
    """Count a request that names no conversation at all, such as one for a resource, before any work is done for it.

    Raises:
        TooMany: If its network sent too many.
    """
    if wait := strangers.take(call.network):
        raise _refusal("strangers", _STRANGE, wait, call)


def _share_used(network: str) -> float:
    """Count a new session; return which part of its share the network, or its site, has used: 1 for more than it."""
    return 1.0 if new_of_network.take(network) else new_of_network.used(network)


async def _admit_stranger(call: Call, conversation: Conversation) -> None:
    if conversation.is_check or not (wait := strangers.take(call.network)):
        return
    # Only now the database is asked: the process may have started a moment ago and know nobody yet.
    if conversation.keyed and await lanes.run("read", partial(_has_session, conversation)):
        know(conversation)
        return
    raise _refusal("strangers", _STRANGE, wait, call)


def _has_session(conversation: Conversation) -> bool:
    return any(queries.session_by_digest.first(digest=digest) for digest in conversation.digests)


def know(conversation: Conversation) -> None:
    """Remember that the conversation has a session."""
    if conversation.keyed and (name := conversation.digests[0]) not in _known:
        if len(_known) >= _KNOWN:
            for old in list(_known)[: _KNOWN // 2]:
                _known.pop(old, None)
        _known[name] = None


def admit_session(conversation: Conversation, network: str, *, keyed: bool, call: Call | None = None) -> None:
    """Count a new session.

    Raises:
        TooMany: If too many are new, in all or from this network.
        DiskFull: If the disk has only space for the carts that there are.
    """
    if disk.is_low():
        metrics.limit_hit("disk")
        raise DiskFull(
            gettext("The shop's disk is nearly full, so it starts no new carts."),
            fix=gettext("Tell the shopper to try again later; the shop's owner must make room."),
            retry_after=60,
        )
    if conversation.is_check:
        return
    if not keyed and (wait := new_unkeyed.take(network)):
        raise _refusal("new_unkeyed", _NEW_UNKEYED, wait, call, _PASS)
    share = _share_used(network)
    left, (per_second, burst) = 1 - new_sessions.used(_ALL), new_sessions.rate
    if (lacking := _KEPT * share - left) > 0:
        raise _refusal("new_sessions", _NEW, max(1, ceil(lacking * burst / per_second)), call)
    if wait := new_sessions.take(_ALL):
        raise _refusal("new_sessions", _NEW, wait, call)


def is_recorded(session: str) -> bool:
    """Whether one more call is recorded; `session` names its conversation, or is empty."""
    return not (session and records_of_session.take(session)) and not records.take(_ALL)


def tell_again() -> None:
    """Write the next refusal of each limit into the log, whenever the last was."""
    _told.clear()


def _refusal(limit: str, message: Any, seconds: int, call: Call | None, fix: Any = "") -> TooMany:
    hits[limit] += 1
    metrics.limit_hit(limit)
    if (now := monotonic()) >= _told.get(limit, 0.0):
        _told[limit] = now + _TELL_EVERY
        logging.getLogger("shopmcp.limits").warning(
            "the limit %s refuses calls, %d since the start; the last from %s",
            limit,
            hits[limit],
            call.network if call else "the call log",
        )
    with translation.override((call and (call.spoken or call.language)) or settings.LANGUAGE_CODE):
        return TooMany(seconds, message=str(message), fix=str(fix % {"seconds": seconds}))
