"""MCP resources: what a host may attach to a conversation by its `shop://` address, and how addresses are completed.

A resource is a synchronous function in some app, as a tool is: it takes the parts of its address and returns text, or
raises `NotFound`. It runs where browsing does.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote

from mcp.shared.exceptions import MCPError
from mcp.types import (
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

from shopmcp.errors import NotFound
from shopmcp.lanes import lanes

T = TypeVar("T")
# What completes one part of an address: its beginning and the parts that are known already, to what it may be.
Completer = Callable[[str, Mapping[str, str]], Sequence[str]]
Reader = Callable[..., str]
_MOST_COMPLETED = 100  # the protocol's own bound
_PART = re.compile(r"\{(\w+)\}")
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class _Known:
    template: str
    name: str
    title: str
    description: str
    mime_type: str
    read: Reader
    complete: Mapping[str, Completer]

    @property
    def has_parts(self) -> bool:
        """Whether it stands for many addresses, rather than being one."""
        return _PART.search(self.template) is not None

    def described_as(self, shape: Callable[..., T], **address: str) -> T:
        """Its description in one of the protocol's shapes, which differ in how they call the address."""
        return shape(
            **address, name=self.name, title=self.title, description=self.description, mime_type=self.mime_type
        )

    def parts(self, uri: str) -> dict[str, str] | None:
        """The parts of an address, or None if it is none of this kind. A slash within a part is written %2F."""
        names = _PART.findall(self.template)
        pattern = re.escape(_PART.sub("\0", self.template)).replace(re.escape("\0"), "([^/]+)")
        found = re.fullmatch(pattern, uri)
        return dict(zip(names, map(unquote, found.groups()), strict=True)) if found else None


class Resources:
    """The resources there are, in the order of their definition."""

    def __init__(self) -> None:
        self._known: list[_Known] = []

    def resource(
        self,
        template: str,
        *,
        title: str,
        mime_type: str = "text/plain",
        complete: Mapping[str, Completer] | None = None,
    ) -> Callable[[Reader], Reader]:
        """Register a function under an address; `{parts}` of it become its arguments.

        Args:
            template: Such as `shop://store/{slug}`; without parts it is one resource.
            title: What people see.
            mime_type: Of the text it returns.
            complete: By part, what completes it.
        """

        def register(function: Reader) -> Reader:
            description = (function.__doc__ or "").strip()
            name = function.__name__
            self._known.append(_Known(template, name, title, description, mime_type, function, complete or {}))
            return function

        return register

    async def list(self, ctx: Any, params: Any) -> ListResourcesResult:
        fixed = (known for known in self._known if not known.has_parts)
        return ListResourcesResult(resources=[known.described_as(Resource, uri=known.template) for known in fixed])

    async def templates(self, ctx: Any, params: Any) -> ListResourceTemplatesResult:
        open_ended = (known for known in self._known if known.has_parts)
        return ListResourceTemplatesResult(
            resource_templates=[
                known.described_as(ResourceTemplate, uri_template=known.template) for known in open_ended
            ]
        )

    async def read(self, ctx: Any, params: ReadResourceRequestParams) -> ReadResourceResult:
        """Answer `resources/read`.

        Raises:
            MCPError: For an address that leads nowhere.
        """
        uri = str(params.uri)
        for known in self._known:
            if len(uri) <= _LONGEST and (parts := known.parts(uri)) is not None:
                try:
                    text = await lanes.run("browse", lambda known=known, parts=parts: known.read(**parts))  # type: ignore[misc]
                except NotFound:
                    break
                return ReadResourceResult(
                    contents=[TextResourceContents(uri=uri, mime_type=known.mime_type, text=text)]
                )
        raise MCPError(INVALID_PARAMS, "Unknown resource", data={"uri": ascii(uri)[1:-1][:200]})

    async def complete(self, ctx: Any, params: CompleteRequestParams) -> CompleteResult:
        """Answer `completion/complete`: nothing for what nobody can complete."""
        reference = params.ref
        values: Sequence[str] = ()
        if isinstance(reference, ResourceTemplateReference):
            known = next((known for known in self._known if known.template == str(reference.uri)), None)
            if known is not None and (completer := known.complete.get(params.argument.name)) is not None:
                given = (params.context.arguments if params.context else None) or {}
                begun = params.argument.value[:200]
                values = await lanes.run("browse", lambda: completer(begun, given))
        shown = list(values[:_MOST_COMPLETED])
        return CompleteResult(completion=Completion(values=shown, total=len(values), has_more=len(values) > len(shown)))


resources = Resources()
resource = resources.resource
