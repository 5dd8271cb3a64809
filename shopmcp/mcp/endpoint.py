"""What answers `/mcp`. The SDK is loaded after the server's start: no plain call of a tool needs it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shopmcp.later import Later
from shopmcp.mcp.introduction import Introduction
from shopmcp.mcp.resources import Resources
from shopmcp.mcp.tools import Toolbox

if TYPE_CHECKING:
    from mcp.server import Server

    from shopmcp.mcp.kernel import Kernel


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """The toolbox, which answers plain calls, and the SDK's kernel, which answers everything else."""

    toolbox: Toolbox
    kernel: "Later[Kernel]"

    @property
    def server(self) -> "Server[Any]":
        """The SDK's server."""
        return self.kernel.get().server


def make_endpoint(
    toolbox: Toolbox, resources: Resources, introduction: Callable[[], Introduction] = Introduction
) -> Endpoint:
    """Return the endpoint that offers these tools and resources; `introduction` asks the database."""

    def make() -> "Kernel":
        from shopmcp.mcp.server import make_kernel  # noqa: PLC0415 - the SDK takes a second to load

        return make_kernel(toolbox, resources, introduction)

    return Endpoint(toolbox, Later(make))
