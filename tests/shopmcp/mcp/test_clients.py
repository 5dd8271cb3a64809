"""The SDK's own client against a real server process, in both eras of the protocol; and many clients at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import async_to_sync
from mcp.client import Client

from shopmcp.composition import toolbox
from tests.rpc import ERAS, rpc

MODES = ["legacy", "2026-07-28", "auto"]


def connected(live_shop, mode, work):
    """Run a coroutine function with the client, connected."""

    @async_to_sync
    async def run():
        async with Client(live_shop.mcp_url, mode=mode) as client:
            return await work(client)

    return run()


@pytest.mark.parametrize("mode", MODES)
def test_the_client_lists_and_calls_tools_over_http(live_shop, mode):
    async def buy(client):
        meta = {"openai/session": f"shopping in {mode}"}
        tools = (await client.list_tools()).tools
        await client.call_tool("add_to_cart", {"product_id": "shop:honey", "quantity": "2"}, meta=meta)
        return tools, await client.call_tool("view_cart", {}, meta=meta)

    tools, cart = connected(live_shop, mode, buy)

    assert [tool.name for tool in tools] == list(toolbox.listed)
    assert not cart.is_error
    assert cart.structured_content["item_count"] == 2


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_client_that_asks_is_told_who_serves_it(live_shop, mode):
    async def introduce(client):
        return client.server_info, client.instructions

    info, instructions = connected(live_shop, mode, introduce)

    assert info.name == "shopmcp"
    assert "search_products" in instructions


@pytest.mark.parametrize("mode", MODES)
def test_a_refusal_reaches_the_client_in_words(live_shop, mode):
    async def ask(client):
        return await client.call_tool("get_product", {"product_id": "shop:ghost"})

    result = connected(live_shop, mode, ask)

    assert result.is_error
    assert result.structured_content["error"]["code"] == "not_found"


@pytest.mark.parametrize("mode", MODES)
def test_resources_are_offered_and_no_prompts(live_shop, mode):
    async def look(client):
        return await client.list_prompts(), await client.list_resources(), await client.list_resource_templates()

    prompts, resources, templates = connected(live_shop, mode, look)

    assert prompts.prompts == []
    uris = [resource.uri for resource in resources.resources]
    assert uris[:2] == ["shop://stores", "shop://store/shop"]
    assert [uri.split("/")[3] for uri in uris[2:]] == ["products", "product", "cart"]
    assert len(templates.resource_templates) == 3


def test_conversations_keep_apart_in_every_revision_and_across_them(live_shop):
    for number, era in enumerate(ERAS, start=1):
        params = {"name": "add_to_cart", "arguments": {"product_id": "shop:honey", "quantity": number}}
        for conversation in (f"of {era}", "of all"):
            rpc(live_shop.url, era, "tools/call", params | {"_meta": {"openai/session": conversation}})

    def items(conversation, era):
        params = {"name": "view_cart", "arguments": {}, "_meta": {"openai/session": conversation}}
        return rpc(live_shop.url, era, "tools/call", params).json["result"]["structuredContent"]["item_count"]

    assert [items(f"of {era}", era) for era in ERAS] == [1, 2, 3, 4, 5]
    assert {items("of all", era) for era in ERAS} == {15}


@pytest.mark.parametrize("era", ["2025-11-25", "2026-07-28"])
def test_200_parallel_additions_in_one_conversation_add_up(live_shop, era):
    meta = {"openai/session": f"hot in {era}"}
    params = {"name": "add_to_cart", "arguments": {"product_id": "shop:honey"}, "_meta": meta}

    with ThreadPoolExecutor(200) as threads:
        replies = list(threads.map(lambda _: rpc(live_shop.url, era, "tools/call", params), range(200)))

    assert {(reply.status, reply.json["result"].get("isError", False)) for reply in replies} == {(200, False)}
    counts = sorted(reply.json["result"]["structuredContent"]["item_count"] for reply in replies)
    assert counts == list(range(1, 201))
    assert live_shop.call_tool("view_cart", meta=meta)["structuredContent"]["lines"][0]["quantity"] == 200


def test_a_request_that_is_sent_a_hundred_times_at_once_happens_once_and_gets_one_answer(live_shop):
    meta = {"openai/session": "impatient"}
    arguments = {"product_id": "shop:honey", "request_id": "once"}
    params = {"name": "add_to_cart", "arguments": arguments, "_meta": meta}

    with ThreadPoolExecutor(16) as threads:
        replies = list(threads.map(lambda _: rpc(live_shop.url, None, "tools/call", params), range(100)))

    assert all(reply.json["result"] == replies[0].json["result"] for reply in replies)
    assert replies[0].json["result"]["structuredContent"]["item_count"] == 1
    assert live_shop.call_tool("view_cart", meta=meta)["structuredContent"]["version"] == 1


def test_first_calls_of_many_conversations_at_once_all_succeed(live_shop):
    def first(number):
        params = {"name": "add_to_cart", "arguments": {"product_id": "shop:honey"}}
        return rpc(live_shop.url, None, "tools/call", params | {"_meta": {"threadId": f"one of many {number % 50}"}})

    with ThreadPoolExecutor(100) as threads:
        replies = list(threads.map(first, range(100)))

    counts = [reply.json["result"]["structuredContent"]["item_count"] for reply in replies]
    assert sorted(counts) == [1] * 50 + [2] * 50


def test_a_cart_survives_the_power_being_cut(live_shop):
    meta = {"openai/session": "before the cut"}
    answered = live_shop.call_tool("add_to_cart", meta=meta, product_id="shop:tahini", quantity=3)["structuredContent"]

    live_shop.kill()
    live_shop.start()

    cart = live_shop.call_tool("view_cart", meta=meta)["structuredContent"]
    assert (cart["version"], cart["lines"], cart["total"]) == tuple(
        answered[key] for key in ("version", "lines", "total")
    )


@pytest.mark.parametrize("mode", MODES)
def test_the_client_is_served_in_memory_as_it_is_over_http(live_shop, call_tool, mode):
    async def look(client):
        return await client.call_tool("view_cart", {}, meta={"openai/session": "nobody yet"})

    over_http, in_memory = connected(live_shop, mode, look), call_tool("view_cart", session="nobody yet", mode=mode)

    assert not in_memory.is_error
    assert in_memory.structured_content.keys() == over_http.structured_content.keys()
