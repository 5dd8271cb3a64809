"""The HTTP side of `/mcp`: who may ask, in which shape, and how much.

Lenient where scripts and scanners are sloppy, strict where a browser could be turned against its user: a page of
another site can POST forms, multipart and plain text without asking first, and always sends an Origin header with it.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope
from django.http.request import split_domain_port, validate_host

from shopmcp.bodies import Body, Limit, declared
from shopmcp.connections import HUNG_UP, IS_COMPLETE
from shopmcp.db.waiting import DEADLINE, Wait, current_wait
from shopmcp.mcp.access import Holder, current_holder
from shopmcp.mcp.bearer import Bearers
from shopmcp.mcp.endpoint import Endpoint
from shopmcp.mcp.jsonrpc import answer
from shopmcp.mcp.replies import STOPPING, Reply, failure
from shopmcp.network import UNKNOWN, caller_network, network_of

log = logging.getLogger(__name__)

# A body of that size takes no honest client longer.
BODY: Final = Limit(size=64 * 1024, seconds=30)
_MAX_HOST: Final = 300
# What an answer to a client that asks for an event stream is, too: one message. None of these makes a browser do more.
_ACCEPTED: Final = frozenset(
    (b"application/json", b"application/*", b"*/*", b"*", b"text/event-stream", b"text/*")
)  # fmt: skip
_FIELD_NAMES: Final = re.compile(rb"[A-Za-z0-9-]+(?:[ \t]*,[ \t]*[A-Za-z0-9-]+)*")
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_HEADERS: Final = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]


class Edge:
    """An ASGI application that answers MCP over streamable HTTP: stateless, one JSON answer to one POST.

    Args:
        public_url: The shop's own address; browsers may call from this origin alone.
        allowed_hosts: Host names as Django's setting writes them.
        holder_of: Returns whom a token names, or None for one that is not good.
        limit: For the bodies of requests.
        seconds: From a call's arrival to its answer.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        public_url: str,
        allowed_hosts: Sequence[str],
        holder_of: Callable[[str], Holder | None] = lambda token: None,
        limit: Limit = BODY,
        seconds: float = DEADLINE,
    ) -> None:
        self._endpoint = endpoint
        self._bearers = Bearers(holder_of)
        self._limit = limit
        self._seconds = seconds
        self._origin = _origin(public_url)
        # The shop runs on a developer's machine, so pages of that machine may call it and read its answers.
        self._is_local = self._origin is not None and self._origin[1] in _LOOPBACK
        self._allowed_hosts = list(allowed_hosts)
        self._serves = lru_cache(maxsize=64)(self._serves_host)

    async def __call__(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        headers = list(scope["headers"])
        found: dict[bytes, list[bytes]] = {}
        for name, value in headers:
            found.setdefault(name, []).append(value)
        # By the request's head alone, before its body is read.
        reply, page = self._stranger(found), None
        if reply is None:
            page = found[b"origin"][0] if self._is_local and b"origin" in found else None
            if page is not None and scope["method"] == "OPTIONS" and b"access-control-request-method" in found:
                await _send_preflight(page, found, send)
                return
            reply = _unreadable(scope["method"], found)
        if reply is None:
            client = scope["client"]
            caller_network.set(network_of(client[0]) if client else UNKNOWN)
            extensions: Mapping[str, Any] = scope.get("extensions") or {}
            body = Body(receive, self._limit, declared(headers), extensions.get(IS_COMPLETE, bool))
            try:
                content = await body.read()
            except asyncio.CancelledError:  # the server is stopping, and its grace is over
                await _send(failure(503, STOPPING), send, page)
                return
            if content is not None:
                wait = Wait(receive, self._seconds, extensions.get(HUNG_UP))
                if wait.is_gone:
                    # Nobody reads it; without an answer uvicorn would write an error into the log.
                    await _send(Reply(408), send, page)
                    return
                token = current_wait.set(wait)
                try:
                    proofs = found.get(b"authorization")
                    reply = await (
                        answer(self._endpoint, content, headers)
                        if proofs is None
                        else self._answer_to_holder(content, headers, proofs, wait)
                    )
                    if wait.if_undelivered is not None and wait.is_gone:
                        await wait.if_undelivered()
                finally:
                    current_wait.reset(token)
                    wait.end()
            elif body.refusal is not None:
                reply = failure(body.refusal, body.words)
            else:
                return  # the client hung up
        await _send(reply, send, page)

    async def _answer_to_holder(
        self, content: bytes, headers: list[tuple[bytes, bytes]], proofs: list[bytes], wait: Wait
    ) -> Reply:
        """Answer the body for the person whom a token names."""
        holder = await self._bearers.read(proofs, wait)
        if isinstance(holder, Reply):
            return holder
        token = current_holder.set(holder)
        try:
            return await answer(self._endpoint, content, headers)
        finally:
            current_holder.reset(token)

    def _stranger(self, found: Mapping[bytes, list[bytes]]) -> Reply | None:
        hosts = found.get(b"host", [])
        if len(hosts) != 1 or len(hosts[0]) > _MAX_HOST or not self._serves(hosts[0]):
            log.warning("refused a call for the host %.100r: PUBLIC_URL names another", hosts)
            return failure(
                421,
                "This server does not answer for that host. If the shop is reached at this address, "
                "set PUBLIC_URL to it (or add the host to ALLOWED_HOSTS) and restart.",
            )
        origins = found.get(b"origin", [])
        if not all(self._trusts(origin.decode("latin-1")) for origin in origins):
            log.warning("refused a call from the origin %.100r: it is not that of PUBLIC_URL", origins)
            return failure(403, "Pages of this origin may not call this server; only those of PUBLIC_URL may.")
        return None

    def _serves_host(self, host: bytes) -> bool:
        domain, _ = split_domain_port(host.decode("latin-1"))
        return bool(domain) and validate_host(domain, self._allowed_hosts)

    def _trusts(self, text: str) -> bool:
        """Whether a page of this origin may call: the shop's own, and on a developer's machine any local one."""
        origin = _origin(text)
        if origin is None:
            return False
        return origin[1] in _LOOPBACK if self._is_local else origin == self._origin


def _unreadable(method: str, found: Mapping[bytes, list[bytes]]) -> Reply | None:
    if method != "POST":
        return failure(405, "This is an MCP endpoint: send it JSON-RPC with POST.")
    if not _accepts_json(found.get(b"accept", [])):
        return failure(406, "The answer is application/json; the Accept header must allow it.")
    if not _is_json(found.get(b"content-type", []), from_browser=b"origin" in found):
        return failure(400, "Content-Type must be application/json.")
    return None


def _origin(text: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an origin; None for `null` and whatever else is none."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.path or parts.query or parts.fragment:
        return None
    if parts.username is not None or parts.netloc.endswith(":"):
        return None
    return parts.scheme, parts.hostname, _DEFAULT_PORTS[parts.scheme] if port is None else port


def _accepts_json(accepts: list[bytes]) -> bool:
    """A missing or empty Accept allows everything; a client need not ask for an event stream, none is sent."""
    wanted = b",".join(accepts).lower()
    if not wanted.strip():
        return True
    kinds = {part.split(b";")[0].strip() for part in wanted.split(b",")}
    return not kinds.isdisjoint(_ACCEPTED)


def _is_json(types: list[bytes], *, from_browser: bool) -> bool:
    """JSON, or from scripts and scanners an unnamed body; JSON is UTF-8 by definition, so parameters say nothing."""
    if len(types) > 1:
        return False
    kind = types[0].split(b";")[0].strip().lower() if types else b""
    return kind == b"application/json" or (kind in (b"", b"application/octet-stream") and not from_browser)


async def _send(reply: Reply, send: ASGISendCallable, page: bytes | None) -> None:
    """Send the answer; `page` is the origin of a local page that may read it."""
    headers = [*_HEADERS, (b"content-length", b"%d" % len(reply.body))]
    if page is not None:
        headers += _readable_by(page)
        headers.append((b"access-control-expose-headers", b"retry-after, www-authenticate"))
    if reply.status == 405:
        headers.append((b"allow", b"POST"))
    if reply.challenge:
        headers.append((b"www-authenticate", reply.challenge.encode("latin-1")))
    if reply.retry_after is not None:
        headers.append((b"retry-after", b"%d" % reply.retry_after))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": reply.body, "more_body": False})


async def _send_preflight(page: bytes, found: Mapping[bytes, list[bytes]], send: ASGISendCallable) -> None:
    """Tell the browser that this page may send its POST, with the headers that it names."""
    headers = [*_readable_by(page), (b"access-control-allow-methods", b"POST"), (b"access-control-max-age", b"600")]
    wanted = b", ".join(found.get(b"access-control-request-headers", []))
    if _FIELD_NAMES.fullmatch(wanted):
        headers.append((b"access-control-allow-headers", wanted))
    await send({"type": "http.response.start", "status": 204, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _readable_by(page: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"access-control-allow-origin", page), (b"vary", b"origin")]
