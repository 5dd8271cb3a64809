"""MCP resources: texts with a `shop://` address that a host may attach to a conversation, and their completion.

A resource is a synchronous function in some app, as a tool is: it takes the parts of its address and returns text, or
raises `NotFound`. It runs on the threads for browsing.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

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
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from shopmcp.db.workers import lanes
from shopmcp.errors import NotFound

# Returns what a part of an address may be, given its beginning and the parts that are known already.
Completer = Callable[[str, Mapping[str, str]], Sequence[str]]
# Returns the parts and the title of each resource of a template that is listed by itself.
Lister = Callable[[], Sequence[tuple[Mapping[str, str], str]]]
Reader = Callable[..., str]
_MOST_COMPLETED = 100  # the protocol's own bound
_MOST_LISTED = 100
_PART = re.compile(r"\{(\w+)\}")
# No name has one of these characters, and database drivers may refuse them.
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_LONGEST = 2000
_PLAIN = "text/plain"
# The code of an unknown address in the revisions before 2026-07-28.
_NOT_FOUND_BEFORE = -32002


@dataclass(frozen=True, slots=True)
class ResourceKind:
    template: str
    name: str
    title: str
    description: str
    read: Reader
    complete: Mapping[str, Completer]
    each: Lister | None

    @property
    def has_parts(self) -> bool:
        """Whether its address has parts, so that it stands for many resources."""
        return _PART.search(self.template) is not None

    def described(self, title: str = "") -> dict[str, Any]:
        """What the protocol's resources and templates tell of it, apart from the address."""
        return {
            "name": self.name,
            "title": title or self.title,
            "description": self.description,
            "mime_type": _PLAIN,
        }

    def address(self, parts: Mapping[str, str]) -> str:
        """The address that has these parts."""
        return _PART.sub(lambda part: quote(parts[part[1]], safe=":"), self.template)

    def parts(self, uri: str) -> dict[str, str] | None:
        """The parts of an address, or None if it is none of this kind.

        A slash within a part is written %2F. The last part may hold a plain one, since some clients do not encode it.
        """
        names = _PART.findall(self.template)
        pattern = re.escape(_PART.sub("\0", self.template)).replace(re.escape("\0"), "([^/]+)")
        found = re.fullmatch(re.sub(r"\(\[\^/]\+\)$", "(.+)", pattern), uri)
        parts = [unquote(part) for part in found.groups()] if found else []
        return None if found is None or any(map(_CONTROL.search, parts)) else dict(zip(names, parts, strict=True))


def resource(
    template: str,
    *,
    title: str,
    complete: Mapping[str, Completer] | None = None,
    each: Lister | None = None,
) -> Callable[[Reader], ResourceKind]:
    """Make a resource of a function. It is offered once `shopmcp/composition.py` names it.

    Args:
        template: Its address, such as `shop://store/{slug}`: `{parts}` become arguments of the function.
        complete: By part, what completes it.
        each: Lists the resources that are shown one by one, at most a hundred.
    """

    def made(function: Reader) -> ResourceKind:
        description = (function.__doc__ or "").strip()
        return ResourceKind(template, function.__name__, title, description, function, complete or {}, each)

    return made


class Resources:
    """The resources of an endpoint, in the order in which they are listed."""

    def __init__(self, known: Iterable[ResourceKind]) -> None:
        self._known = tuple(known)

    async def list(self, ctx: Any, params: Any) -> ListResourcesResult:
        listed = list[Resource]()
        for known in self._known:
            if not known.has_parts:
                listed.append(Resource(uri=known.template, **known.described()))
            elif known.each is not None:
                every = await lanes.run("browse", known.each)
                for parts, title in every[:_MOST_LISTED]:
                    listed.append(Resource(uri=known.address(parts), **known.described(title)))
        return ListResourcesResult(resources=listed)

    async def templates(self, ctx: Any, params: Any) -> ListResourceTemplatesResult:
        many = [known for known in self._known if known.has_parts]
        templates = [ResourceTemplate(uri_template=known.template, **known.described()) for known in many]
        return ListResourceTemplatesResult(resource_templates=templates)

    async def read(self, ctx: Any, params: ReadResourceRequestParams) -> ReadResourceResult:
        """Answer `resources/read`.

        Raises:
            MCPError: If no resource has this address.
        """
        uri = str(params.uri)
        for known in self._known:
            if len(uri) <= _LONGEST and (parts := known.parts(uri)) is not None:
                try:
                    text = await lanes.run("browse", lambda known=known, parts=parts: known.read(**parts))  # type: ignore[misc]
                except NotFound:
                    continue  # it may still be another kind of address
                return ReadResourceResult(contents=[TextResourceContents(uri=uri, mime_type=_PLAIN, text=text)])
        code = _NOT_FOUND_BEFORE if ctx.protocol_version in HANDSHAKE_PROTOCOL_VERSIONS else INVALID_PARAMS
        raise MCPError(code, "Unknown resource", data={"uri": ascii(uri)[1:-1][:200]})

    async def complete(self, ctx: Any, params: CompleteRequestParams) -> CompleteResult:
        """Answer `completion/complete`: nothing for a part without a completer."""
        reference = params.ref
        values: Sequence[str] = ()
        if isinstance(reference, ResourceTemplateReference):
            known = next((known for known in self._known if known.template == str(reference.uri)), None)
            if known is not None and (completer := known.complete.get(params.argument.name)) is not None:
                given = (params.context.arguments if params.context else None) or {}
                begun = params.argument.value[:200]
                if not any(map(_CONTROL.search, (begun, *given.values()))):
                    values = await lanes.run("browse", lambda: completer(begun, given))
        shown = list(values[:_MOST_COMPLETED])
        return CompleteResult(completion=Completion(values=shown, total=len(values), has_more=len(values) > len(shown)))
