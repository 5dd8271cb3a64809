"""Requests for resources and for completion of their addresses, as the SDK hands them over."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from django.db import DatabaseError, InterfaceError
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CompleteRequestParams,
    CompleteResult,
    Completion,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    ResourceTemplateReference,
    TextResourceContents,
)
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from shopmcp import metrics
from shopmcp.db.outcome import NotBegun
from shopmcp.db.waiting import current_wait
from shopmcp.db.workers import lanes
from shopmcp.errors import NotFound, TooMany
from shopmcp.mcp.call import Call
from shopmcp.mcp.resources import CONTROL, PLAIN, Resources
from shopmcp.mcp.widgets import MIME_TYPE
from shopmcp.network import caller_network

T = TypeVar("T")
_MOST_COMPLETED = 100  # the protocol's bound
_MOST_LISTED = 100
_LONGEST = 2000
# The code of an unknown address in the revisions before 2026-07-28.
_NOT_FOUND_BEFORE = -32002
_RETRY_AFTER = 2  # seconds

logger = logging.getLogger(__name__)


class Reading:
    """Answers what is asked about the resources of an endpoint."""

    def __init__(self, offered: Resources) -> None:
        self._offered = offered

    async def list(self, ctx: Any, params: Any) -> ListResourcesResult:
        listed = list[Resource]()
        for known in self._offered.known:
            if not known.has_parts:
                listed.append(Resource(uri=known.template, **known.described()))
            elif known.each is not None:
                every = await self._browse(known.each)
                for parts, title in every[:_MOST_LISTED]:
                    listed.append(Resource(uri=known.address(parts), **known.described(title)))
        listed += [Resource(uri=each.address, **each.described, _meta=each.meta) for each in self._offered.widgets]
        return ListResourcesResult(resources=listed)

    async def templates(self, ctx: Any, params: Any) -> ListResourceTemplatesResult:
        many = [known for known in self._offered.known if known.has_parts]
        templates = [ResourceTemplate(uri_template=known.template, **known.described()) for known in many]
        return ListResourceTemplatesResult(resource_templates=templates)

    async def read(self, ctx: Any, params: ReadResourceRequestParams) -> ReadResourceResult:
        """Answer `resources/read`.

        Raises:
            MCPError: If no resource has this address.
        """
        uri = str(params.uri)
        for widget in self._offered.widgets:
            if widget.has_address(uri):
                html = TextResourceContents(uri=uri, mime_type=MIME_TYPE, text=widget.html, _meta=widget.meta)
                return ReadResourceResult(contents=[html])
        for known in self._offered.known:
            if len(uri) <= _LONGEST and (parts := known.parts(uri)) is not None:
                try:
                    text = await self._browse(partial(known.read, **parts))
                except NotFound:
                    continue  # it may still be another kind of address
                return ReadResourceResult(contents=[TextResourceContents(uri=uri, mime_type=PLAIN, text=text)])
        code = _NOT_FOUND_BEFORE if ctx.protocol_version in HANDSHAKE_PROTOCOL_VERSIONS else INVALID_PARAMS
        raise MCPError(code, "Unknown resource", data={"uri": ascii(uri)[1:-1][:200]})

    async def complete(self, ctx: Any, params: CompleteRequestParams) -> CompleteResult:
        """Answer `completion/complete`; a part without a completer has no values."""
        reference = params.ref
        values: Sequence[str] = ()
        if isinstance(reference, ResourceTemplateReference):
            known = next((known for known in self._offered.known if known.template == str(reference.uri)), None)
            if known is not None and (completer := known.complete.get(params.argument.name)) is not None:
                given = (params.context.arguments if params.context else None) or {}
                begun = params.argument.value[:200]
                if not any(map(CONTROL.search, (begun, *given.values()))):
                    values = await self._browse(partial(completer, begun, given))
        shown = list(values[:_MOST_COMPLETED])
        return CompleteResult(completion=Completion(values=shown, total=len(values), has_more=len(values) > len(shown)))

    async def _browse(self, work: Callable[[], T]) -> T:
        """Run it on the threads for browsing.

        Raises:
            MCPError: If the database does not answer in time, or the client asks too often.
        """
        try:
            network = caller_network.get()
            self._offered.admit(Call("resources", {}, network=network, language="en"))
            return await lanes.run("browse", work, current_wait.get(), network)
        except TooMany as refusal:
            words, seconds = refusal.text, refusal.retry_after
        except (NotBegun, DatabaseError, InterfaceError):
            logger.exception("resources could not reach the database")
            metrics.database_error("calls")
            words, seconds = "The shop cannot reach its records right now. Try again in a moment.", _RETRY_AFTER
        raise MCPError(INTERNAL_ERROR, words, {"retry_after": seconds})
