"""One JSON-RPC message in, one answer out, in every revision of the protocol.

The SDK's kernel (`serve_one`) does the protocol's work. This module replaces the SDK's HTTP transports, which build
streams and tasks for each request of the 2025 revisions, drop calls whose id they cannot use, and lose a `_meta` beside
`params`. The texts here are for authors of clients and stay in English.
"""

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import SimpleNamespace
from typing import Any, Final

import anyio
import orjson
from mcp.server import Server
from mcp.server.connection import Connection
from mcp.server.runner import serve_one
from mcp.shared.dispatcher import CallOptions
from mcp.shared.exceptions import NoBackChannelError
from mcp.shared.inbound import (
    ERROR_CODE_HTTP_STATUS,
    MCP_PROTOCOL_VERSION_HEADER,
    InboundLadderRejection,
    InboundModernRoute,
    classify_inbound_request,
    find_duplicated_routing_header,
    unsupported_protocol_version_rejection,
)
from mcp.shared.jsonrpc_dispatcher import handler_exception_to_error_data
from mcp.shared.message import MessageMetadata, ServerMessageMetadata
from mcp.shared.transport_context import TransportContext
from mcp.types import INTERNAL_ERROR, INVALID_REQUEST, PARSE_ERROR, ErrorData
from mcp_types import (
    CLIENT_CAPABILITIES_META_KEY,
    CLIENT_INFO_META_KEY,
    PROTOCOL_VERSION_META_KEY,
    SERVER_INFO_META_KEY,
)
from mcp_types.jsonrpc import HEADER_MISMATCH
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel

from shopmcp.mcp.server import Endpoint
from shopmcp.mcp.tools import client_in

log = logging.getLogger(__name__)

# Where tools find the `_meta` beside `params`; a client's own key of this name is dropped.
OUTER_META: Final = "shopmcp/outer"
_CALL_PARAMS: Final = frozenset(("name", "arguments", "_meta"))
_RESERVED_META: Final = "io.modelcontextprotocol/"
_PROGRESS: Final = "progressToken"
# What the transport assumes of a client that names no revision.
_UNNAMED_VERSION: Final = "2025-03-26"
STOPPING: Final = "The server is stopping, and nothing was done. Try again in a moment."
# Deeper than any tool's arguments, and far from where walking the values would exhaust the stack.
_MAX_DEPTH: Final = 64


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP status with its JSON body; an accepted notification has none.

    `retry_after` is in seconds; None where waiting does not help.
    """

    status: int
    body: bytes = b""
    retry_after: int | None = None


def failure(
    status: int, message: str, *, code: int = INVALID_REQUEST, id: str | int | None = None, data: Any = None
) -> Reply:
    """An error as JSON-RPC writes it; `id` is null when the request's own could not be read."""
    error = {"code": code, "message": message} | ({} if data is None else {"data": data})
    return Reply(status, _dumped({"jsonrpc": "2.0", "id": id, "error": error}))


async def answer(endpoint: Endpoint, body: bytes, headers: Sequence[tuple[bytes, bytes]]) -> Reply:
    """Answer one POST body; the header `MCP-Protocol-Version` chooses the era.

    Args:
        headers: As ASGI gives them: names in lower case, repeated ones repeated.
    """
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        return failure(
            400,
            "Parse error: the body is not valid JSON in UTF-8 with 64-bit integers and whole characters.",
            code=PARSE_ERROR,
        )
    # Small bodies pay for two counts only.
    if body.count(b"[") + body.count(b"{") > _MAX_DEPTH and _is_deeper(message, _MAX_DEPTH):
        return failure(400, f"Parse error: nested more than {_MAX_DEPTH} levels deep.", code=PARSE_ERROR)
    if (problem := _problem(message)) is not None:
        return failure(400, f"Invalid request: {problem}")

    lines = [(name.decode("latin-1"), value.decode("latin-1").strip()) for name, value in headers]
    version = next((value for name, value in lines if name == MCP_PROTOCOL_VERSION_HEADER), None)
    if version is None or version in HANDSHAKE_PROTOCOL_VERSIONS:
        return await _answer_handshake_era(endpoint, message, version or _UNNAMED_VERSION, dict(lines))
    return await _answer_modern(endpoint, message, version, lines)


async def _answer_handshake_era(
    endpoint: Endpoint, message: dict[str, Any], version: str, headers: Mapping[str, str]
) -> Reply:
    """2025-11-25 and before: `initialize` may come first and need not; an error is a 200."""
    if "id" not in message or "method" not in message:
        # A notification; or the client's answer to a question, which this server never asks.
        return Reply(202)
    outcome = await _outcome(endpoint, message, headers, InboundModernRoute(version, None, None))
    return _told(outcome, message["id"], error_status={})


