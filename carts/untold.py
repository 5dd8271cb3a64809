"""Which conversations have nothing to be told: each process remembers them, so that a search costs no query more.

Only this process writes to a database on SQLite, as a rule (`serve` warns of more); on PostgreSQL each browsing call
asks.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from carts.conversation import BY_HANDLE, conversation_of
from carts.languages import chat_of
from carts.unanswered import Unanswered
from shopmcp.db.prepared import kept_connection
from shopmcp.mcp.call import Call

_MOST: Final = 50_000
# A conversation and its person: `chat_of`, and the person's digest.
Chat = tuple[str, str]
_known: dict[Chat, Sequence[Unanswered]] = {}
_told: dict[Chat, datetime] = {}


def chat_and_person(call: Call, cart_id: object) -> Chat:
    """Return what a conversation is remembered by; the first is empty for a call that other chats may share."""
    return chat_of(call, cart_id), conversation_of(call).subject


def known(chat: Chat) -> Sequence[Unanswered] | None:
    """Return the lost answers that were remembered; None if the database has to be asked."""
    return _known.get(chat) if (kept_connection() or connection).vendor == "sqlite" else None


def remember(chat: Chat, lost: Sequence[Unanswered]) -> None:
    """Remember the lost answers of a conversation; mostly there are none."""
    _remember(_known, chat, lost)


def was_told(chat: Chat, lost: Sequence[Unanswered]) -> bool:
    """Whether an answer without a cart has told the newest of them in this process."""
    return _told.get(chat) == lost[-1].at


def remember_told(chat: Chat, lost: Sequence[Unanswered]) -> None:
    """Remember that an answer without a cart tells them."""
    _remember(_told, chat, lost[-1].at)


def read_anew(call: Call) -> None:
    """Ask the database at the conversation's next call, because what it was not told is being written."""
    chat = chat_and_person(call, call.given.get(BY_HANDLE))
    _known.pop(chat, None)
    # A call before the commit would remember what was before.
    transaction.on_commit(lambda: _known.pop(chat, None))


def news_for(chat: str, person: str) -> None:
    """Ask the database at the next call of a session's conversation, because news are being written.

    Args:
        chat: The session's digest, or its public id where it has none.
        person: The digest of its person: a second person of a conversation is remembered under the first one's digest.
    """
    _forget(chat, person)
    transaction.on_commit(lambda: _forget(chat, person))


def forget() -> None:
    """Forget all of it; the database knows it."""
    _known.clear()
    _told.clear()


def _forget(chat: str, person: str) -> None:
    for known in list(_known):
        if known[0] == chat or (person and known[1] == person):
            _known.pop(known, None)


def _remember(memory: dict[Chat, Any], chat: Chat, value: Any) -> None:
    if len(memory) >= _MOST:
        for old in list(memory)[: _MOST // 2]:
            memory.pop(old, None)
    memory[chat] = value
