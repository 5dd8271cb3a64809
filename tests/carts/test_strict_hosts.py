"""Hosts that make every argument required: whole purchases, in which what is not needed is filled with nothing."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from asgiref.sync import async_to_sync
from mcp.client import Client

from carts.models import Cart, Session
from shopmcp.composition import endpoint, toolbox
from tests.carts.answers import cart, quantities, text
from tests.orders.handoff.test_codes import shown
from tests.rpc import ERAS, rpc

TEXTS = ["", "null", "None", "undefined", None]
NAMED = {"openai/session": "strict"}


def strict(schema: Any) -> Any:
    """The schema as OpenAI's Agents SDK makes it: every property is required, and no other is allowed."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(part) for key, part in schema.items()}
    if schema.get("type") == "object":
        made |= {"required": list(schema.get("properties", {})), "additionalProperties": False}
    return made


def filled(schema: Any, wanted: Any, nothing: str | None) -> dict[str, Any]:
    """The arguments of a model that must name every property: `wanted`, and nothing for the others."""
    assert schema["additionalProperties"] is False
    arguments: dict[str, Any] = {}
    for name in schema["required"]:
        part = schema["properties"][name]
        of_kind = {"array": [], "boolean": False, "integer": part.get("minimum"), "number": part.get("minimum")}
        empty = part["default"] if part.get("default") else of_kind.get(part["type"], nothing)
        if part["type"] == "array" and nothing is None:
            empty = None
        arguments[name] = wanted.get(name, empty)
    return arguments


@pytest.fixture
def code(db, honey, client, call_tool):
    """A code for a cart that holds a honey."""
    call_tool("add_to_cart", session="elsewhere", product_id="shop:honey")
    link = call_tool("get_checkout_link", session="elsewhere").structured_content["url"]
    return shown(client.post(urlsplit(link).path, {"do": "code"}))


@pytest.fixture(params=TEXTS, ids=repr)
def host(request, db):
    """Call a tool as such a host does."""

    @async_to_sync
    async def call(name, meta, **wanted):
        arguments = filled(strict(toolbox.tools[name].input_schema), wanted, request.param)
        async with Client(endpoint.server, mode="2026-07-28") as client:
            return await client.call_tool(name, arguments, meta=meta)

    return call


@pytest.mark.parametrize("meta", [NAMED, {}], ids=["keyed", "by cart_id"])
def test_a_whole_purchase_works_through_every_tool(host, honey, tea, code, meta):
    played = {"get_store_info"}

    def ask(name, **wanted):
        played.add(name)
        result = host(name, meta, **wanted)
        assert not result.is_error, text(result)
        return result

    assert ask("list_stores").structured_content["stores"][0]["slug"] == "shop"
    assert ask("search_products", query="honey").structured_content["total"] == 1
    assert ask("search_products").structured_content["total"] == 2
    assert len(ask("search_products", queries=["honey", "tea"]).structured_content["groups"]) == 2
    assert ask("get_product", product_id="shop:honey").structured_content["name"] == "Honey"
    assert ask("search", query="tea").structured_content["results"][0]["id"] == "shop:tea"
    assert ask("fetch", id="shop:tea").structured_content["title"] == "Tea"
    first = cart(ask("add_to_cart", product_id="shop:honey"))
    known = {"cart_id": first["cart_id"]} if not meta else {}

    assert quantities(ask("add_to_cart", product_id="shop:honey", **known)) == {"shop:honey": 2}
    assert quantities(ask("add_to_cart", items=[{"product_id": "shop:tea", "quantity": 3}], **known))["shop:tea"] == 3
    assert quantities(ask("update_cart_item", product_id="shop:tea", quantity=1, **known))["shop:tea"] == 1
    assert quantities(ask("remove_from_cart", product_id="shop:tea", **known)) == {"shop:honey": 2}
    assert quantities(ask("undo_cart_change", **known)) == {"shop:honey": 2, "shop:tea": 1}
    assert quantities(ask("view_cart", **known)) == {"shop:honey": 2, "shop:tea": 1}
    assert ask("debug_session", **known).structured_content["isolated"]
    assert quantities(ask("add_to_cart", product_id="shop:tea", replaces="shop:honey", **known)) == {"shop:tea": 2}
    assert quantities(ask("resume_cart", code=code, **known)) == {"shop:tea": 2, "shop:honey": 1}
    assert quantities(ask("apply_coupon", code="", **known)) == {"shop:tea": 2, "shop:honey": 1}
    assert ask("get_checkout_link", **known).structured_content["scope"] == "buy"
    assert ask("list_orders", **known).structured_content["orders"] == []
    assert quantities(ask("clear_cart", **known)) == {}
    assert Session.objects.count() == Cart.objects.count() == 2
    # Nobody is signed in here.
    assert played == set(toolbox.tools) - {"link_account"}


