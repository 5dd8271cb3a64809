"""Calls that wait over HTTP: for their time, and for their client."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import monotonic
from urllib.parse import urlsplit

import pytest
from asgiref.sync import async_to_sync
from pydantic import BaseModel

from shopmcp import asgi
from shopmcp.connections import HUNG_UP
from shopmcp.mcp.call import Answer, Call
from shopmcp.mcp.endpoint import make_endpoint
from shopmcp.mcp.http import Edge
from shopmcp.mcp.resources import Resources
from shopmcp.mcp.tools import Toolbox, tool
from tests.lateness import Lateness
from tests.live import serving
from tests.rpc import dressed, rpc

THREADS = 12  # more than any lane has
ERAS = pytest.mark.parametrize("era", ["2025-06-18", "2026-07-28"])


class Done(BaseModel):
    pass


class Shop:
    """A shop whose threads for changes are all busy until `free` is set."""

    def __init__(self, monkeypatch, *, seconds):
        self.busy, self.free, self.ran = Event(), Event(), list[str]()

        def occupy(call: Call) -> Answer[Done]:
            """Occupy a thread."""
            self.busy.set()
            assert self.free.wait(20)
            return Answer("done", Done())

        def change(call: Call, name: str) -> Answer[Done]:
            """Change something."""
            self.ran.append(name)
            return Answer("done", Done())

        box = Toolbox([tool(title="Occupy")(occupy), tool(title="Change")(change)])
        endpoint = make_endpoint(box, Resources([]))
        edge = Edge(endpoint, public_url="http://127.0.0.1", allowed_hosts=["127.0.0.1"], seconds=seconds)
        monkeypatch.setattr(asgi, "edge", edge)


def occupied(shop, threads, url, era):
    held = [threads.submit(rpc, url, era, "tools/call", {"name": "occupy"}) for _ in range(THREADS)]
    assert shop.busy.wait(60)
    return held


def change(name):
    return {"name": "change", "arguments": {"name": name}}


@ERAS
def test_a_call_that_cannot_begin_in_time_is_told_so_in_words_and_never_runs(transactional_db, monkeypatch, era):
    shop = Shop(monkeypatch, seconds=1.5)
    with ThreadPoolExecutor(THREADS) as threads, serving(asgi.application, lifespan="on") as url:
        rpc(url, era, "tools/list")  # the first request of 2026-07-28 loads the SDK
        occupied(shop, threads, url, era)
        began = monotonic()
        with Lateness() as late:
            reply = rpc(url, era, "tools/call", change("late"))
        took = monotonic() - began
        shop.free.set()
        assert rpc(url, era, "tools/call", change("after")).status == 200

    assert reply.status == 200
    assert reply.json["result"]["isError"]
    assert "too much to do" in reply.json["result"]["content"][0]["text"]
    assert reply.headers["retry-after"] == "5"
    assert took < 2 + late.seconds
    assert shop.ran == ["after"]


@ERAS
def test_a_call_whose_client_hangs_up_before_it_begins_never_runs(transactional_db, monkeypatch, era):
    shop = Shop(monkeypatch, seconds=15)
    with ThreadPoolExecutor(THREADS) as threads, serving(asgi.application, lifespan="on") as url:
        occupied(shop, threads, url, era)
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": change("gone")}
        body, lines = dressed(message, era)
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        with socket.create_connection(("127.0.0.1", urlsplit(url).port)) as wire:
            wire.sendall(
                f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
            )
        shop.free.set()
        assert json.loads(rpc(url, era, "tools/call", change("after")).body)["result"]["isError"] is False

    assert shop.ran == ["after"]


@ERAS
def test_a_call_whose_client_has_gone_by_the_time_it_is_read_costs_no_work(monkeypatch, era):
    shop, sent = Shop(monkeypatch, seconds=15), []
    body, lines = dressed({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": change("gone")}, era)
    headers = [(name.lower().encode(), value.encode()) for name, value in {**lines, "host": "127.0.0.1"}.items()]

    def scope(is_gone):
        extensions = {HUNG_UP: lambda: is_gone}
        method = {"type": "http", "method": "POST", "path": "/mcp"}
        return {**method, "headers": headers, "client": None, "extensions": extensions}

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(event):
        sent.append(event)

    async_to_sync(asgi.edge)(scope(True), receive, send)
    assert (shop.ran, sent[0]["status"]) == ([], 408)

    async_to_sync(asgi.edge)(scope(False), receive, send)
    assert shop.ran == ["gone"]
