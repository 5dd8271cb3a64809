"""Which conversation is calling: the contract's order and its policies."""

import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from carts.conversation import KEYS, OUTER
from carts.models import CallRecord, Session, SessionWarning
from tests.carts.answers import cart, error, quantities, text
from tests.carts.chats import CART_TOOLS, conversation

# The order of the keys


def test_the_built_in_keys_are_those_of_the_hosts_in_their_order():
    assert KEYS == (
        "openai/session",
        "vscode.conversationId",
        "ai.opencode/sessionID",
        "antigravity.google/conversation_id",
        "threadId",
        "sessionId",
        "conversationId",
        "session_id",
    )


def test_every_built_in_key_names_a_conversation(ask, honey):
    for key in KEYS:
        assert cart(ask("add_to_cart", {key: "one"}, product_id="shop:honey"))["item_count"] == 1
        assert ask("debug_session", {key: "one"}).structured_content["source"] == key
    assert Session.objects.count() == len(KEYS)


@pytest.mark.parametrize("nth", range(len(KEYS)))
def test_the_first_key_of_the_list_wins(nth):
    keys = KEYS[nth:]
    several = conversation({key: f"id of {key}" for key in reversed(keys)})

    assert several.source == keys[0]
    assert several.digests == conversation({keys[0]: f"id of {keys[0]}"}).digests


def test_the_shop_s_own_keys_come_first_in_their_order(settings):
    settings.SHOPMCP_SESSION_KEYS = ["acme/chat", "acme/thread"]

    assert conversation({"openai/session": "a", "acme/thread": "b", "acme/chat": "c"}).source == "acme/chat"
    assert conversation({"openai/session": "a", "acme/thread": "b"}).source == "acme/thread"
    assert conversation({"openai/session": "a"}).source == "openai/session"


def test_a_key_that_is_not_on_the_list_names_nothing():
    assert not conversation({"acme/chat": "a", "Mcp-Session-Id": "b", "mcp-session-id": "c", "progressToken": 3}).keyed


def test_the_same_keys_count_beside_params_but_those_inside_come_first():
    assert conversation({OUTER: {"threadId": "a"}}).digests == conversation({"threadId": "a"}).digests
    assert conversation({"session_id": "a", OUTER: {"openai/session": "b"}}).source == "session_id"
    assert conversation({"session_id": "", OUTER: {"openai/session": "b"}}).source == "openai/session"
    assert not conversation({OUTER: "threadId"}).keyed


def test_an_outer_meta_keeps_the_cart_across_calls(ask, honey):
    ask("add_to_cart", {OUTER: {"sessionId": "old-client"}}, product_id="shop:honey")

    assert quantities(ask("view_cart", {"sessionId": "old-client"})) == {"shop:honey": 1}


def test_the_same_text_under_two_keys_is_two_conversations(ask, honey):
    ask("add_to_cart", {"threadId": "same"}, product_id="shop:honey")

    assert quantities(ask("view_cart", {"sessionId": "same"})) == {}
    assert quantities(ask("view_cart", {"threadId": "same"})) == {"shop:honey": 1}


@pytest.mark.parametrize("policy", ["isolate", "shared", "refuse"])
def test_a_client_that_sends_default_as_its_id_gets_an_ordinary_session(ask, honey, settings, policy):
    settings.SHOPMCP_UNKEYED_CALLS = policy
    if policy == "shared":
        ask("add_to_cart", {}, product_id="shop:honey", quantity=7)

    assert quantities(ask("add_to_cart", {"openai/session": "default"}, product_id="shop:honey")) == {"shop:honey": 1}
    report = ask("debug_session", {"openai/session": "default"}).structured_content
    assert report["session"].startswith("s_")
    # Every chat of a client that sends this word has that session.
    assert report["isolated"] is False


# The three policies


def test_isolate_refuses_an_unkeyed_look_at_a_cart_in_words(ask, honey):
    result = ask("view_cart", {})

    assert error(result)["code"] == "session_needed"
    assert "Pass the cart_id that an earlier answer gave" in text(result)
    assert not Session.objects.exists()


@pytest.mark.parametrize("policy", ["isolate", "shared", "refuse"])
def test_looking_around_needs_no_conversation(ask, honey, settings, policy):
    settings.SHOPMCP_UNKEYED_CALLS = policy

    assert not ask("list_stores", {}).is_error
    assert not ask("search_products", {}).is_error
    assert not ask("get_product", {}, product_id="shop:honey").is_error
    assert not ask("debug_session", {}).is_error
    assert SessionWarning.objects.get(kind="unkeyed").calls == 4


@pytest.mark.parametrize("policy", ["isolate", "shared", "refuse"])
def test_only_under_shared_does_looking_around_belong_to_the_shared_session_and_say_so(ask, honey, settings, policy):
    settings.SHOPMCP_UNKEYED_CALLS = policy
    shared = policy == "shared"

    found = ask("search_products", {}, query="honey")
    missed = ask("get_product", {}, product_id="shop:ghost")

    for answer in (found, missed):
        assert text(answer).count("it shares one cart with every other such chat") == int(shared)
    assert Session.objects.filter(source="default").count() == int(shared)
    assert {call.session is not None for call in CallRecord.objects.select_related("session")} == {shared}
    assert "it shares" not in text(ask("search_products", {"openai/session": "keyed"}))


