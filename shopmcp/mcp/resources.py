"""MCP resources: texts with a `shop://` address that a host may attach to a conversation.

A resource is a synchronous function of an app. It takes the parts of its address and returns text, or raises
`NotFound`. It runs on the threads for browsing (`shopmcp/mcp/reading.py`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from shopmcp.mcp.call import Call
from shopmcp.mcp.widgets import Widget

# Returns the possible values of a part, from its beginning and the parts that are known.
Completer = Callable[[str, Mapping[str, str]], Sequence[str]]
# Returns the parts and the title of each listed resource of a template.
Lister = Callable[[], Sequence[tuple[Mapping[str, str], str]]]
Reader = Callable[..., str]
_PART = re.compile(r"\{(\w+)\}")
PLAIN = "text/plain"
# No name has one of these characters, and database drivers may refuse them.
CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


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
            "mime_type": PLAIN,
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
        return None if found is None or any(map(CONTROL.search, parts)) else dict(zip(names, parts, strict=True))


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


@dataclass(frozen=True, slots=True)
class Resources:
    """The resources of an endpoint, in the order in which they are listed.

    `admit` counts a request before it is answered from the database; it raises TooMany for one too many. `widgets` are
    listed last.
    """

    known: Sequence[ResourceKind]
    widgets: Sequence[Widget] = ()
    admit: Callable[[Call], None] = _no_limit
