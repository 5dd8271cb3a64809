"""A client that keeps its connection, and reads from an answer what it claims of the cart."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from http.client import HTTPConnection, HTTPException
from select import select
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

# A call is answered within its deadline of ten seconds, and a little for the way.
ANSWERED_WITHIN = 12


class Verdict(Enum):
    """What an answer claims of a write."""

    DONE = "done"
    NOT_DONE = "not done"
    MAYBE = "may have been done"
    # The connection ended without an answer, or the client's patience did.
    CUT = "no answer"
    # The connection was refused, so the call was never sent.
    DOWN = "nobody listens"


@dataclass(frozen=True)
class Answer:
    verdict: Verdict
    seconds: float
    status: int = 0
    result: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.result.get("structuredContent") or {}
        return found

    @property
    def error(self) -> Mapping[str, Any]:
        """The refusal; empty if the call was done."""
        found: Mapping[str, Any] = self.data.get("error") or {}
        return found

    @property
    def quantities(self) -> dict[str, int]:
        return {line["product_id"]: line["quantity"] for line in self.data.get("lines", ())}


class Client:
    """One connection, used by one thread.

    Args:
        url: The server's address, without a path.
        address: The network address that a proxy would forward; empty for none.
        patience: Seconds until the client hangs up.
    """

    def __init__(self, url: str, *, address: str = "", patience: float = 60) -> None:
        self._parts = urlsplit(url)
        self._headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": "2025-06-18",
            **({"X-Forwarded-For": address} if address else {}),
        }
        self._patience = patience
        self._connection: HTTPConnection | None = None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def call(self, tool: str, chat: str | None = None, **arguments: Any) -> Answer:
        """Call a tool on behalf of a conversation; None stands for a client that names none."""
        meta = {"openai/session": chat} if chat else {}
        params = {"name": tool, "arguments": arguments, "_meta": meta}
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
        started = monotonic()
        # As HTTP libraries do, begin anew if the server has closed the connection meanwhile.
        if self._connection is not None and self._connection.sock and select([self._connection.sock], [], [], 0)[0]:
            self.close()
        try:
            if self._connection is None:
                connection = HTTPConnection(str(self._parts.hostname), self._parts.port, timeout=self._patience)
                connection.connect()
                self._connection = connection
        except OSError:
            return Answer(Verdict.DOWN, monotonic() - started)
        try:
            self._connection.request("POST", "/mcp", body, self._headers)
            reply = self._connection.getresponse()
            content = reply.read()
        except (OSError, HTTPException):
            self.close()
            return Answer(Verdict.CUT, monotonic() - started)
        headers = {name.lower(): value for name, value in reply.getheaders()}
        if headers.get("connection", "").lower() == "close":
            self.close()
        return _read(reply.status, content, headers, monotonic() - started)


def _read(status: int, content: bytes, headers: Mapping[str, str], seconds: float) -> Answer:
    try:
        message = json.loads(content)
    except ValueError:
        return Answer(Verdict.MAYBE, seconds, status, text=content.decode(errors="replace"), headers=headers)
    result = message.get("result") if isinstance(message, dict) else None
    if not isinstance(result, dict):
        words = str(message.get("error", {}).get("message", "")) if isinstance(message, dict) else ""
        verdict = Verdict.NOT_DONE if "nothing was done" in words.lower() else Verdict.MAYBE
        return Answer(verdict, seconds, status, text=words, headers=headers)
    text = "\n".join(str(part.get("text", "")) for part in result.get("content", ()))
    if not result.get("isError"):
        verdict = Verdict.DONE
    elif (
        "may have been" in text or result.get("structuredContent", {}).get("error", {}).get("code") == "internal_error"
    ):
        verdict = Verdict.MAYBE
    else:
        verdict = Verdict.NOT_DONE
    return Answer(verdict, seconds, status, result, text, headers)
