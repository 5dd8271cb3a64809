"""Plain tool calls go past the SDK's kernel; nobody may be able to tell."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from mcp.shared import inbound
from mcp_types import CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY, PROTOCOL_VERSION_META_KEY
from mcp_types import jsonrpc as codes
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from shopmcp.composition import endpoint
from shopmcp.mcp import jsonrpc, plain, replies
from tests.live import GOODS
from tests.rpc import dressed

CALLS = [
    ("list_stores", {}),
    ("search_products", {"query": "cup", "limit": "2"}),
    ("search_products", {"query": "no such thing"}),
    ("search_products", {"limit": 0, "odd": 1}),
    ("get_product", {"product_id": "shop:honey"}),
    ("get_product", {"product_id": "shop:ghost"}),
    ("add_to_cart", {"product_id": "shop:gone"}),
    ("add_to_cart", {"product_id": "shop:honey", "quantity": -1}),
    ("view_cart", {}),
    ("view_cart", {"cart_id": "cart_forged"}),
    ("debug_session", {}),
    ("ghost", {}),
]
METAS = [
    {},
    {"openai/session": "plain", "openai/locale": "he-IL"},
    {"io.modelcontextprotocol/clientInfo": {"name": "odd", "version": "1", "more": [1]}},
    {"io.modelcontextprotocol/clientInfo": {"name": 3}},
    {"io.modelcontextprotocol/clientCapabilities": {"sampling": {}, "experimental": {"x": {"y": 1}}}},
    {"io.modelcontextprotocol/clientCapabilities": {"roots": {"listChanged": "odd"}}},
    {"io.modelcontextprotocol/clientCapabilities": 3},
    {"io.modelcontextprotocol/logLevel": "odd"},
    {"progressToken": "p"},
    {"progressToken": {}},
]


@pytest.fixture
def goods(db, tmp_path):
    from catalog.imports.importing import import_products

    file = tmp_path / "goods.csv"
    file.write_text(GOODS)
    import_products(file, slug="shop", currency="ILS")


def ask(message, era, endpoint=endpoint):
    body, headers = dressed(message, era)
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    reply = async_to_sync(jsonrpc.answer)(endpoint, body, lines)
    return reply.status, json.loads(reply.body)


def answering(answer):
    """The endpoint with another way to answer plain calls."""
    toolbox: Any = SimpleNamespace(perform=answer)
    return replace(endpoint, toolbox=toolbox)


async def _never(*_):
    return None


@pytest.mark.parametrize("era", ["2025-06-18", "2026-07-28"])
@pytest.mark.parametrize("meta", METAS, ids=str)
def test_a_plain_call_is_answered_as_the_kernel_would(goods, era, meta):
    for name, arguments in CALLS:
        params = {"name": name, "arguments": arguments, "_meta": meta}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}

        answered = ask(message, era)
        assert ask(message, era, answering(_never)) == answered


@pytest.mark.parametrize("era", ["2025-06-18", "2026-07-28"])
def test_a_fault_beside_the_tool_is_logged_and_never_shown(era, caplog):
    async def fail(*_):
        raise RuntimeError("a secret of the shop")

    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "view_cart"}}

    status, answer = ask(message, era, answering(fail))

    assert (status, answer["error"]) == (200, {"code": -32603, "message": "Internal server error"})
    assert "a secret of the shop" in caplog.text


def test_what_is_known_of_the_protocol_without_the_sdk_is_what_the_sdk_knows():
    assert jsonrpc.HANDSHAKE_VERSIONS == HANDSHAKE_PROTOCOL_VERSIONS
    assert jsonrpc.VERSION_HEADER == inbound.MCP_PROTOCOL_VERSION_HEADER
    keys = (PROTOCOL_VERSION_META_KEY, CLIENT_INFO_META_KEY, CLIENT_CAPABILITIES_META_KEY)
    assert keys == (plain.VERSION_KEY, plain.CLIENT_KEY, plain.CAPABILITIES_KEY)
    for name in ("PARSE_ERROR", "INVALID_REQUEST", "INTERNAL_ERROR"):
        assert getattr(replies, name) == getattr(codes, name)
