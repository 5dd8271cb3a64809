"""What answers of tools that open no session tell: browsing reads neither cart nor session.

They tell of a lost answer, which once is enough until the cart is read, and the news that only one answer tells.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from carts import queries
from carts.conversation import BY_HANDLE, Conversation, conversation_of
from carts.queries import UntoldRow
from carts.services import once
from carts.unanswered import Unanswered, read, told_of, without_once
from carts.untold import Chat, chat_and_person, known, remember, remember_told, was_told
from shopmcp.mcp.call import Call, Notices, nothing


def untold(call: Call, given: Mapping[str, Any]) -> Notices:
    """Return what an answer without a cart tells.

    Raises:
        WriteNeeded: If it tells something as the only answer, and the call may not write.
    """
    chat = chat_and_person(call, given.get(BY_HANDLE))
    if not chat[0]:
        return nothing
    news: Sequence[tuple[str, str]] = ()
    if (lost := known(chat)) is None:
        lost, news = _read(call, chat[0])
        remember(chat, lost)
    if lost and was_told(chat, lost):
        lost = ()
    return partial(_tell, chat, lost, news) if lost or news else nothing


def _tell(chat: Chat, lost: Sequence[Unanswered], news: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    if lost:
        remember_told(chat, lost)
    return [*told_of(lost), *news]


def _read(call: Call, chat: str) -> tuple[Sequence[Unanswered], Sequence[tuple[str, str]]]:
    """Return the lost answers of the conversation, and the news that the answer at hand tells."""
    conversation = conversation_of(call)
    row = next(_rows(conversation, chat), None)
    if row is not None and conversation.keyed and _is_of_another(conversation, row.subject):
        # This person has a session of their own.
        row = next(_found(conversation.with_subject), None)
    # A cart_id opens no session of a conversation that has an id.
    if row is None or not (conversation.keyed or row.digest is None):
        return (), ()
    news = once.take(call, row.id, row.news, row.unanswered)
    return without_once(read(row.unanswered)), news


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
