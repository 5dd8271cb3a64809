"""Which conversation is calling: the contract's order and its rules."""

import json
import logging
from typing import Any

import pytest
from django.apps import apps

from carts import sessions
from carts.models import CallRecord, Cart, Session, SessionWarning, Tombstone
from carts.sessions import OUTER, cart_id_of, identify, public_id_of
from shopmcp.server import Call
from tests.carts.answers import cart, error, quantities, text

SECRET = "conv-raw-id-8c1f"
PERSON = "person-raw-id-77"
UNFIT = [
    "",
    "x" * 257,
    7,
    1.5,
    True,
    None,
    ["a"],
    {"a": "b"},
    "a\x00b",
    "a\nb",
    "\x7f",
    "a\x85b",
    "a\u2028b",
    "\ud800",
]


def identity(meta):
    return identify(Call("view_cart", meta))


def kinds():
    return set(SessionWarning.objects.values_list("kind", flat=True))


@pytest.fixture
def ask(call_tool):
    """Call a tool with exactly this `_meta`."""

    def ask(name, meta, **arguments):
        return call_tool(name, session=None, meta=meta, **arguments)

    return ask


# The order of the keys


def test_every_built_in_key_names_a_conversation(ask, honey):
    for key in sessions.KEYS:
        assert cart(ask("add_to_cart", {key: "one"}, product_id="shop:honey"))["item_count"] == 1
        assert ask("debug_session", {key: "one"}).structured_content["source"] == key
    assert Session.objects.count() == len(sessions.KEYS)


@pytest.mark.parametrize("nth", range(len(sessions.KEYS)))
def test_the_first_key_of_the_list_wins(nth):
    keys = sessions.KEYS[nth:]
    several = identity({key: f"id of {key}" for key in reversed(keys)})

    assert several.source == keys[0]
    assert several.digests == identity({keys[0]: f"id of {keys[0]}"}).digests


def test_the_shop_s_own_keys_come_first_in_their_order(settings):
    settings.SHOPMCP_SESSION_KEYS = ["acme/chat", "acme/thread"]

    assert identity({"openai/session": "a", "acme/thread": "b", "acme/chat": "c"}).source == "acme/chat"
    assert identity({"openai/session": "a", "acme/thread": "b"}).source == "acme/thread"
    assert identity({"openai/session": "a"}).source == "openai/session"


def test_a_key_that_is_not_on_the_list_names_nothing():
    assert not identity({"acme/chat": "a", "Mcp-Session-Id": "b", "mcp-session-id": "c", "progressToken": 3}).keyed


def test_the_same_keys_count_beside_params_but_those_inside_come_first():
    assert identity({OUTER: {"threadId": "a"}}).digests == identity({"threadId": "a"}).digests
    assert identity({"session_id": "a", OUTER: {"openai/session": "b"}}).source == "session_id"
    assert identity({"session_id": "", OUTER: {"openai/session": "b"}}).source == "openai/session"
    assert not identity({OUTER: "threadId"}).keyed


def test_an_outer_meta_keeps_the_cart_across_calls(ask, honey):
    ask("add_to_cart", {OUTER: {"sessionId": "old-client"}}, product_id="shop:honey")

    assert quantities(ask("view_cart", {"sessionId": "old-client"})) == {"shop:honey": 1}


def test_the_same_text_under_two_keys_is_two_conversations(ask, honey):
    ask("add_to_cart", {"threadId": "same"}, product_id="shop:honey")

    assert quantities(ask("view_cart", {"sessionId": "same"})) == {}
    assert quantities(ask("view_cart", {"threadId": "same"})) == {"shop:honey": 1}


def test_no_boundary_between_key_id_and_person_can_be_moved():
    digests = {
        sessions._digests("conversation", "ab", "c"),
        sessions._digests("conversation", "a", "bc"),
        sessions._digests("conversation", "abc"),
        sessions._digests("conversation", "a", "b", "c"),
        sessions._digests("conversation", "a\0" + "1:b", "c"),
        sessions._digests("subject", "abc"),
    }

    assert len(digests) == 6


@pytest.mark.parametrize("policy", ["isolate", "shared", "refuse"])
def test_a_client_that_sends_default_as_its_id_gets_an_ordinary_session(ask, honey, settings, policy):
    settings.SHOPMCP_UNKEYED_CALLS = policy
    if policy == "shared":
        ask("add_to_cart", {}, product_id="shop:honey", quantity=7)

    assert quantities(ask("add_to_cart", {"openai/session": "default"}, product_id="shop:honey")) == {"shop:honey": 1}
    report = ask("debug_session", {"openai/session": "default"}).structured_content
    assert report["session"].startswith("s_")
    assert report["isolated"] is True


