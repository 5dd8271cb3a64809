"""A small MCP client: JSON-RPC over HTTP, in any revision of the protocol."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext

from shopmcp.errors import ShopError

_ENVELOPE = "io.modelcontextprotocol/"
_MODERN = "2026-07-28"
_SECONDS = 30
# Codes that say nothing about isolation.
_FAILURES = ("error", "internal_error", "busy")


class Unreachable(ShopError):
    """The server does not answer, or not as a shop does."""

    code = "unreachable"


@dataclass(frozen=True, slots=True)
class ToolReply:
    """A tool's answer; `refusal` is the code of a refusal, or `error` for an error of the protocol."""

    data: Mapping[str, Any]
    text: str
    refusal: str = ""

    @property
    def cart_id(self) -> str:
        return str(self.data.get("cart_id") or "")

    @property
    def version(self) -> Any:
        return self.data.get("version")

    def holds(self, *product_ids: str) -> bool:
        """Whether it shows a cart with one of each of these, and nothing else."""
        lines = self.data.get("lines")
        found = [(line["product_id"], line["quantity"]) for line in lines] if isinstance(lines, list) else None
        return not self.refusal and found == [(product_id, 1) for product_id in product_ids]


@dataclass(slots=True)
class Server:
    """A running shop, and the traces of the calls to it.

    Attributes:
        url: Its address, with or without `/mcp`.
        mark: Added to the `_meta` of each call.
        ids: The keys and values of the conversations that were started.
        cart_ids: The cart_ids that came in answers.
        sessions: The public ids of sessions that came in answers.
        client: The client's name.
        policy: What it does with unkeyed calls, as soon as a check has found out.
    """

    url: str
    mark: Mapping[str, Any]
    ids: list[tuple[str, str]] = field(default_factory=list)
    cart_ids: set[str] = field(default_factory=set)
    sessions: set[str] = field(default_factory=set)
    client: str = "check_isolation"
    policy: str = ""

    def __post_init__(self) -> None:
        self.url = self.url.rstrip("/").removesuffix("/mcp")

    def chat(self, revision: str, key: str | None = None, value: str = "") -> "Chat":
        """Start a chat that sends this id with every call; without a key it sends none."""
        if key is not None:
            self.ids.append((key, value))
        return Chat(self, revision, {} if key is None else {key: value})

    def ask_for_sessions(self) -> None:
        """Learn which sessions the started conversations have on this server, as far as it answers."""
        with suppress(ShopError):
            for key, value in self.ids:
                Chat(self, _MODERN, {key: value}).call("debug_session")

    def post(self, revision: str, params: dict[str, Any]) -> dict[str, Any]:
        """Send one `tools/call`; return the JSON-RPC answer.

        Raises:
            Unreachable: If no such answer comes back.
        """
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": revision,
            "User-Agent": self.client,
        }
        if revision == _MODERN:
            headers |= {"Mcp-Method": "tools/call", "Mcp-Name": params["name"]}
            client = {"name": self.client, "version": "1"}
            envelope = {"protocolVersion": revision, "clientInfo": client, "clientCapabilities": {}}
            params["_meta"] = {f"{_ENVELOPE}{name}": value for name, value in envelope.items()} | params["_meta"]
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        request = urllib.request.Request(f"{self.url}/mcp", json.dumps(message).encode(), headers)
        fix = gettext("Start the shop with manage.py serve, or name its address with --url.")
        try:
            with _opener(self.url).open(request, timeout=_SECONDS) as response:
                body = response.read()
        except urllib.error.HTTPError as error:
            with error:
                body = error.read()
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            refusal = gettext("%(url)s cannot be reached: %(reason)s.") % {"url": self.url, "reason": reason}
            raise Unreachable(refusal, fix=fix) from None
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or not ("result" in answer or "error" in answer):
            refusal = gettext("%(url)s does not answer as a shop does.") % {"url": f"{self.url}/mcp"}
            raise Unreachable(refusal, fix=fix)
        return answer


@dataclass(frozen=True, slots=True)
class Chat:
    server: Server
    revision: str
    meta: Mapping[str, Any]

    def call(self, tool: str, **arguments: Any) -> ToolReply:
        params = {"name": tool, "arguments": arguments, "_meta": {**self.meta, **self.server.mark}}
        answer = self.server.post(self.revision, params)
        if "error" in answer:
            return ToolReply({}, str(answer["error"].get("message", "")), "error")
        result = answer["result"]
        data = result.get("structuredContent") or {}
        text = " ".join(part.get("text", "") for part in result.get("content", ()))
        reply = ToolReply(data, text, data.get("error", {}).get("code", "error") if result.get("isError") else "")
        if reply.refusal in _FAILURES:
            raise Unreachable(
                gettext("%(url)s could not answer %(tool)s: %(text)s")
                % {"url": self.server.url, "tool": tool, "text": reply.text},
                fix=gettext("Look at the server's log."),
            )
        if reply.cart_id:
            self.server.cart_ids.add(reply.cart_id)
        if session := data.get("session"):
            self.server.sessions.add(str(session))
        return reply


def _opener(url: str) -> urllib.request.OpenerDirector:
    """Use the environment's proxy for other machines only."""
    local = urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
    return urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if local else []))
