"""Which conversations have nothing to be told: each process remembers them, so that a search costs no query more.

Only this process writes to a database on SQLite, as a rule (`serve` warns of more); on PostgreSQL each browsing call
asks.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.db import connection, transaction

from carts.conversation import BY_HANDLE, conversation_of
from carts.languages import chat_of
from carts.unanswered import Unanswered
from shopmcp.db.prepared import kept_connection
from shopmcp.mcp.call import Call

_MOST: Final = 10_000


class Chat(NamedTuple):
    """What a conversation is remembered by.

    Attributes:
        name: As `chat_of` has it; empty for a call that other chats may share.
        own: The same for its person alone: a second person of a conversation has a session of their own.
    """

    name: str
    own: str


class Untold(NamedTuple):
    """What a conversation was not told: answers that were lost, and its news, as `Session.news` has them."""

    lost: Sequence[Unanswered] = ()
    news: str = ""

    @property
    def mark(self) -> tuple[datetime | None, str]:
        """What tells it from what there was to be told before."""
        return (self.lost[-1].at if self.lost else None, self.news)


# By `Chat.own`, and which of these belong to a `Chat.name`.
_known: dict[str, Untold] = {}
_persons: dict[str, set[str]] = {}
# The marks of what an answer without a cart has told, by `Chat.own`.
_told: dict[str, tuple[datetime | None, str]] = {}


def chat_and_person(call: Call, cart_id: object) -> Chat:
    """Return what a conversation is remembered by."""
    name, with_person = chat_of(call, cart_id), conversation_of(call).with_subject
    return Chat(name, with_person[0] if name and with_person else name)


def known(chat: Chat) -> Untold | None:
    """Return what was remembered; None if the database has to be asked."""
    return _known.get(chat.own) if (kept_connection() or connection).vendor == "sqlite" else None


def remember(chat: Chat, untold: Untold) -> None:
    """Remember what a conversation was not told; mostly that is nothing."""
    if len(_known) >= _MOST:
        _known.clear()
        _persons.clear()
    _known[chat.own] = untold
    if chat.own != chat.name:
        _persons.setdefault(chat.name, set()).add(chat.own)


def was_told(chat: Chat, untold: Untold) -> bool:
    """Whether an answer without a cart has told it in this process."""
    return _told.get(chat.own) == untold.mark


def remember_told(chat: Chat, untold: Untold) -> None:
    """Remember that an answer without a cart tells it."""
    if len(_told) >= _MOST:
        _told.clear()
    _told[chat.own] = untold.mark


def read_anew(call: Call) -> None:
    """Ask the database at the conversation's next call, because what it was not told is being written."""
    news_for(chat_and_person(call, call.given.get(BY_HANDLE)).name)


def news_for(chat: str) -> None:
    """Ask the database at the next call of a session's conversation, because what it is to be told is being written.

    Args:
        chat: The session's digest, or its public id where it has none.
    """
    _forget(chat)
    # A call before the commit would remember what was before.
    transaction.on_commit(lambda: _forget(chat))


def forget() -> None:
    """Forget all of it; the database knows it."""
    _known.clear()
    _persons.clear()
    _told.clear()


def _forget(chat: str) -> None:
    for own in (chat, *_persons.pop(chat, ())):
        _known.pop(own, None)
