"""MCP resources, texts with a `shop://` address that a host may attach to a conversation, and completion of addresses.

A resource is a synchronous function of an app. It takes the parts of its address and returns text, or raises
`NotFound`. It runs on the threads for browsing.
"""

import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote, unquote

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
from shopmcp.network import caller_network

T = TypeVar("T")
# Returns the possible values of a part, from its beginning and the parts that are known.
Completer = Callable[[str, Mapping[str, str]], Sequence[str]]
# Returns the parts and the title of each listed resource of a template.
Lister = Callable[[], Sequence[tuple[Mapping[str, str], str]]]
Reader = Callable[..., str]
_MOST_COMPLETED = 100  # the protocol's bound
_MOST_LISTED = 100
_PART = re.compile(r"\{(\w+)\}")
# No name has one of these characters, and database drivers may refuse them.
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_LONGEST = 2000
_PLAIN = "text/plain"
# The code of an unknown address in the revisions before 2026-07-28.
_NOT_FOUND_BEFORE = -32002
_RETRY_AFTER = 2  # seconds

logger = logging.getLogger(__name__)


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
        """Whether its address has parts, so that it is a template of many resources."""
        return _PART.search(self.template) is not None

    def described(self, title: str = "") -> dict[str, Any]:
        """Return the fields of the protocol's resources and templates, without the address."""
        return {
            "name": self.name,
            "title": title or self.title,
            "description": self.description,
            "mime_type": _PLAIN,
        }

    def address(self, parts: Mapping[str, str]) -> str:
        """Return the address with these parts."""
        return _PART.sub(lambda part: quote(parts[part[1]], safe=":"), self.template)

    def parts(self, uri: str) -> dict[str, str] | None:
        """Return the parts of an address, or None if it is not of this kind.

        A slash in a part is written %2F. The last part may contain a plain one, because some clients do not encode it.
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
    """Make a resource of a function. `shopmcp/composition.py` lists the resources that are offered.

    Args:
        template: The address, such as `shop://store/{slug}`; its `{parts}` become arguments of the function.
        complete: The completer of each part that has one.
        each: Lists the resources of the template; a hundred are shown.
    """

    def made(function: Reader) -> ResourceKind:
        description = (function.__doc__ or "").strip()
        return ResourceKind(template, function.__name__, title, description, function, complete or {}, each)

    return made


def _no_limit(call: Call) -> None:
    pass


class Resources:
    """The resources of an endpoint, in the order in which they are listed.

    Args:
        admit: Counts a request before it is answered from the database; raises TooMany for one too many.
    """

    def __init__(self, known: Iterable[ResourceKind], *, admit: Callable[[Call], None] = _no_limit) -> None:
        self._known, self._admit = tuple(known), admit

    async def list(self, ctx: Any, params: Any) -> ListResourcesResult:
        listed = list[Resource]()
        for known in self._known:
            if not known.has_parts:
                listed.append(Resource(uri=known.template, **known.described()))
            elif known.each is not None:
                every = await self._browse(known.each)
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
                    text = await self._browse(partial(known.read, **parts))
                except NotFound:
                    continue  # it may still be another kind of address
                return ReadResourceResult(contents=[TextResourceContents(uri=uri, mime_type=_PLAIN, text=text)])
        code = _NOT_FOUND_BEFORE if ctx.protocol_version in HANDSHAKE_PROTOCOL_VERSIONS else INVALID_PARAMS
        raise MCPError(code, "Unknown resource", data={"uri": ascii(uri)[1:-1][:200]})

    async def complete(self, ctx: Any, params: CompleteRequestParams) -> CompleteResult:
        """Answer `completion/complete`; a part without a completer has no values."""
        reference = params.ref
        values: Sequence[str] = ()
        if isinstance(reference, ResourceTemplateReference):
            known = next((known for known in self._known if known.template == str(reference.uri)), None)
            if known is not None and (completer := known.complete.get(params.argument.name)) is not None:
                given = (params.context.arguments if params.context else None) or {}
                begun = params.argument.value[:200]
                if not any(map(_CONTROL.search, (begun, *given.values()))):
                    values = await self._browse(partial(completer, begun, given))
        shown = list(values[:_MOST_COMPLETED])
        return CompleteResult(completion=Completion(values=shown, total=len(values), has_more=len(values) > len(shown)))

    async def _browse(self, work: Callable[[], T]) -> T:
        """Run it on the threads for browsing.

        Raises:
            MCPError: If the database does not answer in time, or the client asks too often.
        """
        try:
            self._admit(Call("resources", {}, network=caller_network.get(), language="en"))
            return await lanes.run("browse", work, current_wait.get())
        except TooMany as refusal:
            words, seconds = f"{refusal.message} {refusal.fix}", refusal.retry_after
        except (NotBegun, DatabaseError, InterfaceError):
            logger.exception("resources could not reach the database")
            metrics.database_error("calls")
            words, seconds = "The shop cannot reach its records right now. Try again in a moment.", _RETRY_AFTER
        raise MCPError(INTERNAL_ERROR, words, {"retry_after": seconds})