async def _answer_modern(
    endpoint: Endpoint, message: dict[str, Any], version: str, lines: list[tuple[str, str]]
) -> Reply:
    """2026-07-28: the request carries its own envelope, and an error has an HTTP status of its own.

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
    outcome = await _outcome(endpoint, message, headers, route)
    return _told(outcome, id, error_status=ERROR_CODE_HTTP_STATUS)


async def _outcome(
    endpoint: Endpoint, message: dict[str, Any], headers: Mapping[str, str], route: InboundModernRoute
) -> Mapping[str, Any] | ErrorData:
    method, params = message["method"], message.get("params")
    try:
        if method == "tools/call":
            params = _with_outer_meta(params, message.get("_meta"))
            if (result := await _called(endpoint, params, headers, route.protocol_version)) is not None:
                return result
        exchange = _Exchange(message["id"], headers)
        connection = Connection.from_envelope(route.protocol_version, route.client_info, route.client_capabilities)
        return await serve_one(endpoint.server, exchange, method, params, connection=connection, lifespan_state={})
    # The server is stopping, and its grace is over; calls of tools are answered by the toolbox.
    except asyncio.CancelledError:
        return ErrorData(code=INTERNAL_ERROR, message=STOPPING)
    # The last boundary: a bug is logged and never shown in its own words.
    except Exception as error:
        if (told := handler_exception_to_error_data(error)) is not None:
            return told
        log.exception("answering %.80r failed", method)
        return ErrorData(code=INTERNAL_ERROR, message="Internal server error")


async def _called(
    endpoint: Endpoint, params: Any, headers: Mapping[str, str], version: str
) -> Mapping[str, Any] | None:
    """Answer a plain tool call without the SDK, which would validate the call twice and then its result.

    Return None for a call that is not plain: the SDK answers it, with the protocol's own errors.
    """
    if not isinstance(params, dict) or not params.keys() <= _CALL_PARAMS:
        return None
    name, arguments, meta = params.get("name"), params.get("arguments"), params.get("_meta")
    if not isinstance(name, str) or not isinstance(arguments, dict | None) or not isinstance(meta, dict | None):
        return None
    meta = meta or {}
    if not _is_plain(meta):
        return None
    result = await endpoint.toolbox.perform(name, arguments or {}, meta, client_in(meta, headers))
    if result is not None and version in MODERN_PROTOCOL_VERSIONS:
        result["resultType"] = "complete"
        result["_meta"] = _signature(endpoint.server)
    return result


@lru_cache(maxsize=8)
def _signature(server: Server[Any]) -> dict[str, Any]:
    """The `_meta` of answers of 2026-07-28; cached, because it is only serialised."""
    return {SERVER_INFO_META_KEY: server.server_info_stamp}


def _is_plain(meta: dict[str, Any]) -> bool:
    """Whether `_meta` has no reserved key that the SDK must validate."""
    for key, value in meta.items():
        if key == CLIENT_CAPABILITIES_META_KEY:
            if not isinstance(value, dict) or not all(isinstance(inner, dict) for inner in value.values()):
                return False
        elif key == CLIENT_INFO_META_KEY:
            if not isinstance(value, dict) or not all(isinstance(value.get(part), str) for part in ("name", "version")):
                return False
        elif key == _PROGRESS or (key.startswith(_RESERVED_META) and key != PROTOCOL_VERSION_META_KEY):
            return False
    return True


def _with_outer_meta(params: dict[str, Any] | None, outer: Any) -> dict[str, Any] | None:
    """Hand on the `_meta` beside `params`, which the SDK's models drop."""
    meta = (params or {}).get("_meta")
    if isinstance(meta, dict):
        meta.pop(OUTER_META, None)
    if not isinstance(outer, dict) or not outer or not (meta is None or isinstance(meta, dict)):
        return params
    return {**(params or {}), "_meta": {**(meta or {}), OUTER_META: outer}}


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


def _problem(message: Any) -> str | None:
    """Say what keeps this from being one JSON-RPC request, notification or response."""
    if not isinstance(message, dict):
        return "the body must be one JSON object; batches are not supported."
    answered = "id" in message and isinstance(message.get("result", message.get("error")), dict)
    problems = {
        'jsonrpc must be "2.0".': message.get("jsonrpc") != "2.0",
        "id must be a string or an integer.": "id" in message and type(message["id"]) not in (str, int),
        "method is missing.": "method" not in message and not answered,
        "method must be a string.": not isinstance(message.get("method", ""), str),
        "params must be an object.": not isinstance(message.get("params"), dict | None),
    }
    return next((words for words, found in problems.items() if found), None)


def _names_its_version(message: dict[str, Any]) -> bool:
    meta = (message.get("params") or {}).get("_meta")
    return isinstance(meta, dict) and PROTOCOL_VERSION_META_KEY in meta


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether arrays and objects are nested in more than so many levels."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(levels == 0 or _is_deeper(inner, levels - 1) for inner in inside)


def _rejected(rejection: InboundLadderRejection, id: str | int | None) -> Reply:
    status = ERROR_CODE_HTTP_STATUS.get(rejection.code, 400)
    return failure(status, rejection.message, code=rejection.code, id=id, data=rejection.data)


def _told(outcome: Mapping[str, Any] | ErrorData, id: str | int, *, error_status: Mapping[int, int]) -> Reply:
    if isinstance(outcome, ErrorData):
        status = error_status.get(outcome.code, 200)
        return failure(status, outcome.message, code=outcome.code, id=id, data=outcome.data)
    body = _dumped({"jsonrpc": "2.0", "id": id, "result": outcome})
    return Reply(200, body, _retry_after(outcome) if outcome.get("isError") else None)


def _retry_after(refused: Mapping[str, Any]) -> int | None:
    """In how many seconds a refused call of a tool may be repeated."""
    seconds = refused["structuredContent"]["error"].get("retry_after")
    return seconds if isinstance(seconds, int) else None


def _dumped(message: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(message, default=_written)
    except TypeError:
        # Lone surrogates and integers beyond 64 bits, which orjson refuses; escaped, they are valid JSON.
        return json.dumps(message, separators=(",", ":"), default=_dump).encode()


def _written(model: BaseModel) -> orjson.Fragment:
    """The model as JSON, without the dictionaries of `model_dump` in between."""
    return orjson.Fragment(model.__pydantic_serializer__.to_json(model))


def _dump(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json")
