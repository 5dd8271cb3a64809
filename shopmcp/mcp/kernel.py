"""What the SDK answers: every request but plain calls of tools, and the whole revision 2026-07-28.

The SDK's kernel (`serve_one`) does the protocol's work. This module replaces the SDK's HTTP transports, which build
streams and tasks for each request of the 2025 revisions, drop calls whose id they cannot use, and lose a `_meta` beside
`params`. The SDK takes a second to load, so this module is loaded after the server's start (`shopmcp/mcp/endpoint.py`).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import anyio
from mcp.server import Server
from mcp.server.connection import Connection
from mcp.server.runner import serve_one
from mcp.shared.dispatcher import CallOptions
from mcp.shared.exceptions import NoBackChannelError
from mcp.shared.inbound import (
    ERROR_CODE_HTTP_STATUS,
    InboundLadderRejection,
    InboundModernRoute,
    classify_inbound_request,
    find_duplicated_routing_header,
    unsupported_protocol_version_rejection,
)
from mcp.shared.jsonrpc_dispatcher import handler_exception_to_error_data
from mcp.shared.message import MessageMetadata, ServerMessageMetadata
from mcp.shared.transport_context import TransportContext
from mcp_types import PROTOCOL_VERSION_META_KEY, SERVER_INFO_META_KEY
from mcp_types.jsonrpc import HEADER_MISMATCH

from shopmcp.db.waiting import current_wait
from shopmcp.mcp.plain import called, guarded, with_outer_meta
from shopmcp.mcp.replies import Failure, Reply, failure, told
from shopmcp.mcp.tools import Toolbox


@dataclass(frozen=True, eq=False)
class Kernel:
    """The SDK's server. `renew` is awaited before it introduces itself."""

    server: Server[Any]
    renew: Callable[[], Awaitable[None]] | None = None

    async def answer(self, message: dict[str, Any], version: str, headers: Mapping[str, str]) -> Reply:
        """Answer a request of a revision of 2025 or before that is no plain call."""
        work = self._served(message, message.get("params"), headers, InboundModernRoute(version, None, None))
        outcome = await guarded(message["method"], work)
        if message["method"] == "initialize" and self.server.extensions and not isinstance(outcome, Failure):
            # The models of these revisions lack extensions, which clients look for here nevertheless.
            known = {"extensions": self.server.extensions}
            outcome = {**outcome, "capabilities": outcome["capabilities"] | known}
        return told(outcome, message["id"], error_status={})

    async def answer_modern(
        self, toolbox: Toolbox, message: dict[str, Any], version: str, lines: list[tuple[str, str]]
    ) -> Reply:
        """Answer a request of 2026-07-28: it carries its own envelope, and an error has an HTTP status of its own.

        `Mcp-Param-*` headers need no check: no tool here declares one (a test sees to it).
        """
        if "method" not in message:
            return failure(400, "Invalid request: this server asks nothing, so there is nothing to answer.")
        id, headers = message.get("id"), dict(lines)
        unsupported = unsupported_protocol_version_rejection(version)
        # If the request has an envelope, the SDK compares the envelope's version with the header first.
        if unsupported is not None and (id is None or not _names_its_version(message)):
            return _rejected(unsupported, id)
        if id is None:
            return Reply(202)  # this revision has no notifications for servers
        # Few requests repeat a header; only they are looked at more closely.
        if len(headers) < len(lines) and (twice := find_duplicated_routing_header(lines)) is not None:
            return failure(400, f"The header {twice} appears more than once.", code=HEADER_MISMATCH, id=id)
        route = classify_inbound_request(message, headers=headers)
        if isinstance(route, InboundLadderRejection):
            return _rejected(route, id)
        if (wait := current_wait.get()) is not None:
            wait.may_take_back = True
        outcome = await guarded(message["method"], self._outcome(toolbox, message, headers, route))
        return told(outcome, id, error_status=ERROR_CODE_HTTP_STATUS)

    async def _outcome(
        self, toolbox: Toolbox, message: dict[str, Any], headers: Mapping[str, str], route: InboundModernRoute
    ) -> Mapping[str, Any] | Failure:
        params = message.get("params")
        if message["method"] == "tools/call":
            params = with_outer_meta(params, message.get("_meta"))
            if (result := await called(toolbox, params, headers)) is not None:
                signed = result | self._signature
                if "_meta" in result:
                    signed["_meta"] = {**result["_meta"], **signed["_meta"]}
                return signed
        return await self._served(message, params, headers, route)

    @cached_property
    def _signature(self) -> dict[str, Any]:
        """What each answer of this revision carries; made once, because it is only serialised."""
        return {"resultType": "complete", "_meta": {SERVER_INFO_META_KEY: self.server.server_info_stamp}}

    async def _served(
        self, message: dict[str, Any], params: Any, headers: Mapping[str, str], route: InboundModernRoute
    ) -> Mapping[str, Any] | Failure:
        if message["method"] == "initialize" and self.renew is not None:
            await self.renew()
        exchange = _Exchange(message["id"], headers)
        connection = Connection.from_envelope(route.protocol_version, route.client_info, route.client_capabilities)
        try:
            return await serve_one(
                self.server, exchange, message["method"], params, connection=connection, lifespan_state={}
            )
        except Exception as error:
            if (known := handler_exception_to_error_data(error)) is None:
                raise
            return Failure(known.code, known.message, known.data)


class _Exchange:
    """One POST as the SDK's kernel needs it: the client gets one answer, and no requests or notifications."""

    transport = TransportContext(kind="streamable-http", can_send_request=False)
    can_send_request = False

    def __init__(self, request_id: str | int, headers: Mapping[str, str]) -> None:
        self.request_id = request_id
        # Handlers find it as `ctx.request`: the headers of the POST, names in lower case.
        self.message_metadata: MessageMetadata = ServerMessageMetadata(request_context=SimpleNamespace(headers=headers))

    @cached_property
    def cancel_requested(self) -> anyio.Event:
        return anyio.Event()

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> dict[str, Any]:
        raise NoBackChannelError(method)

    async def notify(self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None) -> None:
        pass

    async def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        pass


def _names_its_version(message: dict[str, Any]) -> bool:
    meta = (message.get("params") or {}).get("_meta")
    return isinstance(meta, dict) and PROTOCOL_VERSION_META_KEY in meta


def _rejected(rejection: InboundLadderRejection, id: str | int | None) -> Reply:
    status = ERROR_CODE_HTTP_STATUS.get(rejection.code, 400)
    return failure(status, rejection.message, code=rejection.code, id=id, data=rejection.data)