# Malformed ids


@pytest.mark.parametrize("value", UNFIT, ids=lambda value: ascii(value)[:12])
def test_a_malformed_id_counts_as_absent_and_is_noted(value):
    found = identity({"openai/session": value})

    assert not found.keyed
    assert found.source == "default"
    assert found.malformed == ("openai/session",)


@pytest.mark.parametrize("value", ["x", "x" * 256, "שיחה 7", "a b", "🛒", "v1/abc+=="], ids=ascii)
def test_any_other_text_is_an_id(value):
    assert identity({"openai/session": value}).keyed


def test_after_a_malformed_id_the_next_key_counts(ask, honey):
    result = ask("add_to_cart", {"openai/session": 12, "threadId": "good"}, product_id="shop:honey")

    assert "cart_id cart_" not in text(result)
    assert quantities(ask("view_cart", {"threadId": "good"})) == {"shop:honey": 1}
    assert kinds() == {"malformed_id"}
    assert SessionWarning.objects.get().calls == 1


def test_a_malformed_id_alone_is_an_unkeyed_call_and_debug_session_says_why(ask):
    report = ask("debug_session", {"openai/session": "x" * 300})

    assert report.structured_content["source"] == "default"
    assert report.structured_content["received"] == ["openai/session"]
    assert "openai/session came, but not as text of 1 to 256 plain characters" in text(report)
    assert kinds() == {"malformed_id", "unkeyed"}


# People


def person(conversation, subject=None):
    return {"openai/session": conversation, **({"openai/subject": subject} if subject else {})}


def test_a_person_is_no_conversation(ask, honey):
    ask("add_to_cart", person("one", "dana"), product_id="shop:honey")

    assert quantities(ask("view_cart", person("two", "dana"))) == {}
    assert not identity({"openai/subject": "dana"}).keyed
    assert kinds() == set()


def test_a_second_person_under_the_same_id_gets_a_cart_of_their_own_and_a_warning(ask, honey, tea):
    ask("add_to_cart", person("same", "dana"), product_id="shop:honey")
    result = ask("add_to_cart", person("same", "noam"), product_id="shop:tea")

    assert quantities(result) == {"shop:tea": 1}
    assert quantities(ask("view_cart", person("same", "dana"))) == {"shop:honey": 1}
    assert quantities(ask("view_cart", person("same", "noam"))) == {"shop:tea": 1}
    assert Session.objects.count() == 2
    assert kinds() == {"subject_changed"}


def test_a_second_person_who_only_looks_sees_an_empty_cart(ask, honey):
    ask("add_to_cart", person("same", "dana"), product_id="shop:honey")

    assert quantities(ask("view_cart", person("same", "noam"))) == {}
    assert ask("debug_session", person("same", "noam")).structured_content["item_count"] == 0
    assert kinds() == {"subject_changed"}


def test_a_person_who_is_missing_later_changes_nothing(ask, honey):
    ask("add_to_cart", person("same", "dana"), product_id="shop:honey")

    assert quantities(ask("add_to_cart", person("same"), product_id="shop:honey")) == {"shop:honey": 2}
    assert quantities(ask("view_cart", person("same", "dana"))) == {"shop:honey": 2}
    assert kinds() == set()


@pytest.mark.parametrize("first", ["view_cart", "clear_cart"])
def test_the_first_person_to_be_named_keeps_the_conversation(ask, honey, first):
    ask("add_to_cart", person("same"), product_id="shop:honey")
    ask(first, person("same", "dana"))

    assert quantities(ask("view_cart", person("same", "noam"))) == {}
    assert Session.objects.count() == 2


def test_a_malformed_person_is_noted_and_changes_nothing(ask, honey):
    ask("add_to_cart", person("same", "dana"), product_id="shop:honey")

    assert quantities(ask("view_cart", {"openai/session": "same", "openai/subject": 7})) == {"shop:honey": 1}
    assert kinds() == {"malformed_id"}


# Handles


@pytest.fixture
def handle(ask, honey):
    """The cart_id of a chat without an id, which holds one honey."""
    return cart(ask("add_to_cart", {}, product_id="shop:honey"))["cart_id"]


