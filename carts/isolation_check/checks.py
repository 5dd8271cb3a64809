"""The isolation check: it plays conversations and unkeyed chats against a running server and judges the answers.

It changes only carts that it started. A conversation that does not begin with an empty cart of its own fails, and
nothing is put into that cart.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from secrets import token_urlsafe

from django.utils.translation import gettext

from carts.isolation_check.client import Chat, Server, ToolReply
from carts.widget_handles import PREFIX
from shopmcp.errors import NotFound

REVISIONS = ("2025-06-18", "2025-11-25", "2026-07-28")
_KEY, _OTHER_KEY = "openai/session", "threadId"
_NEEDED = "session_needed"


# Whether a check passed, and what it checked.
Verdicts = Iterator[tuple[bool, str]]


def verdicts(server: Server) -> Verdicts:
    """Check the server in every revision of the protocol. Unkeyed calls must follow its own policy.

    Raises:
        Unreachable: If the server does not answer.
        NotFound: If the shop has nothing to sell.
    """
    first, second = _goods(server)
    server.policy = _policy_of(server)
    unkeyed = {"shared": _shared, "refuse": _refusing, "isolate": _isolated}[server.policy]
    for revision in REVISIONS:
        for checks in (_conversations, unkeyed):
            for passed, text in checks(server, revision, first, second):
                yield passed, f"{revision}: {text}"


def _policy_of(server: Server) -> str:
    """The server's SHOPMCP_UNKEYED_CALLS, judged by its answers."""
    chat = server.chat(REVISIONS[0])
    if chat.call("debug_session").data.get("isolated") is False:
        return "shared"
    # The product does not exist, so no policy makes a cart.
    refusal = chat.call("add_to_cart", product_id=f"check:{token_urlsafe(16)}").refusal
    return "refuse" if refusal == _NEEDED else "isolate"


def _goods(server: Server) -> tuple[str, str]:
    """Two product ids that can be bought, or the only one twice."""
    reply = server.chat(REVISIONS[0]).call("search_products", in_stock_only=True, limit=2)
    ids = [product["product_id"] for product in reply.data.get("products", ())]
    if not ids:
        raise NotFound(
            gettext("The shop has nothing to sell, so there is nothing to try its carts with."),
            fix=gettext("Read products in with import_products, or start it with serve --demo."),
        )
    return ids[0], ids[-1]


def _conversations(server: Server, revision: str, first: str, second: str) -> Verdicts:
    """Two conversations whose host sends ids."""
    value = token_urlsafe(16)
    here = server.chat(revision, _KEY, value)
    there = server.chat(revision, _KEY, token_urlsafe(16))
    namesake = server.chat(revision, _OTHER_KEY, value)
    chats = (here, there, namesake)
    starts = [chat.call("view_cart") for chat in chats]
    # A conversation that changed nothing may have no session yet.
    sessions = [session for chat in chats if (session := _session_of(chat))]
    apart = all(_is_new(start) for start in starts) and len({*sessions}) == len(sessions)
    yield apart, gettext("new conversations begin with empty carts of their own, one text under two keys included")
    if not apart:
        return  # These carts may be a customer's.
    added = here.call("add_to_cart", product_id=first)
    yield added.holds(first), gettext("a conversation's cart takes a product")
    yield (
        not any(reply.cart_id and not reply.cart_id.startswith(PREFIX) for reply in (*starts, added)),
        gettext("its answers hold no cart_id but that of their widgets, which ends within a day"),
    )
    if of_widget := starts[0].cart_id:
        yield (
            _is_refused(there.call("view_cart", cart_id=of_widget), "unknown_cart", added),
            gettext("another conversation is refused the cart_id of its widgets"),
        )
    yield (
        there.call("view_cart").holds() and namesake.call("view_cart").holds(),
        gettext("other conversations do not see it"),
    )
    there.call("add_to_cart", product_id=second)
    mine, theirs = here.call("view_cart"), there.call("view_cart")
    yield (
        mine.holds(first) and mine.version == added.version and theirs.holds(second),
        gettext("what another conversation adds goes into its own cart"),
    )
    yield _tells_only_itself(here, there), gettext("debug_session tells a conversation of itself alone")
    own = _session_of(here), _session_of(there)
    with ThreadPoolExecutor(max_workers=8) as pool:
        seen = list(pool.map(lambda chat: (chat.call("view_cart"), _session_of(chat)), [here, there] * 8))
    yield (
        all(reply.holds(first) and session == own[0] for reply, session in seen[::2])
        and all(reply.holds(second) and session == own[1] for reply, session in seen[1::2]),
        gettext("asked at the same time, each still gets its own cart"),
    )


