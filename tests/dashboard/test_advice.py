"""Each rule of advice: a client gives a sign, its advice is followed, and the sign comes no more."""

import re
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from carts.call_log import watch
from carts.conversation import KEYS
from carts.digests import cart_id_of
from carts.isolation import isolation
from carts.models import CallRecord, Cart, Session, SessionWarning
from carts.services.cleanup import clean_up
from carts.services.warnings import settle
from dashboard.signs import groups_of
from shopmcp.composition import toolbox
from tests.carts.answers import cart, quantities
from tests.carts.chats import person

Kind = SessionWarning.Kind


@pytest.fixture
def play(honey):
    """Call a tool as a client of that name; gives the kinds of signs that the call gave."""

    def play(client="house-robot", meta=None, tool="view_cart", **arguments):
        assert async_to_sync(toolbox.answer)(tool, arguments, meta or {}, client)
        return set(CallRecord.objects.latest("id").warnings or ())

    return play


def advice(kind, client="house-robot"):
    (group,) = [group for group in groups_of(kind) if group.warning.client == client]
    return group.advice


def words(kind, client="house-robot"):
    return " ".join(map(str, advice(kind, client).steps))


@pytest.fixture
def obey(settings):
    """Put the lines of an advice into the settings, and restart."""

    def obey(given):
        lines = dict(line.split("=", 1) for line in given.setting.splitlines())
        assert lines
        if (keys := lines.get("SHOPMCP_SESSION_KEYS")) is not None:
            settings.SHOPMCP_SESSION_KEYS = [key for key in keys.split(",") if key]
        if policy := lines.get("SHOPMCP_UNKEYED_CALLS"):
            settings.SHOPMCP_UNKEYED_CALLS = policy
        watch.forget()
        return lines

    return obey


def test_a_key_that_looks_like_an_id_is_named_and_works(play, obey, settings):
    settings.SHOPMCP_SESSION_KEYS = ["acme/thread"]
    meta = {"robot/chatId": "7", "robot/version": "3"}
    assert play(meta=meta) == {"unkeyed"}
    assert "This client sends robot/chatId, which looks like a conversation id." in words(Kind.UNKEYED)

    assert obey(advice(Kind.UNKEYED)) == {"SHOPMCP_SESSION_KEYS": "acme/thread,robot/chatId"}
    assert play(meta=meta) == set()


@pytest.mark.parametrize("key", ["with,comma chat", "c" * 64 + "hat", "צ'אט chat"])
def test_a_key_that_no_setting_can_hold_is_not_advised(play, key):
    play(meta={key: "7"})

    assert advice(Kind.UNKEYED).setting == ""


@pytest.mark.parametrize("key", ["claudecode/toolUseId", "progressToken", "openai/subject", "openai/userAgent"])
def test_a_key_that_names_no_conversation_is_not_advised(play, key):
    play(meta={key: "7"})

    assert advice(Kind.UNKEYED).setting == ""


def test_a_key_that_was_added_meanwhile_is_said_to_be_read(play, settings):
    play(meta={"robot/chatId": "7"})
    settings.SHOPMCP_SESSION_KEYS = ["robot/chatId"]

    assert "This client sends robot/chatId, which the shop reads now." in words(Kind.UNKEYED)
    assert play(meta={"robot/chatId": "7"}) == set()


@pytest.mark.parametrize(
    ("client", "key"),
    [
        ("openai-mcp", "openai/session"),
        ("Visual Studio Code", "vscode.conversationId"),
        ("codex", "threadId"),
        ("opencode", "ai.opencode/sessionID"),
        ("antigravity", "antigravity.google/conversation_id"),
    ],
)
def test_a_client_that_sends_a_key_is_told_that_it_got_lost(play, client, key):
    assert play(client) == {"unkeyed"}
    assert f"sends {key} with every tool call; here it did not arrive." in words(Kind.UNKEYED, client)

    assert play(client, {key: "the proxy lets it through"}) == set()


def test_the_inspector_is_given_metadata(play):
    play("inspector-client")
    (given,) = re.findall(r"--tool-metadata (\S+)=(\S+)", words(Kind.UNKEYED, "inspector-client"))

    assert play("inspector-client", dict([given])) == set()


@pytest.mark.parametrize("client", ["claude-ai", "cursor-vscode", "goose", "gemini-cli-mcp-client", "house-robot"])
def test_a_chat_of_a_client_without_ids_passes_its_cart_id(play, ask, client):
    play(client, tool="add_to_cart", product_id="honey")
    assert "must pass the cart_id that its first change was answered with" in words(Kind.UNKEYED, client)
    assert advice(Kind.UNKEYED, client).setting == ""

    handle = cart_id_of(Session.objects.get().public_id)
    settle(SessionWarning.objects.get().pk, "fixed")
    assert play(client, tool="add_to_cart", product_id="honey", cart_id=handle) == set()
    assert quantities(ask("view_cart", {}, cart_id=handle)) == {"shop:honey": 2}
    assert isolation().state == "apart"


