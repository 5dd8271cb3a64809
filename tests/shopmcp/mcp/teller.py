"""A server behind the edge that has no shop, only tools that tell what reached them."""

from contextlib import contextmanager

from mcp.server import Server
from mcp.types import CallToolResult, ListToolsResult, TextContent

from shopmcp.errors import TooMany
from shopmcp.later import Later
from shopmcp.mcp.endpoint import Endpoint
from shopmcp.mcp.http import Edge
from shopmcp.mcp.kernel import Kernel
from shopmcp.mcp.refusals import refused
from shopmcp.mcp.tools import Toolbox
from tests.live import serving
from tests.rpc import MODERN, dressed, rpc, send

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603


async def _tell(ctx, params):
    if params.name == "break":
        raise RuntimeError("a secret of the server")
    told = {"arguments": params.arguments, "meta": params.meta}
    if params.name == "awkward":
        told = {"number": 10**40, "half": "\ud800"}
    elif params.name == "limited":
        return CallToolResult.model_validate(refused(TooMany(7)))
    elif params.name == "agent":
        told = {"agent": ctx.request.headers.get("user-agent")}
    return CallToolResult(content=[TextContent(type="text", text="heard")], structured_content=told)


async def _no_tools(ctx, params):
    return ListToolsResult(tools=[])


@contextmanager
def teller(public_url="http://127.0.0.1:8000", hosts=(), **options):
    """Serve it as a shop that is reached at this address; gives where it really is."""
    server = Server("teller", version="1", title="Teller", on_call_tool=_tell, on_list_tools=_no_tools)
    server.middleware.clear()
    allowed = ["127.0.0.1", "localhost", "[::1]", *hosts]
    endpoint = Endpoint(Toolbox(()), Later(lambda: Kernel(server)))
    with serving(Edge(endpoint, public_url=public_url, allowed_hosts=allowed, **options)) as address:
        yield address


def call(url, era, arguments=None, *, name="tell", meta=None, **options):
    params = {"name": name, "arguments": arguments or {}} | ({} if meta is None else {"_meta": meta})
    return rpc(url, era, "tools/call", params, **options)


def post(url, era, message):
    body, lines = dressed(message, era)
    return send(url, body, lines)


def status(era, code):
    """The HTTP status that goes with an error of a well-formed request."""
    return {METHOD_NOT_FOUND: 404}.get(code, 400) if era == MODERN else 200