def test_under_shared_the_cart_s_tools_say_so_once(ask, honey, settings):
    settings.SHOPMCP_UNKEYED_CALLS = "shared"

    for answer in (
        ask("add_to_cart", {}, product_id="shop:honey", request_id="r"),
        ask("add_to_cart", {}, product_id="shop:honey", request_id="r"),
        ask("view_cart", {}),
        ask("debug_session", {}),
        ask("add_to_cart", {}, product_id="shop:ghost"),
        ask("add_to_cart", {}, product_id="shop:ghost", cart_id=None),
        ask("add_to_cart", {}, product_id="shop:honey", quantity="many"),
    ):
        assert text(answer).count("it shares one cart with every other such chat") == 1


def test_shared_puts_every_unkeyed_chat_into_one_cart_and_each_answer_says_so(ask, honey, settings):
    settings.SHOPMCP_UNKEYED_CALLS = "shared"
    ask("add_to_cart", {}, product_id="shop:honey")

    result = ask("add_to_cart", {}, product_id="shop:honey")

    assert quantities(result) == {"shop:honey": 2}
    for answer in (result, ask("view_cart", {})):
        assert "it shares one cart with every other such chat" in text(answer)
        assert "shared_cart" in [notice["code"] for notice in answer.structured_content["notices"]]
    report = ask("debug_session", {})
    assert report.structured_content["session"] == report.structured_content["source"] == "default"
    assert report.structured_content["isolated"] is False
    assert report.structured_content["item_count"] == 2
    assert "SHOPMCP_UNKEYED_CALLS=isolate" in text(report)
    assert quantities(ask("view_cart", {"openai/session": "keyed"})) == {}


@pytest.mark.parametrize("name", CART_TOOLS)
def test_refuse_refuses_every_cart_tool_in_words_and_keeps_nothing(ask, honey, settings, name):
    settings.SHOPMCP_UNKEYED_CALLS = "refuse"

    result = ask(name, {}, **CART_TOOLS[name])

    assert error(result)["code"] == "session_needed"
    assert "this shop keeps no cart without one" in text(result)
    assert not Session.objects.exists()


def test_under_refuse_debug_session_explains(ask, settings, store):
    settings.SHOPMCP_UNKEYED_CALLS = "refuse"

    report = ask("debug_session", {"acme/chat": "x"})

    assert report.structured_content["session"] is None
    assert report.structured_content["isolated"] is True
    assert report.structured_content["received"] == ["acme/chat"]
    assert "This shop keeps no cart for a chat without a conversation id." in text(report)
    assert "SHOPMCP_SESSION_KEYS" in text(report)


def test_what_the_transport_calls_a_session_is_never_a_key(ask, honey):
    meta = {"Mcp-Session-Id": "pooled", "mcp-session-id": "pooled"}
    first = cart(ask("add_to_cart", meta, product_id="shop:honey"))["cart_id"]

    assert cart(ask("add_to_cart", meta, product_id="shop:honey"))["cart_id"] != first


# What others hear of it


def test_debug_session_shows_nobody_else_s_id(ask, honey):
    for name in ("one", "two", "three"):
        ask("add_to_cart", {"openai/session": name}, product_id="shop:honey")

    report = ask("debug_session", {"openai/session": "one"})

    own, others = report.structured_content["session"], Session.objects.values_list("public_id", flat=True)
    assert report.structured_content["active_sessions"] == 3
    assert own in text(report)
    assert not [other for other in others if other != own and other[2:8] in repr(report)]


def test_a_session_is_active_while_its_last_call_is_younger_than_the_window(ask, honey, settings):
    for name in ("one", "two"):
        ask("add_to_cart", {"openai/session": name}, product_id="shop:honey")
    Session.objects.filter(source="openai/session").update(last_seen_at=timezone.now() - timedelta(minutes=31))

    def active():
        return ask("debug_session", {"threadId": "asking"}).structured_content["active_sessions"]

    assert active() == 0  # asking makes no session
    settings.SHOPMCP_ACTIVE_WINDOW = timedelta(minutes=32)
    assert active() == 2


def test_the_log_names_the_source_and_never_the_id(ask, honey, caplog):
    caplog.set_level(logging.INFO, "shopmcp.calls")
    ask("view_cart", {"threadId": "conv-raw-id-8c1f"})

    (line,) = [record.getMessage() for record in caplog.records if record.name == "shopmcp.calls"]
    assert line.startswith("view_cart ok ")
    assert "source=threadId" in line
    assert "conv-raw-id-8c1f" not in caplog.text


def test_calls_of_browsing_make_a_session_for_their_conversation(ask, honey):
    ask("search_products", {"threadId": "a"}, query="honey")
    ask("view_cart", {"threadId": "a"})

    assert Session.objects.count() == 1
    assert set(CallRecord.objects.values_list("session", flat=True)) == {Session.objects.get().pk}