def test_an_unkeyed_write_mints_a_cart_and_says_that_its_cart_id_must_be_passed(ask, honey):
    result = ask("add_to_cart", {}, product_id="shop:honey")
    minted = cart(result)["cart_id"]

    assert f"pass cart_id {minted} with every later cart call" in text(result)
    assert quantities(ask("add_to_cart", {}, product_id="shop:honey", cart_id=minted)) == {"shop:honey": 2}
    assert quantities(ask("view_cart", {}, cart_id=f" {minted} ")) == {"shop:honey": 2}
    assert Session.objects.get().source == "cart_id"


def test_two_unkeyed_chats_never_meet(ask, honey):
    first = cart(ask("add_to_cart", {}, product_id="shop:honey"))["cart_id"]
    second = cart(ask("add_to_cart", {}, product_id="shop:honey", quantity=5))["cart_id"]

    assert first != second
    assert quantities(ask("view_cart", {}, cart_id=first)) == {"shop:honey": 1}
    assert quantities(ask("view_cart", {}, cart_id=second)) == {"shop:honey": 5}


def test_a_handle_proves_itself_with_128_bits_that_only_the_server_can_make(handle):
    public_id = Session.objects.get().public_id

    assert handle == cart_id_of(public_id)
    assert handle.removeprefix(f"cart_{public_id[2:]}").isalnum()
    assert len(handle.removeprefix(f"cart_{public_id[2:]}")) * 5 >= 128