@pytest.mark.parametrize("policy", ["shared", "refuse"])
@pytest.mark.parametrize("client", ["claude-ai", "house-robot"])
def test_under_another_policy_each_chat_is_given_a_cart_of_its_own(play, obey, ask, settings, client, policy):
    settings.SHOPMCP_UNKEYED_CALLS = policy
    play(client, tool="add_to_cart", product_id="honey")
    assert isolation().state == ("meet" if policy == "shared" else "lose")

    obey(advice(Kind.UNKEYED, client))
    handle = cart(ask("add_to_cart", {}, product_id="shop:honey"))["cart_id"]
    assert play(client, tool="view_cart", cart_id=handle) == set()
    assert isolation().state == "lose"


def test_a_client_without_any_key_may_send_one_of_the_shop_s(play):
    play()
    (key,) = [key for key in KEYS if key in words(Kind.UNKEYED)]

    assert play(meta={key: "an id"}) == set()


@pytest.mark.parametrize("client", ["openai-mcp", "house-robot"])
@pytest.mark.parametrize("kind", [Kind.UNKEYED, Kind.MALFORMED])
@pytest.mark.parametrize("value", [7, "", None, ["chat"], "x" * 257])
def test_a_client_whose_id_is_malformed_is_never_told_that_it_sends_nothing(play, client, kind, value):
    assert play(client, {"openai/session": value}) == {"malformed_id", "unkeyed"}

    said = words(kind, client)
    assert "openai/session came, but its value cannot be used." in said
    for lie in ("sends nothing", "did not arrive", "Nothing that came", "sends no conversation id"):
        assert lie not in said
    # Text of 1 to 256 characters, as it says.
    assert play(client, {"openai/session": "x" * 256}) == set()


@pytest.mark.parametrize("policy", ["shared", "refuse"])
@pytest.mark.parametrize(("client", "value"), [("openai-mcp", None), ("openai-mcp", 7), ("house-robot", 7)])
def test_until_an_id_can_be_used_chats_get_carts_of_their_own(play, obey, ask, settings, policy, client, value):
    settings.SHOPMCP_UNKEYED_CALLS = policy
    play(client, {} if value is None else {"openai/session": value})
    obey(advice(Kind.UNKEYED, client))

    handle = cart(ask("add_to_cart", {}, product_id="shop:honey"))["cart_id"]
    assert play(client, cart_id=handle) == set()
    assert isolation().state == "lose"


def test_a_malformed_person_alone_is_no_malformed_id_of_a_chat(play):
    play(meta={"openai/subject": 7})

    assert "Nothing that came with the newest call looks like the id" in words(Kind.UNKEYED)
    assert "openai/subject came, but its value cannot be used." in words(Kind.MALFORMED)
    assert play(meta={"threadId": "a chat", "openai/subject": "dana"}) == set()


def test_beside_a_malformed_id_another_key_may_be_read(play, obey):
    meta = {"threadId": 7, "robot/chatId": "7"}
    play(meta=meta)
    obey(advice(Kind.MALFORMED))

    assert "unkeyed" not in play(meta=meta)


def rotate(play, *keys, constant=None):
    for n in range(12):
        given = play(meta=dict.fromkeys(keys, f"made up {n}") | (constant or {}))
    assert given == {"rotating_id"}


def test_a_rotating_key_of_the_settings_is_taken_out(play, obey, settings, ask):
    settings.SHOPMCP_SESSION_KEYS = ["robot/requestThread", "acme/thread"]
    rotate(play, "robot/requestThread")
    assert "The key that is read is robot/requestThread." in words(Kind.ROTATING)

    assert obey(advice(Kind.ROTATING)) == {"SHOPMCP_SESSION_KEYS": "acme/thread"}
    for n in range(12):
        assert "rotating_id" not in play(meta={"robot/requestThread": f"again {n}"})


@pytest.mark.parametrize("policy", ["shared", "refuse"])
def test_without_the_rotating_key_no_two_chats_meet(play, obey, settings, policy):
    settings.SHOPMCP_UNKEYED_CALLS, settings.SHOPMCP_SESSION_KEYS = policy, ["robot/requestThread"]
    rotate(play, "robot/requestThread")

    assert obey(advice(Kind.ROTATING)) == {"SHOPMCP_SESSION_KEYS": "", "SHOPMCP_UNKEYED_CALLS": "isolate"}
    assert isolation().state != "meet"


@pytest.mark.parametrize("listed", [[], ["sessionId"]])
@pytest.mark.parametrize("other", ["robot/chatId", "conversationId"])
def test_before_a_rotating_key_another_is_read(play, obey, settings, other, listed):
    settings.SHOPMCP_SESSION_KEYS = listed
    rotate(play, "sessionId", constant={other: "7"})

    assert obey(advice(Kind.ROTATING))["SHOPMCP_SESSION_KEYS"].split(",")[0] == other
    for n in range(12):
        assert play(meta={"sessionId": f"again {n}", other: "7"}) == set()


