"""In which language a conversation is answered, once its first search has settled it.

The session's row keeps the language. It is written with the record of the search, up to a second later, and a search
does not read the row; so each process remembers what it has seen.
"""

from collections.abc import Mapping
from typing import Any, Final

from carts import queries
from carts.conversation import BY_HANDLE, conversation_of
from carts.digests import public_id_of
from shopmcp.mcp.call import Call

_MOST: Final = 10_000
_settled: dict[str, str] = {}


def settled(call: Call, given: Mapping[str, Any]) -> str | None:
    """Return the language that this conversation's first search settled; None before it. One query if not remembered.

    Notes which conversation the call's own search would settle.
    """
    call.notes.chat = chat_of(call, given.get(BY_HANDLE))
    if not (chat := call.notes.chat):
        return None
    if chat in _settled:
        return _settled[chat]
    conversation = conversation_of(call)
    if conversation.keyed:
        rows = (queries.language_by_digest.first(digest=digest) for digest in conversation.digests)
    else:
        rows = (queries.language_by_public_id.first(public_id=public_id) for public_id in (chat,))
    for row in rows:
        if row is not None and row[0]:
            remember(chat, row[0])
            return str(row[0])
    return None


def remembered(call: Call, cart_id: str | None) -> str | None:
    """Return the language that was settled in this process; None if it was not, or elsewhere."""
    return _settled.get(chat_of(call, cart_id))


def remember(chat: str, language: str) -> None:
    """Remember the language of a conversation, by its digest or by the public id of its session."""
    if len(_settled) >= _MOST:
        for old in list(_settled)[: _MOST // 2]:
            _settled.pop(old, None)
    _settled[chat] = language


def forget() -> None:
    """Forget all of them; the database knows them."""
    _settled.clear()


def chat_of(call: Call, cart_id: object) -> str:
    """Return what a process remembers the conversation by; empty for a call that other chats may share."""
    conversation = conversation_of(call)
    if conversation.keyed:
        return "" if conversation.is_placeholder else conversation.digests[0]
    return (public_id_of(cart_id) or "") if isinstance(cart_id, str) else ""
