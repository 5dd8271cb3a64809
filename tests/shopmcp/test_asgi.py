"""The application as uvicorn runs it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from unittest.mock import AsyncMock

import pytest
from asgiref.sync import async_to_sync
from mcp.server import Server
from mcp.types import CallToolResult, TextContent

from analytics.services import STEP
from shopmcp import asgi
from shopmcp.db.workers import lanes
from shopmcp.mcp.http import Edge
from shopmcp.mcp.server import Endpoint
from shopmcp.mcp.tools import Toolbox
from tests.live import serving
from tests.rpc import rpc, send


@pytest.fixture(scope="module")
def url():
    with serving(asgi.application, lifespan="on") as address:
        yield address


@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
def test_mcp_answers_with_and_without_a_slash(url, path):
    assert send(url, method="GET", path=path).headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/mcpx", "/mcp/more", "//mcp", "/MCP", "/api/mcp"])
def test_everything_else_is_django_s(url, path):
    reply = send(url, method="GET", path=path)

    assert reply.status == 404
    assert "allow" not in reply.headers


def test_the_tools_of_every_app_are_served(url):
    tools = {tool["name"] for tool in rpc(url, "2025-11-25", "tools/list").json["result"]["tools"]}

    assert {"search_products", "view_cart", "add_to_cart"} <= tools


def test_no_tool_declares_a_header_of_its_own(url):
    """Then no `Mcp-Param-*` header has a meaning, and none needs to be checked."""
    assert b"x-mcp-header" not in rpc(url, "2026-07-28", "tools/list").body


def test_the_lanes_run_while_the_server_does():
    with serving(asgi.application, lifespan="on"):
        assert lanes.started
    assert not lanes.started


def test_a_call_that_is_under_way_is_answered_before_the_server_ends(monkeypatch):
    entered, may_end = Event(), Event()

    def work():
        entered.set()
        assert may_end.wait(10)
        return "done"

    def release(after):
        assert after.wait(10)
        may_end.set()

    async def slow(ctx, params):
        return CallToolResult(content=[TextContent(type="text", text=await lanes.run("browse", work))])

    endpoint = Endpoint(Server("slow", on_call_tool=slow), Toolbox(()))
    edge = Edge(endpoint, public_url="http://127.0.0.1", allowed_hosts=["127.0.0.1"])
    monkeypatch.setattr(asgi, "edge", edge)

    with ThreadPoolExecutor(2) as threads:
        with serving(asgi.application, lifespan="on") as url:
            answer = threads.submit(rpc, url, None, "tools/call", {"name": "slow"})
            assert entered.wait(10)
            threads.submit(release, after=url.stopping)
        assert answer.result().json["result"]["content"][0]["text"] == "done"


@pytest.mark.parametrize(
    ("counted", "took", "rest"),
    [(0, 0.001, 3), (STEP - 1, 0.01, 3), (STEP, 0.001, 0.1), (STEP, 0.04, 0.76), (STEP, 1, 19), (3, 1, 19)],
)
def test_counting_leaves_most_of_the_lane_to_the_chats(counted, took, rest):
    assert asgi.seconds_to_rest(counted, took) == pytest.approx(rest)


def test_a_websocket_is_turned_away():
    send = AsyncMock()

    async_to_sync(asgi.application)({"type": "websocket", "path": "/mcp"}, AsyncMock(), send)

    send.assert_awaited_once_with({"type": "websocket.close", "code": 1000})
