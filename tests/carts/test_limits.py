"""What one conversation and one network may do; nobody is refused for what another did."""

from collections import Counter

import pytest
from asgiref.sync import async_to_sync
from mcp.client import Client
from mcp.shared.exceptions import MCPError

from carts import limits
from carts.conversation import Conversation, conversation_of
from carts.models import CallRecord, Cart, Session
from shopmcp import disk, metrics, throttle
from shopmcp.composition import endpoint
from shopmcp.errors import TooMany
from shopmcp.mcp.call import Call
from shopmcp.network import caller_network
from shopmcp.throttle import Rate
from tests.carts.answers import cart, error, quantities, text

STRANGE = "Too many calls come from this network without a conversation that the shop knows."


@pytest.fixture
def clock(monkeypatch):
    """Stand still; a test moves on by adding seconds."""
    now = [1000.0]
    monkeypatch.setattr(throttle, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def come_from():
    """Let the following calls come from this network."""
    before = caller_network.get()
    yield caller_network.set
    caller_network.set(before)


@pytest.fixture
def full_disk(monkeypatch):
    monkeypatch.setattr(disk, "is_low", lambda: True)


def metrics_of(limit):
    """How many refusals of the limit were counted for Prometheus."""
    series = f'shopmcp_limits_hit_total{{limit="{limit}"}} '
    lines = [line for line in metrics.exposed().decode().splitlines() if line.startswith(series)]
    return float(lines[0].removeprefix(series)) if lines else 0.0


def who(session):
    return conversation_of(Call("view_cart", {"openai/session": session}))


def test_one_call_too_many_of_a_conversation_is_refused_in_words_and_changes_nothing(clock, call_tool, honey, settings):
    settings.SHOPMCP_SESSION_CALLS = Rate(1, 2)
    call_tool("add_to_cart", product_id="shop:honey")
    call_tool("add_to_cart", product_id="shop:honey")

    refused = call_tool("add_to_cart", product_id="shop:honey")

    assert (error(refused)["code"], error(refused)["retry_after"]) == ("too_many_requests", 1)
    assert text(refused).endswith("Wait 1 second, then go on. The cart is unchanged.")
    assert (Cart.objects.get().version, CallRecord.objects.count()) == (2, 2)
    assert not call_tool("add_to_cart", session="another", product_id="shop:honey").is_error
    clock[0] += 1
    assert quantities(call_tool("view_cart")) == {"shop:honey": 2}


def test_calls_by_a_cart_id_count_for_its_session_and_made_up_ones_do_not(clock, ask, handle, settings):
    settings.SHOPMCP_SESSION_CALLS = Rate(1, 2)
    for _ in range(5):
        ask("view_cart", {}, cart_id=handle[:-1] + "x")
    ask("view_cart", {}, cart_id=handle)
    ask("view_cart", {}, cart_id=f" {handle}")

    assert error(ask("view_cart", {}, cart_id=handle))["code"] == "too_many_requests"


def exhaust(buckets, name):
    while not buckets.take(name):
        pass


def test_a_known_conversation_is_answered_however_much_comes_from_its_network(
    clock, call_tool, ask, honey, handle, come_from
):
    call_tool("add_to_cart", session="known", product_id="shop:honey")
    come_from("203.0.113.7")
    exhaust(limits.strangers, "203.0.113.7")

    assert not call_tool("view_cart", session="known").is_error
    assert not call_tool("search_products", session="known", query="honey").is_error
    assert not ask("view_cart", {}, cart_id=handle).is_error
    stranger = call_tool("search_products", session="made up", query="honey")
    assert error(stranger)["code"] == error(ask("search_products", {}, query="honey"))["code"] == "too_many_requests"
    come_from("203.0.113.8")
    assert not ask("search_products", {}, query="honey").is_error
    assert not call_tool("search_products", session="made up", query="honey").is_error


def test_a_conversation_that_this_process_has_not_met_is_looked_up_before_it_is_refused(
    call_tool, honey, come_from, clock
):
    Session.objects.create(public_id="s_a", digest=who("of another worker").digests[0], source="openai/session")
    come_from("203.0.113.7")
    exhaust(limits.strangers, "203.0.113.7")

    assert not call_tool("search_products", session="of another worker", query="honey").is_error


@async_to_sync
async def read_stores():
    async with Client(endpoint.server, mode="2026-07-28") as client:
        return await client.read_resource("shop://stores")


def test_requests_for_resources_count_for_their_network(db, clock, come_from):
    come_from("192.0.2.1")
    exhaust(limits.strangers, "192.0.2.1")

    with pytest.raises(ExceptionGroup) as raised:
        read_stores()

    refusal: BaseException = raised.value
    while isinstance(refusal, ExceptionGroup):
        (refusal,) = refusal.exceptions
    assert isinstance(refusal, MCPError)
    assert str(refusal) == STRANGE + " Wait 1 second, then go on."
    assert refusal.error.data == {"retry_after": 1}
    come_from("192.0.2.2")
    assert read_stores().contents


def test_a_network_that_floods_leaves_new_carts_to_the_others(db, settings, clock):
    """Twenty minutes of 20 made-up ids a second beside ten new chats a minute."""
    refused: Counter[str] = Counter()
    made: Counter[str] = Counter()

    def come(network, n):
        try:
            limits.admit_session(who(f"{network} {n}"), network, keyed=True)
            made[network] += 1
        except TooMany:
            refused[network] += 1

    for second in range(1200):
        for n in range(20):
            come("flood", n)
        if second % 6 == 0:
            come("shop window", second)
        clock[0] += 1

    assert (made["shop window"], refused["shop window"]) == (200, 0)
    # One network alone, as behind a tunnel, has all but the fifth that is kept.
    assert 0.9 < made["flood"] / (5000 * 0.8 + 5 * 1200) <= 1


def test_networks_that_made_few_come_before_those_that_made_some(db, settings, clock):
    settings.SHOPMCP_NEW_SESSIONS = Rate(0.001, 1000)
    for _ in range(790):
        limits.admit_session(Conversation(""), "flood", keyed=True)
    for network in range(8):
        for _ in range(10):
            limits.admit_session(Conversation(""), f"network {network}", keyed=True)

    with pytest.raises(TooMany) as refusal:
        limits.admit_session(Conversation(""), "flood", keyed=True)

    assert (refusal.value.retry_after or 0) > 60
    limits.admit_session(Conversation(""), "network 1", keyed=True)
    limits.admit_session(Conversation(""), "newcomer", keyed=True)


def test_too_many_new_carts_are_refused_in_words_and_none_is_made(call_tool, honey, settings, clock):
    settings.SHOPMCP_NEW_SESSIONS = Rate(1, 1)
    call_tool("add_to_cart", session="first", product_id="shop:honey")

    refused = call_tool("add_to_cart", session="second", product_id="shop:honey")
    assert error(refused)["code"] == "too_many_requests"
    assert error(refused)["retry_after"] == 1

    assert (Session.objects.count(), CallRecord.objects.count()) == (1, 1)
    assert quantities(call_tool("view_cart", session="first")) == {"shop:honey": 1}


def test_browsing_goes_on_where_no_more_sessions_may_be_made(call_tool, honey, settings, clock):
    settings.SHOPMCP_NEW_SESSIONS = Rate(1, 1)
    call_tool("search_products", session="first", query="honey")

    assert cart(call_tool("search_products", session="second", query="honey"))["total"] == 1

    assert list(CallRecord.objects.order_by("id").values_list("session", flat=True)) == [Session.objects.get().pk, None]


def test_new_carts_of_chats_without_an_id_count_by_network(ask, honey, settings, clock, come_from):
    settings.SHOPMCP_NEW_UNKEYED = Rate(1, 1)
    come_from("203.0.113.7")
    first = cart(ask("add_to_cart", {}, product_id="shop:honey"))["cart_id"]

    refused = ask("add_to_cart", {}, product_id="shop:honey")

    assert "pass it: then no new cart is needed" in text(refused)
    assert Session.objects.count() == 1
    assert not ask("add_to_cart", {}, product_id="shop:honey", cart_id=first).is_error
    assert not ask("add_to_cart", {"openai/session": "a"}, product_id="shop:honey").is_error
    come_from("203.0.113.8")
    assert not ask("add_to_cart", {}, product_id="shop:honey").is_error


def test_the_shared_session_is_made_whatever_the_limits(ask, honey, settings, clock):
    settings.SHOPMCP_UNKEYED_CALLS = "shared"
    settings.SHOPMCP_NEW_SESSIONS = settings.SHOPMCP_NEW_UNKEYED = Rate(1, 1)
    exhaust(limits.new_sessions, "all")

    assert not ask("add_to_cart", {}, product_id="shop:honey").is_error


def test_a_nearly_full_disk_takes_no_new_carts_and_changes_the_old_ones(call_tool, ask, honey, monkeypatch):
    call_tool("add_to_cart", session="old", product_id="shop:honey")
    monkeypatch.setattr(disk, "is_low", lambda: True)

    before = metrics_of("disk")
    for session in ("new", None):
        refused = call_tool("add_to_cart", session=session, product_id="shop:honey")
        assert error(refused)["code"] == "disk_full"
        assert "starts no new carts" in text(refused)
    assert metrics_of("disk") >= before + 2
    assert not call_tool("search_products", session="new", query="honey").is_error

    assert quantities(call_tool("add_to_cart", session="old", product_id="shop:honey")) == {"shop:honey": 2}
    assert (Session.objects.count(), CallRecord.objects.count()) == (1, 1)


def test_records_of_a_conversation_are_bounded(call_tool, honey, clock):
    call_tool("view_cart")
    exhaust(limits.records_of_session, who("chat-1").digests[0])

    assert not call_tool("view_cart").is_error

    assert CallRecord.objects.count() == 1
    call_tool("view_cart", session="another")
    assert CallRecord.objects.count() == 2


def test_refusals_are_logged_once_a_minute(db, settings, caplog, clock, monkeypatch):
    settings.SHOPMCP_NEW_SESSIONS = Rate(1, 1)
    limits.tell_again()
    moment = [5000.0]
    monkeypatch.setattr(limits, "monotonic", lambda: moment[0])

    def refuse():
        with pytest.raises(TooMany):
            while True:
                limits.admit_session(Conversation(""), "203.0.113.7", keyed=True)

    for _ in range(3):
        refuse()
        moment[0] += 1000 if _ == 1 else 0
    lines = [record.getMessage() for record in caplog.records if record.name == "shopmcp.limits"]

    assert len(lines) == 2
