"""What answers of tools that open no session tell: browsing reads neither cart nor session.

They tell of lost answers and of what was done outside of the chat, which once is enough until the cart is read, and
the news that only one answer tells.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from carts import queries
from carts.conversation import BY_HANDLE, Conversation, conversation_of
from carts.news import ONCE, told, without
from carts.queries import UntoldRow
from carts.services import once
from carts.unanswered import read, told_of, without_once
from carts.untold import Chat, Untold, chat_and_person, known, remember, remember_told, was_told
from shopmcp.mcp.call import Call, Notices, nothing


def untold(call: Call, given: Mapping[str, Any]) -> Notices:
    """Return what an answer without a cart tells.

    Raises:
        WriteNeeded: If it tells something as the only answer, and the call may not write.
    """
    chat = chat_and_person(call, given.get(BY_HANDLE))
    if not chat.name:
        return nothing
    taken: Sequence[tuple[str, str]] = ()
    if (found := known(chat)) is None:
        found, taken = _read(call, chat.name)
        remember(chat, found)
    is_told = not any(found) or was_told(chat, found)
    if is_told and not taken:
        return nothing
    return partial(_tell, chat, Untold() if is_told else found, taken)


def _tell(chat: Chat, untold: Untold, taken: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    if any(untold):
        remember_told(chat, untold)
    return [*told_of(untold.lost), *told(untold.news), *taken]


def _read(call: Call, chat: str) -> tuple[Untold, Sequence[tuple[str, str]]]:
    """Return what the conversation was not told, and the news that the answer at hand tells as the only one."""
    conversation = conversation_of(call)
    row = next(_rows(conversation, chat), None)
    if row is not None and conversation.keyed and _is_of_another(conversation, row.subject):
        # This person has a session of their own.
        row = next(_found(conversation.with_subject), None)
    # A cart_id opens no session of a conversation that has an id.
    if row is None or not (conversation.keyed or row.digest is None):
        return Untold(), ()
    taken = once.take(call, row.id, row.news, row.unanswered)
    return Untold(without_once(read(row.unanswered)), without(row.news, ONCE)), taken


def _is_of_another(conversation: Conversation, subject: str) -> bool:
    return bool(subject) and bool(conversation.subjects) and subject not in conversation.subjects


def _rows(conversation: Conversation, chat: str) -> Iterator[UntoldRow]:
    if conversation.keyed:
        return _found(conversation.digests)
    row = queries.untold_by_public_id.first(public_id=chat)
    return iter([] if row is None else [UntoldRow._make(row)])


def _found(digests: Iterable[str]) -> Iterator[UntoldRow]:
    rows = (queries.untold_by_digest.first(digest=digest) for digest in digests)
    return (UntoldRow._make(row) for row in rows if row is not None)