def _isolated(server: Server, revision: str, first: str, second: str) -> Verdicts:
    """Two chats without ids, each with the cart_id that its first write gave it."""
    chat = server.chat(revision)
    debug = chat.call("debug_session").data
    told = debug.get("source") == "default" and debug.get("session") is None and debug.get("isolated") is True
    yield told, gettext("debug_session tells an unkeyed chat that it has no session yet")
    if not told:
        return
    yield chat.call("view_cart").refusal == _NEEDED, gettext("an unkeyed chat without a cart_id sees no cart")
    one = chat.call("add_to_cart", product_id=first)
    other = chat.call("add_to_cart", product_id=second)
    for reply in (one, other):
        if isinstance(reply.version, int) and reply.version > 1:
            # This may be a customer's cart: undo the addition.
            chat.call("undo_cart_change", cart_id=reply.cart_id, version=reply.version - 1)
    minted = one.holds(first) and other.holds(second) and one.cart_id != other.cart_id
    yield minted, gettext("two unkeyed chats get carts of their own")
    if not minted:
        return
    yield (
        chat.call("view_cart", cart_id=one.cart_id).holds(first)
        and chat.call("view_cart", cart_id=other.cart_id).holds(second),
        gettext("each unkeyed chat finds its cart by its cart_id"),
    )
    forged = one.cart_id[:-1] + ("a" if one.cart_id[-1] != "a" else "b")
    yield (
        _is_refused(chat.call("view_cart", cart_id=forged), "unknown_cart", one),
        gettext("a forged cart_id opens nothing"),
    )
    keyed = server.chat(revision, _KEY, token_urlsafe(16))
    yield (
        _is_refused(keyed.call("view_cart", cart_id=one.cart_id), "unknown_cart", one),
        gettext("a conversation is refused another one's cart_id"),
    )


def _shared(server: Server, revision: str, first: str, second: str) -> Verdicts:
    """Two chats without ids; the shared cart is only read, since real shoppers may use it."""
    chat, second_chat = server.chat(revision), server.chat(revision)
    one, other = chat.call("view_cart"), second_chat.call("view_cart")
    yield (
        not one.refusal and not other.refusal and {_session_of(chat), _session_of(second_chat)} == {"default"},
        gettext("unkeyed chats share one cart, as the policy says"),
    )
    yield _warns(one) and _warns(other), gettext("and every answer warns that they do")
    keyed = server.chat(revision, _KEY, token_urlsafe(16))
    yield (
        _is_new(keyed.call("view_cart")) and _session_of(keyed) != "default",
        gettext("a conversation with an id has no part in it"),
    )


def _refusing(server: Server, revision: str, first: str, second: str) -> Verdicts:
    """Two chats without ids that get no cart."""
    chats = [server.chat(revision) for _ in range(2)]
    yield (
        all(chat.call("add_to_cart", product_id=first).refusal == _NEEDED for chat in chats),
        gettext("unkeyed chats are refused a cart, as the policy says"),
    )
    yield all(chat.call("view_cart").refusal == _NEEDED for chat in chats), gettext("and see none")
    debug = chats[0].call("debug_session").data
    yield debug.get("session") is None and bool(debug.get("hints")), gettext("debug_session says why")


def _is_new(reply: ToolReply) -> bool:
    return reply.holds() and reply.version == 0


def _session_of(chat: Chat) -> str:
    """The public id of the chat's session, or `default`; empty if it has none."""
    return str(chat.call("debug_session").data.get("session") or "")


def _is_refused(reply: ToolReply, code: str, secret: ToolReply) -> bool:
    """Whether it is that refusal, and names no product of the secret cart."""
    names = [str(line["name"]) for line in secret.data.get("lines", ())]
    return reply.refusal == code and not any(name in reply.text for name in names)


def _tells_only_itself(here: Chat, there: Chat) -> bool:
    one, other = here.call("debug_session"), there.call("debug_session")
    mine, theirs = (str(reply.data.get("session") or "") for reply in (one, other))
    return (
        one.data.get("source") == _KEY
        and one.data.get("isolated") is True
        and mine.startswith("s_")
        and mine != theirs
        and one.data.get("item_count") == 1
        and theirs not in one.text + json.dumps(one.data)
    )


def _warns(reply: ToolReply) -> bool:
    return any(notice["code"] == "shared_cart" for notice in reply.data.get("notices", ()))
