"""Calls whose client hangs up before it has the answer: over HTTP, in both eras of the protocol."""

import asyncio
import socket
from datetime import timedelta
from threading import Event
from urllib.parse import urlsplit

import pytest
from django.db import transaction

from carts import telling, unanswered
from carts.caller import Caller
from carts.models import Cart, Change, Session
from carts.schemas import CartOut
from carts.services import carts
from carts.services.ordering import tell_chat
from carts.services.saving import locked_cart
from carts.tools import add_to_cart, clear_cart, debug_session, update_cart_item, view_cart
from catalog.tools import get_product, list_stores, search_products
from orders.tools import get_checkout_link, list_orders
from shopmcp import asgi, composition
from shopmcp.mcp.call import Answer, Call
from shopmcp.mcp.endpoint import make_endpoint
from shopmcp.mcp.http import Edge
from shopmcp.mcp.resources import Resources
from shopmcp.mcp.tools import Toolbox, tool
from tests.live import serving
from tests.rpc import MODERN, dressed, rpc

KEYED = {"openai/session": "hangs up"}
HONEY = {"product_id": "shop:honey"}
SAID = "Your last call was not answered, but it was done: Honey: 0 → 1. Do not repeat it."
SECONDS = 10
TOOLS = [
    add_to_cart,
    update_cart_item,
    view_cart,
    clear_cart,
    debug_session,
    list_orders,
    get_checkout_link,
    list_stores,
    search_products,
    get_product,
]


class Shop:
    """A shop behind real HTTP in which a client can hang up during its call, or just before its answer."""

    def __init__(self, url, era):
        self.url, self.era = url, era
        self.begun, self.is_losing, self.kept = Event(), False, Event()

    def ask(self, name, arguments=None, meta=KEYED):
        params = {"name": name, "arguments": arguments or {}, "_meta": meta}
        result = rpc(self.url, self.era, "tools/call", params).json["result"]
        assert not result["isError"], result
        return result

    def cart(self, *args):
        return self.ask(*args)["structuredContent"]

    def hang_up(self, name, arguments, meta=KEYED):
        """Call, and close the connection once the call has come as far as the test wants it."""
        self.begun.clear()
        self.kept.clear()
        self.is_losing = True
        params = {"name": name, "arguments": arguments, "_meta": meta}
        body, lines = dressed({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}, self.era)
        head = "".join(f"{line}: {value}\r\n" for line, value in lines.items())
        with socket.create_connection(("127.0.0.1", urlsplit(self.url).port)) as wire:
            wire.sendall(
                f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
            )
            assert self.begun.wait(SECONDS)
        assert self.kept.wait(SECONDS)
        self.is_losing = False

    def add_slowly(self, call: Call, product_id: str) -> Answer[CartOut]:
        """Add a product, and stay in its transaction until the client has gone."""
        with locked_cart(Caller(call)) as cart:
            outcome = carts.add_items(cart, [(product_id, 1)])
            self.begun.set()
            while call.wait is not None and not call.wait.is_gone:
                self.kept.wait(0.01)
        return Answer(str(outcome.version), CartOut.model_construct())

    async def record(self, call, outcome, seconds):
        """Between the commit and the answer: wait until the client has gone."""
        if self.is_losing:
            self.begun.set()
            while not call.wait.is_gone:
                await asyncio.sleep(0.005)
            if call.notes.told is None:
                self.kept.set()

    async def keep(self, call):
        await composition.toolbox.keep(call)
        self.kept.set()


@pytest.fixture(params=["2025-06-18", MODERN])
def shop(request, shared_database, honey, tea, monkeypatch):
    shop = Shop("", request.param)
    box = Toolbox(
        [*TOOLS, tool(title="Add slowly")(shop.add_slowly)], untold=telling.untold, record=shop.record, keep=shop.keep
    )
    edge = Edge(
        make_endpoint(box, Resources([])), public_url="http://127.0.0.1", allowed_hosts=["127.0.0.1"], seconds=SECONDS
    )
    monkeypatch.setattr(asgi, "edge", edge)
    with serving(asgi.application, lifespan="on") as url:
        shop.url = url
        yield shop


def codes(cart):
    return [notice["code"] for notice in cart.get("notices", [])]


def test_a_client_that_hangs_up_before_the_commit_takes_its_call_back_in_2026_alone(shop):
    shop.hang_up("add_slowly", HONEY)

    cart = shop.cart("view_cart")
    if shop.era == MODERN:
        assert (cart["item_count"], codes(cart)) == (0, [])
        assert not Change.objects.exists()
    else:
        assert cart["item_count"] == 1
        assert cart["notices"] == [{"code": "unanswered", "text": SAID}]


