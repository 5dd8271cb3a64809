"""Conversations played side by side, by sound session code and by code that was broken on purpose."""

import pytest

from carts import call_log, caller, conversation
from carts.conversation import UNKEYED, Conversation
from carts.services import sessions
from tests.carts.answers import cart, quantities


def conversations_are_apart(ask):
    """Play four conversations and two chats without an id; say whether none saw another's cart."""
    metas: list[dict[str, str]] = [{"openai/session": "alice"}, {"openai/session": "bob"}, {"threadId": "alice"}]
    metas.append({"openai/session": "alice", "openai/subject": "second"})
    handles: list[str | None] = [None] * len(metas)
    ask("view_cart", {"openai/session": "alice", "openai/subject": "first"})
    for _ in range(2):
        metas.append({})
        handles.append(cart(ask("add_to_cart", {}, product_id="shop:honey")).get("cart_id"))
    for number, (meta, handle) in enumerate(zip(metas, handles, strict=True), start=1):
        ask(
            "update_cart_item",
            meta,
            product_id="shop:honey",
            quantity=number,
            **({"cart_id": handle} if handle else {}),
        )
    seen = []
    for meta, handle in zip(metas, handles, strict=True):
        answer = ask("view_cart", meta, **({"cart_id": handle} if handle else {}))
        seen.append(None if answer.is_error else quantities(answer).get("shop:honey"))
    return seen == list(range(1, len(metas) + 1))


def test_conversations_are_apart(ask, honey):
    assert conversations_are_apart(ask)


def _constant(*_, **__):
    return ("the same for everybody",)


def _nobody(call):
    return Conversation(UNKEYED)


@pytest.mark.parametrize(
    ("name", "broken", "policy"),
    [
        ("digests_of", _constant, "isolate"),
        ("conversation_of", _nobody, "shared"),
        ("conversation_of", _nobody, "isolate"),
        ("conversation_of", lambda call: Conversation("openai/session", digests=("one",)), "isolate"),
    ],
    ids=["one digest", "everybody unkeyed, shared", "everybody unkeyed, isolated", "one conversation"],
)
def test_the_check_notices_broken_session_code(ask, honey, monkeypatch, settings, name, broken, policy):
    settings.SHOPMCP_UNKEYED_CALLS = policy
    for module in (conversation, caller, sessions, call_log):
        monkeypatch.setattr(module, name, broken, raising=False)

    assert not conversations_are_apart(ask)


def test_the_check_notices_a_session_code_that_ignores_people(ask, honey, monkeypatch):
    monkeypatch.setattr(Conversation, "is_another", lambda self, row: False)

    assert not conversations_are_apart(ask)