def test_each_empty_call_without_an_id_starts_a_cart_of_its_own(host, honey):
    carts = [cart(host("add_to_cart", {}, product_id="shop:honey")) for _ in range(2)]

    assert [answer["item_count"] for answer in carts] == [1, 1]
    assert carts[0]["cart_id"] != carts[1]["cart_id"]


def test_an_empty_cart_id_leaves_a_chat_on_the_shared_cart_with_its_warning(host, honey, settings):
    settings.SHOPMCP_UNKEYED_CALLS = "shared"

    host("add_to_cart", {}, product_id="shop:honey")
    answered = host("add_to_cart", {}, product_id="shop:honey")

    assert quantities(answered) == {"shop:honey": 2}
    assert "shares one cart with every other such chat" in text(answered)


@pytest.mark.parametrize("nothing", [*TEXTS[1:], "", " null "], ids=repr)
def test_nothing_as_a_request_id_makes_each_call_a_change_of_its_own(call_tool, honey, nothing):
    for _ in range(2):
        answered = call_tool("add_to_cart", product_id="shop:honey", request_id=nothing)

    assert quantities(answered) == {"shop:honey": 2}


@pytest.mark.parametrize("nothing", [*TEXTS, [], 0, "0", 0.0], ids=repr)
@pytest.mark.parametrize("tool", toolbox.listed)
def test_nothing_counts_as_absent_for_every_optional_argument_that_it_cannot_mean(tool, nothing):
    schema = toolbox.tools[tool].input_schema
    zeros = {"max_price", "min_price", "budget", "version", "limit"}
    optional = schema["properties"].keys() - set(schema.get("required", ())) - {"quantity", "in_stock_only"}
    if nothing in (0, "0"):
        optional &= zeros

    assert toolbox.tools[tool].arguments.present(dict.fromkeys(optional, nothing)) == {}


@pytest.mark.parametrize("quantity", [0, None, "", -3, "many", 99], ids=repr)
def test_a_quantity_beside_items_is_ignored(call_tool, honey, quantity):
    answered = call_tool("add_to_cart", items=[{"product_id": "shop:honey", "quantity": 2}], quantity=quantity)

    assert quantities(answered) == {"shop:honey": 2}


@pytest.mark.parametrize("items", [[{"product_id": 1001, "quantity": 2}], [{"product_id": 1001}] * 2])
def test_a_number_may_name_a_product(call_tool, make_product, items):
    make_product("Mug", sku="1001")

    assert quantities(call_tool("add_to_cart", product_id=1001)) == {"shop:1001": 1}
    assert quantities(call_tool("add_to_cart", items=items)) == {"shop:1001": 3}
    assert call_tool("get_product", product_id=1001).structured_content["product_id"] == "shop:1001"
    assert call_tool("search_products", query=1001).structured_content["total"] == 1


@pytest.mark.parametrize("era", ERAS, ids=str)
def test_the_arguments_may_come_as_json_text(live_shop, era):
    meta = {"openai/session": f"json text in {era}"}
    wanted = json.dumps({"items": json.dumps([{"product_id": "shop:honey"}]), "request_id": ""})

    def ask(name, arguments, meta):
        return rpc(live_shop.url, era, "tools/call", {"name": name, "arguments": arguments, "_meta": meta})

    added = ask("add_to_cart", wanted, meta).json["result"]
    assert added["structuredContent"]["item_count"] == 1
    # With a token for progress the SDK's kernel reads the call.
    for nothing in ("", " ", "null", "{}"):
        seen = ask("view_cart", nothing, meta | {"progressToken": "p"}).json["result"]
        assert seen["structuredContent"]["item_count"] == 1
