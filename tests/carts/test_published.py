"""What `tools/list` publishes, and that the answers keep to it."""

from typing import Any

import jsonschema
import pytest
from asgiref.sync import async_to_sync
from mcp.client import Client

from shopmcp.composition import endpoint, toolbox
from tests.carts.answers import error, text
from tests.live import ROOT

# Name, arguments in the contract's order, and the hints: read-only, destructive, idempotent.
CONTRACT = {
    "list_stores": (["store"], (True, False, True)),
    "search_products": (
        [
            "query",
            "queries",
            "category",
            "min_price",
            "max_price",
            "in_stock_only",
            "sort",
            "limit",
            "cursor",
            "store",
            "cart_id",
        ],
        (True, False, True),
    ),
    "get_product": (["product_id", "cart_id"], (True, False, True)),
    "add_to_cart": (
        ["product_id", "quantity", "items", "replaces", "budget", "cart_id", "request_id"],
        (False, False, False),
    ),
    "update_cart_item": (["product_id", "quantity", "budget", "cart_id", "request_id"], (False, False, True)),
    "remove_from_cart": (["product_id", "cart_id", "request_id"], (False, True, True)),
    "view_cart": (["cart_id"], (True, False, True)),
    "clear_cart": (["cart_id", "request_id"], (False, True, True)),
    "undo_cart_change": (["version", "cart_id", "request_id"], (False, False, False)),
    "debug_session": (["cart_id"], (True, False, True)),
    "apply_coupon": (["code", "cart_id", "request_id"], (False, False, True)),
    "get_checkout_link": (["scope", "cart_id"], (False, False, True)),
    "resume_cart": (["code", "mode", "cart_id", "request_id"], (False, False, False)),
    "list_orders": (["order", "cart_id"], (True, False, True)),
    "link_account": (["cart_id"], (False, False, True)),
}
# What a token must open, and whether the tool needs one.
OF_PEOPLE = {
    "view_cart": ({"cart"}, False),
    "resume_cart": ({"cart", "orders"}, False),
    "list_orders": ({"orders"}, False),
    "link_account": ({"cart", "orders"}, True),
}
PLAY: dict[str, dict[str, Any]] = {
    "list_stores": {},
    "search_products": {"query": "honey"},
    "get_product": {"product_id": "shop:honey"},
    "add_to_cart": {"product_id": "shop:honey", "quantity": 2},
    "update_cart_item": {"product_id": "shop:honey", "quantity": 1},
    "remove_from_cart": {"product_id": "shop:honey"},
    "undo_cart_change": {},
    "view_cart": {},
    "apply_coupon": {"code": ""},
    "get_checkout_link": {},
    "clear_cart": {},
    "debug_session": {},
}


@pytest.fixture(scope="module")
def published():
    """What `tools/list` says, by the name of the tool."""

    @async_to_sync
    async def list_tools():
        async with Client(endpoint.server, mode="2026-07-28") as client:
            return (await client.list_tools()).tools

    return {tool.name: tool for tool in list_tools()}


def test_the_contract_s_tools_come_first_and_in_the_contract_s_order(published):
    assert list(published)[: len(CONTRACT)] == list(CONTRACT)


@pytest.mark.parametrize("name", CONTRACT)
def test_arguments_and_hints_are_the_contract_s(published, name):
    tool, (arguments, hints) = published[name], CONTRACT[name]

    assert list(tool.input_schema.get("properties", {})) == arguments
    assert tool.annotations.open_world_hint is False
    assert (
        tool.annotations.read_only_hint,
        tool.annotations.destructive_hint,
        tool.annotations.idempotent_hint,
    ) == hints


@pytest.mark.parametrize("name", toolbox.listed)
def test_every_tool_has_a_title_and_a_description_that_says_when_to_use_it(published, name):
    tool = published[name]

    assert tool.title
    assert tool.annotations.title == tool.title
    assert tool.description.startswith("Use this")
    for key, words in (tool.meta or {}).items():
        assert not key.startswith("openai/toolInvocation/") or len(words) <= 64


def parts(schema):
    yield schema
    for value in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(value, dict | list):
            yield from parts(value)


@pytest.mark.parametrize("name", toolbox.listed)
def test_every_argument_is_described_and_bounded(published, name):
    schema = published[name].input_schema

    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["type"] == "object"
    for argument, part in schema.get("properties", {}).items():
        assert part.get("description"), argument
    for part in parts(schema):
        if not isinstance(part, dict) or "type" not in part:
            continue
        if part["type"] == "string" and "enum" not in part:
            assert "maxLength" in part, part
        if part["type"] in ("integer", "number"):
            assert {"minimum", "maximum"} <= part.keys(), part
        if part["type"] == "array":
            assert "maxItems" in part, part


@pytest.mark.parametrize("name", toolbox.listed)
def test_every_output_schema_allows_a_refusal_too(published, name):
    schema = published[name].output_schema

    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["type"] == "object"
    refusal = {"error": {"code": "x", "message": "x", "fix": "x", "candidates": []}}
    jsonschema.validate(refusal, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({}, schema)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_every_answer_and_refusal_fits_its_output_schema(call_tool, published, honey, mode):
    for name, arguments in PLAY.items():
        result = call_tool(name, mode=mode, **arguments)
        assert not result.is_error, text(result)
        jsonschema.validate(result.structured_content, published[name].output_schema)
        refused = call_tool(name, mode=mode, product_id=[5], limit=0, cart_id=[5], version=-1)
        if name != "list_stores":  # which has none of these
            assert error(refused)["code"] == "invalid_arguments"
            jsonschema.validate(refused.structured_content, published[name].output_schema)


def test_four_tools_gain_from_a_token_and_one_needs_it():
    told = {name: (set(tool.scopes), tool.needs_person) for name, tool in toolbox.tools.items()}

    assert {name: rule for name, rule in told.items() if rule != (set(), False)} == OF_PEOPLE


@pytest.mark.parametrize("name", toolbox.listed)
def test_every_tool_is_in_the_readme(name):
    readme = ROOT / "README.md"
    if not readme.is_file():
        pytest.skip("there is no README yet")
    assert f"`{name}`" in readme.read_text()