def test_what_was_done_without_an_answer_is_told_until_the_answer_of_a_write_has_carried_it(shop):
    shop.hang_up("add_to_cart", HONEY)

    for _ in range(2):
        seen = shop.ask("view_cart")
        assert seen["structuredContent"]["notices"] == [{"code": "unanswered", "text": SAID}]
        assert SAID in seen["content"][0]["text"]
    added = shop.cart("add_to_cart", {"product_id": "shop:tea"})
    assert (codes(added), added["version"]) == (["unanswered"], 2)
    assert codes(shop.cart("view_cart")) == []
    assert Session.objects.get().unanswered is None


def test_the_very_same_call_gets_the_answer_that_was_lost_and_the_next_one_counts(shop):
    shop.hang_up("add_to_cart", HONEY)

    again = shop.cart("add_to_cart", HONEY)
    assert (again["changes"], again["version"], again["item_count"]) == (["Honey: 0 → 1"], 1, 1)
    assert codes(again) == []
    assert codes(shop.cart("view_cart")) == []

    once_more = shop.cart("add_to_cart", HONEY)
    assert (once_more["changes"], once_more["version"]) == (["Honey: 1 → 2"], 2)
    assert Change.objects.count() == 2


def test_an_answer_that_is_lost_again_is_given_again(shop):
    for _ in range(3):
        shop.hang_up("add_to_cart", HONEY)

    assert shop.cart("add_to_cart", HONEY)["item_count"] == 1
    assert Change.objects.count() == 1


def test_an_answer_that_was_handed_over_is_never_given_again(shop):
    shop.ask("add_to_cart", HONEY)

    assert shop.cart("add_to_cart", HONEY)["changes"] == ["Honey: 1 → 2"]


@pytest.mark.parametrize("other", [{"product_id": "shop:tea"}, {**HONEY, "quantity": 2}, {**HONEY, "request_id": "r"}])
def test_another_call_is_done_and_tells_of_the_lost_one(shop, other):
    shop.hang_up("add_to_cart", HONEY)

    added = shop.cart("add_to_cart", other)

    assert (added["version"], codes(added)) == (2, ["unanswered"])


def test_after_ten_seconds_the_same_call_is_a_new_one_which_tells_of_the_lost_one(shop, monkeypatch):
    assert timedelta(seconds=10) == unanswered.REPEATED_WITHIN
    monkeypatch.setattr(unanswered, "REPEATED_WITHIN", timedelta(0))
    shop.hang_up("add_to_cart", HONEY)

    added = shop.cart("add_to_cart", HONEY)

    assert (added["changes"], codes(added)) == (["Honey: 1 → 2"], ["unanswered"])


def test_a_request_id_repeats_its_answer_at_any_time_and_then_nothing_is_untold(shop, monkeypatch):
    monkeypatch.setattr(unanswered, "REPEATED_WITHIN", timedelta(0))
    shop.hang_up("add_to_cart", {**HONEY, "request_id": "r1"})

    again = shop.cart("add_to_cart", {**HONEY, "request_id": "r1"})

    assert (again["changes"], again["version"], again["item_count"]) == (["Honey: 0 → 1"], 1, 1)
    assert codes(shop.cart("view_cart")) == []


def test_notices_that_a_lost_answer_told_are_told_again(shop, make_product):
    make_product("Last cup", stock=1)
    shop.hang_up("add_to_cart", {"product_id": "shop:last-cup", "quantity": 5})

    assert codes(shop.cart("view_cart")) == ["unanswered", "stock"]


@pytest.mark.parametrize(
    ("name", "given"), [("view_cart", {}), ("list_orders", {}), ("list_stores", {}), ("add_to_cart", HONEY)]
)
def test_news_that_one_answer_tells_are_told_by_the_next_one_if_it_was_lost(shop, name, given):
    shop.ask("add_to_cart", HONEY)
    shop.ask("list_stores")
    with transaction.atomic():
        tell_chat(Session.objects.get().pk, "order_ready", "Order 1 is ready.")
    for _ in range(2):
        shop.hang_up(name, given)

    seen = [shop.ask("view_cart")["content"][0]["text"] for _ in range(2)]
    assert ["Order 1 is ready." in text for text in seen] == [True, False]


@pytest.mark.parametrize("name", ["view_cart", "list_orders", "list_stores", "get_checkout_link"])
def test_news_that_one_answer_tells_are_told_once(shop, name):
    shop.ask("add_to_cart", HONEY)
    shop.ask("list_stores")
    with transaction.atomic():
        tell_chat(Session.objects.get().pk, "order_ready", "Order 1 is ready.")

    seen = [shop.ask(name)["content"][0]["text"] for _ in range(2)]
    assert ["Order 1 is ready." in text for text in seen] == [True, False]


def test_a_chat_that_passes_its_cart_id_has_all_this_too(shop):
    known = {"cart_id": shop.cart("add_to_cart", {"product_id": "shop:tea"}, {})["cart_id"]}
    shop.hang_up("add_to_cart", HONEY | known, {})
    assert codes(shop.cart("view_cart", known, {})) == ["unanswered"]

    again = shop.cart("add_to_cart", HONEY | known, {})

    assert (again["changes"], again["version"], again["item_count"]) == (["Honey: 0 → 1"], 2, 2)


