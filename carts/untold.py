"""A lost answer, told by tools that open no session: browsing reads neither cart nor session.

Each process remembers which conversations have nothing to be told, so that a search costs no query more. Only this
process writes to a database on SQLite, as a rule (`serve` warns of more); on PostgreSQL each browsing call asks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.db import connection, transaction

from carts import queries
from carts.conversation import BY_HANDLE, Conversation, conversation_of
from carts.languages import chat_of
from carts.unanswered import Unanswered, read, told_of
from shopmcp.db.prepared import kept_connection
from shopmcp.mcp.call import Call, Notices, nothing

_MOST: Final = 50_000
# By conversation and person.
_Key = tuple[str, str]
_known: dict[_Key, Sequence[Unanswered]] = {}
_told: dict[_Key, datetime] = {}


def untold(call: Call, given: Mapping[str, Any]) -> Notices:
    """Return what an answer without a cart tells of a lost one; telling it once is enough until the cart is read."""
    key = _key(call, given.get(BY_HANDLE))
    if not key[0]:
        return nothing
    if key in _known and (kept_connection() or connection).vendor == "sqlite":
        lost = _known[key]
    else:
        lost = _read(conversation_of(call), key[0])
        _remember(_known, key, lost)
    return nothing if not lost or _told.get(key) == lost[-1].at else partial(_tell, key, lost)


def read_anew(call: Call) -> None:
    """Ask the database at the conversation's next call, because what it was not told is being written."""
    key = _key(call, call.given.get(BY_HANDLE))
    _known.pop(key, None)
    # A call before the commit would remember what was before.
    transaction.on_commit(lambda: _known.pop(key, None))


def forget() -> None:
    """Forget all of it; the database knows it."""
    _known.clear()
    _told.clear()


def _tell(key: _Key, lost: Sequence[Unanswered]) -> list[tuple[str, str]]:
    _remember(_told, key, lost[-1].at)
    return told_of(lost)


def _key(call: Call, cart_id: object) -> _Key:
    return chat_of(call, cart_id), conversation_of(call).subject


def _read(conversation: Conversation, chat: str) -> Sequence[Unanswered]:
    row = next(_rows(conversation, chat), None)
    if row is not None and conversation.keyed and _is_of_another(conversation, row[0]):
        # This person has a session of their own.
        row = next(_found(conversation.with_subject), None)
    if row is None:
        return ()
    # A cart_id opens no session of a conversation that has an id.
    return read(row[2]) if conversation.keyed or row[1] is None else ()


def _is_of_another(conversation: Conversation, subject: str) -> bool:
    return bool(subject) and bool(conversation.subjects) and subject not in conversation.subjects


def _rows(conversation: Conversation, chat: str) -> Iterator[tuple[Any, ...]]:
    """Subject, digest and lost answer of the session."""
    if conversation.keyed:
        return _found(conversation.digests)
    row = queries.unanswered_by_public_id.first(public_id=chat)
    return iter([] if row is None else [row])


def _found(digests: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    rows = (queries.unanswered_by_digest.first(digest=digest) for digest in digests)
    return (row for row in rows if row is not None)


def _remember(memory: dict[_Key, Any], key: _Key, value: Any) -> None:
    if len(memory) >= _MOST:
        for old in list(memory)[: _MOST // 2]:
            memory.pop(old, None)
    memory[key] = value
