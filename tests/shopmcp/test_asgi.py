"""The application as uvicorn runs it."""

import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event, Semaphore
from unittest.mock import AsyncMock
from urllib.parse import urlsplit

import pytest
from asgiref.sync import async_to_sync
from mcp.server import Server
from mcp.types import CallToolResult, TextContent
from pydantic import BaseModel

from analytics.services import STEP
from shopmcp import asgi
from shopmcp.db.workers import lanes
from shopmcp.later import Later
from shopmcp.mcp.call import Answer, Call
from shopmcp.mcp.endpoint import Endpoint, make_endpoint
from shopmcp.mcp.http import Edge
from shopmcp.mcp.kernel import Kernel
from shopmcp.mcp.resources import Resources, resource
from shopmcp.mcp.tools import Toolbox, tool
from tests.live import serving
from tests.rpc import rpc, send

# The server marks the shop as running in the database.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def url(transactional_db):
    with serving(asgi.application, lifespan="on") as address:
        yield address


@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
def test_a_browser_gets_a_page_that_explains_the_address_and_is_told_that_it_takes_post(url, path):
    opened = send(url, method="GET", path=path, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})

    assert (opened.status, opened.headers["allow"]) == (405, "POST")
    assert opened.headers["content-type"].startswith("text/html")
    assert "This address is for chats" in opened.text


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
        assert may_end.wait(60)
        return "done"

    def release(after):
        assert after.wait(60)
        may_end.set()

    async def slow(ctx, params):
        return CallToolResult(content=[TextContent(type="text", text=await lanes.run("browse", work))])

    endpoint = Endpoint(Toolbox(()), Later(lambda: Kernel(Server("slow", on_call_tool=slow))))
    edge = Edge(endpoint, public_url="http://127.0.0.1", allowed_hosts=["127.0.0.1"])
    monkeypatch.setattr(asgi, "edge", edge)

    with ThreadPoolExecutor(2) as threads:
        with serving(asgi.application, lifespan="on") as url:
            answer = threads.submit(rpc, url, None, "tools/call", {"name": "slow"})
            assert entered.wait(60)
            threads.submit(release, after=url.stopping)
        assert answer.result().json["result"]["content"][0]["text"] == "done"


class Halt:
    """Tools whose work waits, on a server that is stopped and whose grace ends meanwhile."""

    def __init__(self, monkeypatch, tools):
        self.begun, self.ended, self.go_on = [], [], Event()
        self.first, self.arrived = Event(), Semaphore(0)
        box = Toolbox(self.made(name, read_only) for name, read_only in tools.items())
        resource_kind = resource("shop://wait", title="Wait")(lambda: self.wait("resource"))
        edge = Edge(
            make_endpoint(box, Resources([resource_kind])),
            public_url="http://127.0.0.1",
            allowed_hosts=["127.0.0.1"],
        )

        async def counting(scope, receive, send):
            self.arrived.release()
            await edge(scope, receive, send)

        monkeypatch.setattr(asgi, "edge", counting)

    def wait(self, name):
        self.begun.append(name)
        self.first.set()
        assert self.go_on.wait(20)
        self.ended.append(name)
        return name

    def made(self, name, read_only):
        def work(call: Call) -> Answer[Done]:
            return Answer(self.wait(name), Done())

        work.__name__, work.__doc__ = name, "Wait."
        return tool(title="Wait", read_only=read_only)(work)

    def play(self, ask, times):
        """Ask so many times at once, stop the server, and return the answers; then let the work go on."""
        with ThreadPoolExecutor(times) as threads:
            try:
                with serving(asgi.application, lifespan="on", timeout_graceful_shutdown=0.3) as url:
                    waiting = [threads.submit(ask, url) for _ in range(times)]
                    assert self.first.wait(60)
                    assert all(self.arrived.acquire(timeout=60) for _ in range(times))
                    threads.submit(self._release, waiting)
                return [answer.result() for answer in waiting]
            finally:
                self.go_on.set()

    def _release(self, waiting):
        wait(waiting, timeout=60)
        self.go_on.set()


class Done(BaseModel):
    pass


TIMES = 30  # more than any lane has threads


@pytest.mark.parametrize("era", ["2025-06-18", "2026-07-28"])
@pytest.mark.parametrize("meta", [{}, {"progressToken": 1}], ids=["plain", "by the SDK"])
def test_changes_that_outlast_the_grace_are_told_the_truth(transactional_db, monkeypatch, era, meta):
    halt = Halt(monkeypatch, {"change": False})

    answers = halt.play(lambda url: rpc(url, era, "tools/call", {"name": "change", "_meta": meta}), TIMES)

    results = [answer.json["result"] for answer in answers]
    assert {answer.status for answer in answers} == {200}
    assert all(result["isError"] for result in results)
    texts = Counter(result["content"][0]["text"] for result in results)
    assert texts == {
        "The shop was restarted during this call, so it may have been done. "
        "Look at the cart with view_cart before you try once more.": len(halt.begun),
        "The shop is being restarted. Try again in a moment. The cart is unchanged.": TIMES - len(halt.begun),
    }
    assert halt.ended == halt.begun
    assert 0 < len(halt.begun) < TIMES


def test_reads_that_outlast_the_grace_are_told_to_try_again(monkeypatch):
    halt = Halt(monkeypatch, {"look": True})

    answers = halt.play(lambda url: rpc(url, None, "tools/call", {"name": "look"}), TIMES)

    texts = {answer.json["result"]["content"][0]["text"] for answer in answers}
    assert texts == {"The shop is being restarted. Try again in a moment."}


def test_other_requests_that_outlast_the_grace_get_an_error_of_the_protocol(monkeypatch):
    halt = Halt(monkeypatch, {})

    answers = halt.play(lambda url: rpc(url, None, "resources/read", {"uri": "shop://wait"}, id=7), TIMES)

    assert {(answer.json["id"], answer.json["error"]["message"]) for answer in answers} == {
        (7, "The server is stopping, and nothing was done. Try again in a moment.")
    }


def test_a_body_that_is_not_complete_when_the_grace_ends_is_refused_in_json_rpc(monkeypatch):
    with socket.socket() as wire:
        with serving(asgi.application, lifespan="on", timeout_graceful_shutdown=0.3) as url:
            wire.settimeout(60)
            wire.connect(("127.0.0.1", urlsplit(url).port))
            head = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            wire.sendall(f"{head}Content-Length: 100\r\nExpect: 100-continue\r\n\r\n".encode())
            assert b" 100 " in wire.recv(4096)  # the body is waited for
        said = wire.recv(4096)

    assert said.startswith(b"HTTP/1.1 503 ")
    assert b"nothing was done" in said


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
