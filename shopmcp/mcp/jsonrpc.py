"""One JSON-RPC message in, one answer out, in every revision of the protocol.

Plain calls of tools are answered here, and everything else by the SDK (`kernel`). The texts here are for authors of
clients and stay in English.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import orjson

from shopmcp.mcp.endpoint import Endpoint
from shopmcp.mcp.plain import called, guarded, with_outer_meta
from shopmcp.mcp.replies import PARSE_ERROR, Failure, Reply, failure, told

if TYPE_CHECKING:
    from shopmcp.mcp.kernel import Kernel

VERSION_HEADER: Final = "mcp-protocol-version"
# Those that may begin with `initialize`. The SDK has them too, and takes a second to load.
HANDSHAKE_VERSIONS: Final = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
# What the transport assumes of a client that names no revision.
_UNNAMED_VERSION: Final = "2025-03-26"
# Deeper than any tool's arguments, and far from where walking the values would exhaust the stack.
_MAX_DEPTH: Final = 64


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
    if message.get("method") == "tools/call":
        _read_arguments(message.get("params"))

    lines = [(name.decode("latin-1"), value.decode("latin-1").strip()) for name, value in headers]
    version = next((value for name, value in lines if name == VERSION_HEADER), None)
    if version is None or version in HANDSHAKE_VERSIONS:
        return await _answer_handshake_era(endpoint, message, version or _UNNAMED_VERSION, dict(lines))
    kernel = await _kernel(endpoint)
    if isinstance(kernel, Failure):
        return told(kernel, message.get("id"), error_status={})
    return await kernel.answer_modern(endpoint.toolbox, message, version, lines)


async def _answer_handshake_era(
    endpoint: Endpoint, message: dict[str, Any], version: str, headers: Mapping[str, str]
) -> Reply:
    """2025-11-25 and before: `initialize` may come first and need not; an error is a 200."""
    if "id" not in message or "method" not in message:
        # A notification; or the client's answer to a question, which this server never asks.
        return Reply(202)
    if message["method"] == "tools/call":
        message["params"] = params = with_outer_meta(message.get("params"), message.get("_meta"))
        outcome = await guarded("tools/call", called(endpoint.toolbox, params, headers))
        if outcome is not None:
            return told(outcome, message["id"], error_status={})
    kernel = await _kernel(endpoint)
    if isinstance(kernel, Failure):
        return told(kernel, message["id"], error_status={})
    return await kernel.answer(message, version, headers)


async def _kernel(endpoint: Endpoint) -> "Kernel | Failure":
    return await guarded("what needs the SDK", endpoint.kernel.ready())


def _read_arguments(params: dict[str, Any] | None) -> None:
    """Read `arguments` that came as JSON text; an empty text counts as none."""
    text = (params or {}).get("arguments")
    if params is None or not isinstance(text, str):
        return
    try:
        arguments = orjson.loads(text) if text.strip() else None
    except orjson.JSONDecodeError:
        return  # whoever answers the call refuses the text
    if isinstance(arguments, dict | None) and not _is_deeper(arguments, _MAX_DEPTH):
        params["arguments"] = arguments


def _problem(message: Any) -> str | None:
    """Say what keeps this from being one JSON-RPC request, notification or response."""
    if not isinstance(message, dict):
        return "the body must be one JSON object; batches are not supported."
    problem: str | None = None
    if message.get("jsonrpc") != "2.0":
        problem = 'jsonrpc must be "2.0".'
    elif "id" in message and type(message["id"]) not in (str, int):
        problem = "id must be a string or an integer."
    elif "method" not in message and not _answers(message):
        problem = "method is missing."
    elif not isinstance(message.get("method", ""), str):
        problem = "method must be a string."
    elif not isinstance(message.get("params"), dict | None):
        problem = "params must be an object."
    return problem


def _answers(message: dict[str, Any]) -> bool:
    """Whether this is a response, as to a request of this server."""
    return "id" in message and isinstance(message.get("result", message.get("error")), dict)


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether arrays and objects are nested in more than so many levels."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(levels == 0 or _is_deeper(inner, levels - 1) for inner in inside)
