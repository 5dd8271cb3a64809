"""Widgets: HTML that a host shows beside the answer of a tool, by the extension MCP Apps (SEP-1865).

A widget is a `ui://` resource. Its address holds a digest of all that a host keeps of it, so that a host that keeps it
by its address gets a new one after a change. Every earlier address answers with the newest HTML.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, Final

EXTENSION: Final = "io.modelcontextprotocol/ui"
MIME_TYPE: Final = "text/html;profile=mcp-app"
_PROTOCOL: Final = "io.modelcontextprotocol/"
_VERSION, _CAPABILITIES = f"{_PROTOCOL}protocolVersion", f"{_PROTOCOL}clientCapabilities"


@dataclass(frozen=True, eq=False)
class Widget:
    """The HTML for the answers of the tools that name it.

    Attributes:
        name: As tools name it.
        description: What it shows, for the model.
        origin: The only site that it loads images and styles from, and leads to; it sends nothing to any site.
        make: Returns the HTML; called once.
    """

    name: str
    title: str
    description: str
    origin: str
    make: Callable[[], str]

    @cached_property
    def html(self) -> str:
        return self.make()

    @cached_property
    def address(self) -> str:
        """The address of the HTML as it is: the same in each process of a shop."""
        kept = json.dumps([self.html, self.meta], sort_keys=True)
        return f"ui://shopmcp/{self.name}/{sha256(kept.encode()).hexdigest()[:12]}.html"

    @cached_property
    def meta(self) -> dict[str, Any]:
        """What the resource says of itself in `_meta`."""
        return {
            "ui": {
                "csp": {"connectDomains": [], "resourceDomains": [self.origin]},
                "domain": self.origin,
                "prefersBorder": True,
            },
            "openai/widgetDescription": self.description,
            "openai/widgetCSP": {
                "connect_domains": [],
                "resource_domains": [self.origin],
                "redirect_domains": [self.origin],
            },
        }

    @property
    def described(self) -> dict[str, Any]:
        """The fields of the protocol's resource, without the address."""
        return {
            "name": f"{self.name}_widget",
            "title": self.title,
            "description": self.description,
            "mime_type": MIME_TYPE,
        }

    def has_address(self, uri: str) -> bool:
        """Whether this is its address, or was."""
        return re.fullmatch(rf"ui://shopmcp/{self.name}/[0-9a-f]{{12}}\.html", uri) is not None

    @property
    def tool_meta(self) -> dict[str, Any]:
        """What a tool whose answers it shows says in `_meta`."""
        return {"ui": {"resourceUri": self.address}, "openai/outputTemplate": self.address}


def may_show_widgets(meta: Mapping[str, Any]) -> bool:
    """Whether the client of a call with this `_meta` may show widgets.

    From 2026-07-28 on each call tells what its client can do. Before, only `initialize` does, which a server without
    sessions does not remember: then it may.
    """
    if _VERSION not in meta and _CAPABILITIES not in meta:
        return True
    capabilities = meta.get(_CAPABILITIES)
    extensions = capabilities.get("extensions") if isinstance(capabilities, Mapping) else None
    return isinstance(extensions, Mapping) and EXTENSION in extensions
