"""A look at a cart that was shown before: one row tells that nothing has changed since.

What `view_cart` answers a conversation that has an id depends on the row of its session (`carts.queries.SessionRow`),
which holds the version of the cart and the token of the catalogue, on the language, and on nothing else: as long as its
lines may be remembered (`carts.memory`) and there is nothing to tell beside them. So the row is read, and as long as it
is the same as when the answer was made, the answer is the same too. Nothing else of a look is done again: no arguments,
no cart in memory, no text.

Where the row differs, the look goes the usual way with the row that was read. `SHOPMCP_CACHE=off` has all looks go
there; a test compares the answers.
"""

from threading import Lock
from typing import Any, Final, NamedTuple

from django.conf import settings

from carts import limits, queries
from carts.caller import Caller
from carts.conversation import Conversation, conversation_of
from carts.languages import remembered
from carts.queries import SessionRow
from shopmcp.mcp.call import Answer, Call, nothing

# Conversations, of which each takes some kB: those that go on at one time, so that the memory is level after minutes.
MOST: Final = 1_000


class _Look(NamedTuple):
    conversation: Conversation
    # As the database driver returned it, and as it was read.
    told: tuple[Any, ...]
    row: SessionRow
    spoken: str
    text: str
    data: Any


# By the digest of the conversation; the oldest first.
_looks: dict[str, _Look] = {}
_lock = Lock()


def again(call: Call) -> Answer[Any] | None:
    """Return the answer to a look without arguments, if it is that of an earlier one; one query, and None if not."""
    conversation = conversation_of(call)
    if not conversation.keyed or call.person is not None or not settings.SHOPMCP_CACHE:
        return None
    call.notes.row = None  # this may be the second attempt
    known = _looks.get(conversation.digests[0])
    if known is None or known.conversation != conversation:
        return None
    rows = queries.session_by_digest.unread(digest=conversation.digests[0])
    if not rows or rows[0] != known.told:
        # The next look is remembered anew; this one need not read the row once more.
        call.notes.row = rows[0] if rows else None
        return None
    row, notes = known.row, call.notes
    language = call.language or row.language or remembered(call, None)
    if (language or row.store_language) != known.spoken:
        notes.row = rows[0]
        return None
    notes.source, notes.session = conversation.source, row.id
    call.language, call.spoken, call.remark, call.untold = language, known.spoken, "", nothing
    limits.know(conversation)
    return Answer(known.text, known.data)


def row_of(caller: Caller, digest: str) -> SessionRow | None:
    """Return the session that has this digest, with its open cart: the row that `again` has read, if it has."""
    notes = caller.call.notes
    caller.told, notes.row = notes.row or next(iter(queries.session_by_digest.unread(digest=digest)), None), None
    return None if caller.told is None else SessionRow._make(queries.session_by_digest.read(caller.told))


def keep(caller: Caller, answer: Answer[Any]) -> None:
    """Remember what a look showed that had nothing to tell beside lines that may be remembered."""
    conversation, call, told = caller.conversation, caller.call, caller.told
    if told is None or not (conversation.keyed and settings.SHOPMCP_CACHE):
        return
    row = SessionRow._make(queries.session_by_digest.read(told))
    is_anybodys = call.person is None and not row.sees_person and caller.cart_id is None
    has_news = row.news or row.unanswered is not None or call.notes.warnings
    if row.digest != conversation.digests[0] or not is_anybodys or has_news:
        return
    with _lock:
        _looks.pop(row.digest, None)
        while len(_looks) >= MOST:
            del _looks[next(iter(_looks))]
        _looks[row.digest] = _Look(conversation, told, row, call.spoken, answer.text, answer.data)


def size() -> int:
    """Return how many looks are remembered."""
    return len(_looks)


def forget() -> None:
    """Forget all of them; the database knows what they showed."""
    with _lock:
        _looks.clear()
