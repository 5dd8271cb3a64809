"""A client for tests that sends over HTTP exactly what it is told."""

import json
from http.client import HTTPConnection, HTTPMessage
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from mcp.shared.inbound import encode_header_value

JSON_HEADERS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
ERAS = ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28", None]
MODERN = "2026-07-28"
_ENVELOPE = "io.modelcontextprotocol/"


class Reply(NamedTuple):
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> int | None:
        """The code of a JSON-RPC error, or None."""
        return self.json.get("error", {}).get("code") if self.body else None


def send(url, body=b"", headers=JSON_HEADERS, *, method="POST", path="/mcp", extra=(), timeout=30) -> Reply:
    """Send one request with these headers and no others but Host and Content-Length; follow no redirect.

    Args:
        body: Bytes, or an iterable of bytes for a chunked body.
        headers: A header that is None is left out.
        extra: Further header lines, which may repeat.
    """
    address = urlsplit(url)
    connection = HTTPConnection(address.hostname, address.port, timeout=timeout)
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
        return Reply(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def rpc(url, era, method, params=None, *, id=1, headers=None, beside=None) -> Reply:
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