@pytest.mark.parametrize("kind", [Kind.ROTATING, Kind.PLACEHOLDER, Kind.SHARED, Kind.SUBJECT_CHANGED])
@pytest.mark.parametrize("listed", [[], ["threadId"]])
def test_a_built_in_key_is_never_to_be_taken_out_of_a_setting(play, settings, kind, listed):
    settings.SHOPMCP_SESSION_KEYS = listed
    now = timezone.now()
    SessionWarning.objects.create(
        kind=kind, client="house-robot", keys=["threadId"], meta_keys=["threadId"], first_at=now, last_at=now
    )

    assert advice(kind).setting == ""
    assert "out of the settings" not in words(kind)
    assert "The key that is read is threadId." in words(kind)


def test_a_client_with_a_rotating_built_in_key_has_to_send_one_value(play):
    rotate(play, "threadId")
    assert "Have the client send one value for a whole chat" in words(Kind.ROTATING)

    given = [play(meta={"threadId": "one value"}) for _ in range(5)]
    assert given[1:] == [set()] * 4
    assert play(meta={"threadId": "the next chat"}) == set()


@pytest.mark.parametrize("value", ["null", "undefined", "default", "0"])
def test_a_client_with_a_placeholder_has_to_send_another_value_for_each_chat(play, value):
    assert play(meta={"threadId": value}) == {"placeholder_id"}
    assert "Have the client send another value for each chat" in words(Kind.PLACEHOLDER)

    assert play(meta={"threadId": "chat 1"}) == play(meta={"threadId": "chat 2"}) == set()
    settle(SessionWarning.objects.get().pk, "fixed")
    assert isolation().state == "apart"


def test_a_placeholder_under_a_key_of_the_settings_goes_with_the_key(play, obey, settings):
    settings.SHOPMCP_UNKEYED_CALLS, settings.SHOPMCP_SESSION_KEYS = "shared", ["robot/thread"]
    play(meta={"robot/thread": "null"})

    obey(advice(Kind.PLACEHOLDER))
    assert play(meta={"robot/thread": "null"}) == {"unkeyed"}
    assert settings.SHOPMCP_UNKEYED_CALLS == "isolate"


def test_before_a_placeholder_another_key_is_read(play, obey):
    meta = {"threadId": "null", "robot/chatId": "7"}
    play(meta=meta)

    obey(advice(Kind.PLACEHOLDER))
    assert play(meta=meta) == set()


def test_two_people_under_one_id_each_send_one(play):
    for name in ("dana", "noam"):
        given = play(meta=person("same", name))
    assert given == {"subject_changed"}
    assert "Have the client send another value for each chat" in words(Kind.SUBJECT_CHANGED)

    assert play(meta=person("one", "dana")) == play(meta=person("another", "noam")) == set()


def test_a_cart_id_made_with_an_earlier_key_is_found_through_the_fallbacks(play, ask, settings):
    handle = cart(ask("add_to_cart", {}, product_id="shop:honey"))["cart_id"]
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another secret key of more than fifty characters, so long"
    assert play(cart_id=handle) == {"unknown_handle"}

    assert advice(Kind.UNKNOWN_HANDLE).setting.startswith("SECRET_KEY_FALLBACKS=")
    settings.SECRET_KEY_FALLBACKS = [old]
    assert play(cart_id=handle) == set()


def test_a_cart_id_that_was_mistyped_works_as_it_was_given(play, handle):
    play(cart_id=handle[:-1])
    assert "it was told to use the one it got" in words(Kind.UNKNOWN_HANDLE)

    assert play(cart_id=handle) == set()


@pytest.mark.parametrize("kept", [30, 200])
def test_carts_are_kept_for_longer(play, ask, honey, settings, kept):
    settings.SHOPMCP_KEEP_CARTS = timedelta(days=kept)

    def come_back_after(days):
        handle = cart(ask("add_to_cart", {}, product_id="shop:honey"))["cart_id"]
        then = timezone.now() - timedelta(days=days)
        Session.objects.update(last_seen_at=then)
        Cart.objects.update(updated_at=then)
        clean_up()
        return play(cart_id=handle)

    assert come_back_after(kept + 1) == {"expired_handle"}
    name, value = advice(Kind.EXPIRED_HANDLE).setting.split("=")
    assert name == "SHOPMCP_KEEP_CARTS"
    settings.SHOPMCP_KEEP_CARTS = timedelta(days=int(value.removesuffix("d")))
    assert timedelta(days=kept) < settings.SHOPMCP_KEEP_CARTS
    assert come_back_after(kept + 1) == set()


def test_a_foreign_cart_id_is_left_out(play, handle):
    meta = {"threadId": "a chat of its own"}
    assert play(meta=meta, cart_id=handle) == {"foreign_handle"}
    assert "leave cart_id out" in words(Kind.FOREIGN_HANDLE)

    assert play(meta=meta) == set()