def test_two_chats_without_an_id_never_meet_however_equal_their_calls_are(shop):
    call = {**HONEY, "request_id": "r1"}
    shop.hang_up("add_to_cart", call, {})

    second = shop.cart("add_to_cart", call, {})

    assert (second["version"], second["item_count"], codes(second)) == (1, 1, [])
    assert Cart.objects.count() == 2
    assert not Session.objects.exclude(unanswered=None).exists()


@pytest.mark.parametrize("meta", [{}, {"threadId": "null"}], ids=["the shared cart", "a placeholder"])
def test_chats_that_can_meet_get_no_answer_of_another_and_hear_of_none(shop, settings, meta):
    settings.SHOPMCP_UNKEYED_CALLS = "shared"
    shop.hang_up("add_to_cart", HONEY, meta)

    added = shop.cart("add_to_cart", HONEY, meta)

    assert added["changes"] == ["Honey: 1 → 2"]
    assert "unanswered" not in codes(added)


def test_the_next_answer_tells_it_in_its_own_language(shop):
    shop.hang_up("add_to_cart", HONEY)

    seen = shop.ask("view_cart", {}, KEYED | {"openai/locale": "he"})

    assert "Honey: 0 → 1" in seen["content"][0]["text"]
    assert "הקריאה האחרונה" in seen["content"][0]["text"]


BROWSING: list[tuple[str, dict[str, str]]] = [
    ("list_stores", {}),
    ("search_products", {"query": "tea"}),
    ("get_product", {"product_id": "shop:tea"}),
]
OTHERS: list[tuple[str, dict[str, str]]] = [("debug_session", {}), ("list_orders", {}), ("get_checkout_link", {})]


def test_the_next_answer_tells_it_whichever_tool_gives_it_and_each_refusal_does_too(shop):
    for name, arguments in (*BROWSING, *OTHERS):
        meta = {"openai/session": f"hangs up before {name}"}
        shop.ask("search_products", {"query": "tea"}, meta)
        shop.hang_up("add_to_cart", HONEY, meta)

        told = shop.ask(name, arguments, meta)
        assert told["content"][0]["text"].count(SAID) == 1
        if name == "search_products":
            assert told["structuredContent"]["notices"] == [{"code": "unanswered", "text": SAID}]

    for name in ("get_product", "update_cart_item"):
        meta = {"openai/session": f"hangs up before a refusal of {name}"}
        shop.hang_up("add_to_cart", HONEY, meta)
        params = {"name": name, "arguments": {"product_id": "ghost", "quantity": 1}, "_meta": meta}
        refused = rpc(shop.url, shop.era, "tools/call", params).json["result"]
        assert refused["isError"] and SAID in refused["content"][0]["text"]


def test_browsing_tells_it_once_and_the_cart_still_until_a_write_has_carried_it(shop):
    def told():
        return [SAID in shop.ask(*call)["content"][0]["text"] for call in BROWSING]

    for _ in range(2):
        shop.hang_up("add_to_cart", HONEY)
        assert told() == [True, False, False]
        assert codes(shop.cart("view_cart")) == ["unanswered"]
        assert "unanswered" in codes(shop.cart("clear_cart"))
    assert told() == [False] * 3


def test_only_the_browsing_of_its_own_conversation_and_person_tells_it(shop):
    def told(meta, **arguments):
        return SAID in shop.ask("search_products", {"query": "tea", **arguments}, meta)["content"][0]["text"]

    first = KEYED | {"openai/subject": "one"}
    shop.hang_up("add_to_cart", HONEY, first)
    assert not any(map(told, ({}, {"openai/session": "another"}, KEYED | {"openai/subject": "two"})))
    assert told(first)

    known = {"cart_id": shop.cart("add_to_cart", {"product_id": "shop:tea"}, {})["cart_id"]}
    shop.hang_up("add_to_cart", HONEY | known, {})
    assert not told({})
    assert told({}, **known)


def test_two_answers_that_were_lost_in_a_row_are_both_told_and_given_again(shop):
    shop.hang_up("add_to_cart", HONEY)
    shop.hang_up("add_to_cart", {"product_id": "shop:tea"})

    seen = shop.cart("view_cart")
    assert (seen["item_count"], codes(seen)) == (2, ["unanswered", "unanswered"])
    assert shop.cart("add_to_cart", HONEY)["changes"] == ["Honey: 0 → 1"]
    assert shop.cart("add_to_cart", {"product_id": "shop:tea"})["changes"] == ["Tea: 0 → 1"]
    after = shop.cart("view_cart")
    assert (after["item_count"], codes(after)) == (2, [])
