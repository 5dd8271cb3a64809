"""A real HTTP server in a thread, and a client that sends exactly what it is told."""

import json
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from threading import Event, Thread
from urllib.parse import urlsplit

import uvicorn
from mcp.shared.inbound import encode_header_value

from tests.live import LiveServer

GOODS = """sku,name,category,price,stock,image,url,description
honey,"Honey, ""wild"" 1 ק""ג",Pantry,24.90,,https://example.com/honey.png,https://example.com/honey,From the hills.
tahini,טחינה גולמית,Pantry,18.50,,,,
last,Last <b>cup</b>,Kitchen,9.90,3,,,
gone,Sold-out cup,Kitchen,9.90,0,,,
unpriced,Cup without a price,Kitchen,,,,,
"""
JSON_HEADERS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
ERAS = ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28", None]
MODERN = "2026-07-28"
_ENVELOPE = "io.modelcontextprotocol/"


class Address(str):
    """Where a server answers; `stopping` is set when it begins to stop."""

    stopping: Event


class _Server(uvicorn.Server):
    def __init__(self, config):
        super().__init__(config)
        self.ready, self.stopping = Event(), Event()

    async def startup(self, sockets=None):
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets=None):
        self.stopping.set()
        await super().shutdown(sockets)


@contextmanager
def serving(app, *, lifespan="off"):
    """Serve an ASGI application for as long as the block runs; gives its address."""
    server = _Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan=lifespan))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            assert server.ready.wait(10)
            address = Address(f"http://127.0.0.1:{listening.getsockname()[1]}")
            address.stopping = server.stopping
            yield address
        finally:
            server.should_exit = True
            thread.join(20)


@contextmanager
def shop(data_dir, **env):
    """Run `manage.py serve` with a store `shop` of these goods; of `shop:honey` any number can be bought."""
    with LiveServer(data_dir, **env) as live:
        goods = data_dir / "goods.csv"
        goods.write_text(GOODS)
        live.manage("import_products", str(goods), "--store", "shop", "--currency", "ILS")
        yield live


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        """The code of a JSON-RPC error, or None."""
        return self.json.get("error", {}).get("code") if self.body else None


def send(url, body=b"", headers=JSON_HEADERS, *, method="POST", path="/mcp", extra=()):
    """Send one request with these headers and no others but Host and Content-Length.

    Args:
        body: Bytes, or an iterable of bytes for a chunked body.
        headers: A header that is None is left out.
        extra: Further header lines, which may repeat.
    """
    address = urlsplit(url)
    connection = HTTPConnection(address.hostname, address.port, timeout=20)
    lines = [("Host", address.netloc)] if "Host" not in headers else []
    lines += [(name, value) for name, value in headers.items() if value is not None]
    chunked = not isinstance(body, bytes)
    lines += [("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(body)))]
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in [*lines, *extra]:
            connection.putheader(name, value)
        connection.endheaders(body, encode_chunked=chunked)
        answer = connection.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def rpc(url, era, method, params=None, *, id=1, headers=None, beside=None):
    """Send one JSON-RPC request as a proper client of that revision would.

    Args:
        era: A revision, or None for a client that names none.
        headers: Replaces or adds header lines; None leaves one out.
        beside: Further members of the message, next to `params`.
    """
    message = {"jsonrpc": "2.0", "id": id, "method": method} | ({} if params is None else {"params": params})
    body, lines = dressed(message | (beside or {}), era)
    return send(url, body, lines | (headers or {}))


def dressed(message, era):
    """The body and the headers with which a client of that revision sends a message."""
    lines = dict(JSON_HEADERS)
    if era is not None:
        lines["MCP-Protocol-Version"] = era
    if era == MODERN:
        params = message.get("params") if isinstance(message.get("params"), dict) else {}
        lines["Mcp-Method"] = str(message.get("method"))
        name = params.get("uri" if message.get("method") == "resources/read" else "name")
        if isinstance(name, str):
            lines["Mcp-Name"] = encode_header_value(name)
        meta = params.get("_meta", {})
        if isinstance(meta, dict) and isinstance(message.get("params", {}), dict):
            envelope = {f"{_ENVELOPE}protocolVersion": era, f"{_ENVELOPE}clientCapabilities": {}}
            message = {**message, "params": {**params, "_meta": {**envelope, **meta}}}
    return json.dumps(message).encode(), lines
