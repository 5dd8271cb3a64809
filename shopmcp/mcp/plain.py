"""Plain calls of tools, which are answered without the SDK."""

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from typing import Any, Final, TypeVar

from shopmcp.mcp.call import client_in
from shopmcp.mcp.replies import INTERNAL_ERROR, STOPPING, Failure
from shopmcp.mcp.tools import Toolbox

T = TypeVar("T")

log = logging.getLogger(__name__)

# Where tools find the `_meta` beside `params`; a client's own key of this name is dropped.
OUTER_META: Final = "shopmcp/outer"
_CALL_PARAMS: Final = frozenset(("name", "arguments", "_meta"))
_PROTOCOL: Final = "io.modelcontextprotocol/"
VERSION_KEY, CLIENT_KEY, CAPABILITIES_KEY = (
    f"{_PROTOCOL}{name}" for name in ("protocolVersion", "clientInfo", "clientCapabilities")
)
_PROGRESS: Final = "progressToken"


async def guarded(method: str, work: Awaitable[T]) -> T | Failure:
    """Do the work, whose bugs are logged and never shown in their own words."""
    try:
        return await work
    # The server is stopping, and its grace is over; calls of tools are answered by the toolbox.
    except asyncio.CancelledError:
        return Failure(INTERNAL_ERROR, STOPPING)
    # The last boundary.
    except Exception:
        log.exception("answering %.80r failed", method)
        return Failure(INTERNAL_ERROR, "Internal server error")


async def called(toolbox: Toolbox, params: Any, headers: Mapping[str, str]) -> dict[str, Any] | None:
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
    return await toolbox.perform(name, arguments or {}, meta, client_in(meta, headers))


def _is_plain(meta: dict[str, Any]) -> bool:
    """Whether `_meta` has no reserved key that the SDK must validate."""
    for key, value in meta.items():
        if key == CAPABILITIES_KEY:
            if not isinstance(value, dict) or not all(isinstance(inner, dict) for inner in value.values()):
                return False
        elif key == CLIENT_KEY:
            if not isinstance(value, dict) or not all(isinstance(value.get(part), str) for part in ("name", "version")):
                return False
        elif key == _PROGRESS or (key.startswith(_PROTOCOL) and key != VERSION_KEY):
            return False
    return True


def with_outer_meta(params: dict[str, Any] | None, outer: Any) -> dict[str, Any] | None:
    """Hand on the `_meta` beside `params`, which the SDK's models drop."""
    meta = (params or {}).get("_meta")
    if isinstance(meta, dict):
        meta.pop(OUTER_META, None)
    if not isinstance(outer, dict) or not outer or not (meta is None or isinstance(meta, dict)):
        return params
    return {**(params or {}), "_meta": {**(meta or {}), OUTER_META: outer}}