FORGERIES = {
    "another proof": lambda h: h[:-4] + ("aaaa" if h[-4:] != "aaaa" else "bbbb"),
    "another session": lambda h: "cart_" + ("a" if h[5] != "a" else "b") + h[6:],
    "cut short": lambda h: h[:-1],
    "too long": lambda h: h + "a",
    "the public id": lambda h: f"s_{h[5:21]}",
    "the public part": lambda h: h[:21],
    "capitals": str.upper,
    "nothing": lambda h: "",
    "words": lambda h: "my cart",
    "digits of another script": lambda h: h[:-1] + "٢",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
@pytest.mark.parametrize(("name", "arguments"), [("view_cart", {}), ("add_to_cart", {"product_id": "shop:honey"})])
def test_a_handle_that_this_server_did_not_make_is_refused_and_makes_no_cart(ask, handle, forge, name, arguments):
    result = ask(name, {}, cart_id=forge(handle), **arguments)

    assert error(result)["code"] == "unknown_cart"
    assert "This cart_id opens no cart here." in text(result)
    assert Session.objects.count() == Cart.objects.count() == 1
    assert quantities(ask("view_cart", {}, cart_id=handle)) == {"shop:honey": 1}
    assert "unknown_handle" in kinds()


@pytest.mark.parametrize("conversation", ["new", "known"])
@pytest.mark.parametrize(("name", "arguments"), [("view_cart", {}), ("add_to_cart", {"product_id": "shop:honey"})])
def test_another_conversation_s_handle_beside_an_id_is_refused(ask, handle, conversation, name, arguments):
    if conversation == "known":
        ask("view_cart", {"openai/session": "known"})

    result = ask(name, {"openai/session": conversation}, cart_id=handle, **arguments)

    assert error(result)["code"] == "unknown_cart"
    assert "belongs to another conversation" in text(result)
    assert Cart.objects.get().item_count == 1
    assert "foreign_handle" in kinds()


def test_a_conversation_s_own_handle_beside_its_id_is_welcome(ask, honey):
    own = cart(ask("add_to_cart", {"threadId": "a"}, product_id="shop:honey"))["cart_id"]

    assert quantities(ask("add_to_cart", {"threadId": "a"}, product_id="shop:honey", cart_id=own)) == {"shop:honey": 2}


def test_a_keyed_conversation_s_handle_opens_it_where_no_id_comes(ask, honey):
    own = cart(ask("add_to_cart", {"threadId": "a"}, product_id="shop:honey"))["cart_id"]

    assert quantities(ask("view_cart", {}, cart_id=own)) == {"shop:honey": 1}
    assert ask("debug_session", {}, cart_id=own).structured_content["source"] == "cart_id"


@pytest.mark.parametrize("tombstone", [True, False])
@pytest.mark.parametrize(("name", "arguments"), [("view_cart", {}), ("add_to_cart", {"product_id": "shop:honey"})])
def test_a_handle_that_expired_is_told_so(ask, handle, tombstone, name, arguments):
    session = Session.objects.get()
    if tombstone:
        Tombstone.objects.create(public_id=session.public_id)
    session.delete()

    result = ask(name, {}, cart_id=handle, **arguments)

    assert error(result)["code"] == "cart_expired"
    assert "has expired" in text(result)
    assert not Session.objects.exists()
    assert "expired_handle" in kinds()


def test_a_conversation_whose_cart_expired_starts_anew_and_hears_of_it_until_a_write_carried_it(ask, honey):
    ask("add_to_cart", {"threadId": "a"}, product_id="shop:honey")
    session = Session.objects.get()
    Tombstone.objects.create(public_id=session.public_id, digest=session.digest)
    session.delete()

    for _ in range(2):
        assert [notice["code"] for notice in cart(ask("view_cart", {"threadId": "a"}))["notices"]] == ["cart_expired"]
    assert not Tombstone.objects.exists()
    added = ask("add_to_cart", {"threadId": "a"}, product_id="shop:honey")
    assert "An earlier cart of this chat was not used for long and has expired." in text(added)
    assert cart(ask("view_cart", {"threadId": "a"}))["notices"] == []


# The three policies


CART_TOOLS: dict[str, dict[str, Any]] = {
    "add_to_cart": {"product_id": "shop:honey"},
    "update_cart_item": {"product_id": "shop:honey", "quantity": 2},
    "remove_from_cart": {"product_id": "shop:honey"},
    "view_cart": {},
    "clear_cart": {},
    "undo_cart_change": {},
}


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


# Changing the secret key


def test_carts_handles_and_people_live_on_through_a_change_of_the_secret_key(ask, honey, settings):
    old = settings.SECRET_KEY
    meta = person("one", "dana")
    kept = cart(ask("add_to_cart", meta, product_id="shop:honey"))["cart_id"]
    minted = cart(ask("add_to_cart", {}, product_id="shop:honey", quantity=3))["cart_id"]

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key" * 5, [old]

    assert quantities(ask("view_cart", meta)) == {"shop:honey": 1}
    assert quantities(ask("view_cart", {}, cart_id=minted)) == {"shop:honey": 3}
    assert quantities(ask("view_cart", meta, cart_id=kept)) == {"shop:honey": 1}
    assert quantities(ask("view_cart", person("one", "noam"))) == {}
    renewed = cart(ask("add_to_cart", meta, product_id="shop:honey"))["cart_id"]
    assert renewed != kept
    assert public_id_of(renewed) == public_id_of(kept)
    assert kinds() == {"subject_changed", "unkeyed"}


@pytest.mark.parametrize(
    "between", [[], ["add_to_cart"], ["view_cart"]], ids=["alone", "after a write", "after a look"]
)
def test_after_a_write_the_old_secret_key_can_go(ask, honey, settings, between):
    old = settings.SECRET_KEY
    ask("add_to_cart", person("one", "dana"), product_id="shop:honey")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key" * 5, [old]
    for name in between:  # a call that does not name the person
        ask(name, person("one"), **({"product_id": "shop:honey"} if name == "add_to_cart" else {}))
    ask("update_cart_item", person("one", "dana"), product_id="shop:honey", quantity=4)

    settings.SECRET_KEY_FALLBACKS = []

    assert quantities(ask("view_cart", person("one", "dana"))) == {"shop:honey": 4}
    assert Session.objects.count() == 1
    assert kinds() == set()


def test_the_second_person_s_cart_lives_on_through_a_change_of_the_secret_key_too(ask, honey, tea, settings):
    old = settings.SECRET_KEY
    ask("add_to_cart", person("one", "dana"), product_id="shop:honey")
    ask("add_to_cart", person("one", "noam"), product_id="shop:tea")

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key" * 5, [old]
    assert quantities(ask("view_cart", person("one", "noam"))) == {"shop:tea": 1}
    ask("add_to_cart", person("one", "noam"), product_id="shop:tea")
    ask("add_to_cart", person("one", "dana"), product_id="shop:honey")
    settings.SECRET_KEY_FALLBACKS = []

    assert quantities(ask("view_cart", person("one", "noam"))) == {"shop:tea": 2}
    assert quantities(ask("view_cart", person("one", "dana"))) == {"shop:honey": 2}
    assert Session.objects.count() == 2


def test_without_the_old_key_old_handles_open_nothing(ask, handle, settings):
    settings.SECRET_KEY = "another key" * 5

    assert error(ask("view_cart", {}, cart_id=handle))["code"] == "unknown_cart"


# Ids are secrets


def everything_stored():
    found = []
    for model in apps.get_models():
        found += [json.dumps(row, default=str) for row in model._base_manager.values()]
    return "\n".join(found)


def test_no_raw_id_is_stored_logged_or_answered(ask, honey, caplog):
    caplog.set_level(logging.DEBUG)
    meta = {"openai/session": SECRET, "openai/subject": PERSON, "threadId": f"{SECRET}-2", OUTER: {"sessionId": SECRET}}
    said = []
    for name, arguments in {**CART_TOOLS, "debug_session": {}, "search_products": {"query": "honey"}}.items():
        said.append(ask(name, meta, **arguments))
    said.append(ask("view_cart", {**meta, "openai/subject": "somebody else"}))
    said.append(ask("debug_session", {"openai/session": SECRET + "x" * 256}))
    call = Call("view_cart", meta)
    said.append(identify(call))

    everything = "\n".join([everything_stored(), caplog.text, *map(repr, said)])

    assert "openai/session" in everything
    for secret in (SECRET, PERSON):
        assert secret not in everything


def test_the_database_holds_nothing_that_opens_a_cart(ask, honey, caplog):
    caplog.set_level(logging.DEBUG)
    handle = cart(ask("add_to_cart", {}, product_id="shop:honey"))["cart_id"]
    ask("view_cart", {}, cart_id=handle)
    ask("remove_from_cart", {}, product_id=handle, cart_id=handle)
    ask("add_to_cart", {"threadId": "other"}, product_id="shop:honey", cart_id=handle)

    stored = everything_stored() + caplog.text

    assert handle not in stored
    assert handle[21:] not in stored


def test_debug_session_shows_nobody_else_s_id(ask, honey):
    for name in ("one", "two", "three"):
        ask("add_to_cart", {"openai/session": name}, product_id="shop:honey")

    report = ask("debug_session", {"openai/session": "one"})

    own, others = report.structured_content["session"], Session.objects.values_list("public_id", flat=True)
    assert report.structured_content["active_sessions"] == 3
    assert own in text(report)
    assert not [other for other in others if other != own and other[2:8] in repr(report)]


def test_the_log_names_the_source_and_never_the_id(ask, honey, caplog):
    caplog.set_level(logging.INFO, "shopmcp.calls")
    ask("view_cart", {"threadId": SECRET})

    (line,) = [record.getMessage() for record in caplog.records if record.name == "shopmcp.calls"]
    assert line.startswith("view_cart ok ")
    assert "source=threadId" in line


# The check that would notice


def conversations_are_apart(ask):
    """Play four conversations and two chats without an id; say whether none saw another's cart."""
    metas: list[dict[str, str]] = [{"openai/session": "alice"}, {"openai/session": "bob"}, {"threadId": "alice"}]
    metas.append({"openai/session": "alice", "openai/subject": "second"})
    handles: list[str | None] = [None] * len(metas)
    ask("view_cart", {"openai/session": "alice", "openai/subject": "first"})
    for _ in range(2):
        metas.append({})
        handles.append(cart(ask("add_to_cart", {}, product_id="shop:honey"))["cart_id"])
    for number, (meta, handle) in enumerate(zip(metas, handles, strict=True), start=1):
        ask(
            "update_cart_item",
            meta,
            product_id="shop:honey",
            quantity=number,
            **({"cart_id": handle} if handle else {}),
        )
        if not handle:
            ask("add_to_cart", meta, product_id="shop:honey", quantity=number)
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
    return sessions.Identity(sessions.UNKEYED)


@pytest.mark.parametrize(
    ("name", "broken", "policy"),
    [
        ("_digests", _constant, "isolate"),
        ("identify", _nobody, "shared"),
        ("identify", _nobody, "isolate"),
        ("identify", lambda call: sessions.Identity("openai/session", digests=("one",)), "isolate"),
    ],
    ids=["one digest", "everybody unkeyed, shared", "everybody unkeyed, isolated", "one identity"],
)
def test_the_check_notices_broken_session_code(ask, honey, monkeypatch, settings, name, broken, policy):
    settings.SHOPMCP_UNKEYED_CALLS = policy
    monkeypatch.setattr(sessions, name, broken)

    assert not conversations_are_apart(ask)


def test_the_check_notices_a_session_code_that_ignores_people(ask, honey, monkeypatch):
    monkeypatch.setattr(sessions.Caller, "_is_another", lambda self, row: False)

    assert not conversations_are_apart(ask)


def test_calls_of_browsing_make_a_session_for_their_conversation(ask, honey):
    ask("search_products", {"threadId": "a"}, query="honey")
    ask("view_cart", {"threadId": "a"})

    assert Session.objects.count() == 1
    assert set(CallRecord.objects.values_list("session", flat=True)) == {Session.objects.get().pk}
