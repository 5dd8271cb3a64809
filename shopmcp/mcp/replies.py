"""Answers of JSON-RPC as they go over the wire. The texts here are for authors of clients and stay in English."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from pydantic import BaseModel

from shopmcp.mcp.access import challenge, status_of

# The SDK has them too, and takes a second to load.
PARSE_ERROR, INVALID_REQUEST, INTERNAL_ERROR = -32700, -32600, -32603
STOPPING: Final = "The server is stopping, and nothing was done. Try again in a moment."


@dataclass(frozen=True, slots=True)
class Failure:
    """An error of JSON-RPC."""

    code: int
    message: str
    data: Any = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP status with its JSON body; an accepted notification has none.

    `retry_after` is in seconds; None where waiting does not help. `challenge` tells how to sign in, where that helps.
    """

    status: int
    body: bytes = b""
    retry_after: int | None = None
    challenge: str = ""


def failure(
    status: int,
    message: str,
    *,
    code: int = INVALID_REQUEST,
    id: str | int | None = None,
    data: Any = None,
    retry_after: int | None = None,
    challenge: str = "",
) -> Reply:
    """An error as JSON-RPC writes it; `id` is null when the request's own could not be read."""
    error = {"code": code, "message": message} | ({} if data is None else {"data": data})
    return Reply(status, _dumped({"jsonrpc": "2.0", "id": id, "error": error}), retry_after, challenge)


def told(outcome: Mapping[str, Any] | Failure, id: str | int | None, *, error_status: Mapping[int, int]) -> Reply:
    """A result, or an error with the HTTP status that its code has; 200 for others."""
    if isinstance(outcome, Failure):
        status = error_status.get(outcome.code, 200)
        return failure(status, outcome.message, code=outcome.code, id=id, data=outcome.data)
    refused = outcome.get("isError")
    if refused and (code := status_of(outcome)) is not None:
        error = outcome["structuredContent"]["error"]
        asked = challenge(error["code"] if code == 403 else "")
        return failure(code, f"{error['message']} {error['fix']}", id=id, challenge=asked)
    body = _dumped({"jsonrpc": "2.0", "id": id, "result": outcome})
    return Reply(200, body, _retry_after(outcome) if refused else None)


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
