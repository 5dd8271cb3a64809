"""Tools: the `tool` decorator, and how a call of one becomes a result.

A tool is a synchronous function `(call, **arguments) -> Answer[Model]` in some app's `tools.py`. Its signature is the
input schema, its return annotation the output schema, its docstring the description that a model reads. Everything that
goes wrong becomes a result with `isError` and `structuredContent.error`; an unknown tool alone is a protocol error.
"""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, get_args

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from mcp.server import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, CallToolRequestParams, CallToolResult, ListToolsResult, ToolAnnotations
from mcp.types import Tool as PublishedTool
from pydantic import BaseModel

from shopmcp import metrics
from shopmcp.db.outcome import NotBegun, Unsettled
from shopmcp.db.waiting import current_wait
from shopmcp.db.workers import Dropped, LaneName, lanes
from shopmcp.disk import is_disk_full
from shopmcp.errors import InvalidArguments, ShopError
from shopmcp.mcp.arguments import Arguments, output_schema
from shopmcp.mcp.call import Answer, Call, WriteNeeded
from shopmcp.mcp.refusals import bug, busy, cut_off, disk_full, ignored, refused, stopping, too_late, unsettled
from shopmcp.network import caller_network

_CLIENT_INFO = "io.modelcontextprotocol/clientInfo"
_LANGUAGES = {"iw": "he"}  # the code that old systems still send for Hebrew

logger = logging.getLogger(__name__)

# A `CallToolResult` as it goes over the wire.
Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that models can call, with all that is published of it."""

    function: Callable[..., Answer[Any]]
    arguments: Arguments
    published: PublishedTool
    lane: LaneName

    @property
    def name(self) -> str:
        return self.published.name


def tool(
    *,
    title: str,
    read_only: bool = False,
    destructive: bool = False,
    idempotent: bool = False,
    browsing: bool = False,
    invoking: str = "",
    invoked: str = "",
) -> Callable[[Callable[..., Answer[Any]]], Tool]:
    """Make a tool of a function. It is offered once `shopmcp/composition.py` names it.

    A tool for browsing is read-only, needs no cart and may take longer. A repeated call of an idempotent tool adds
    nothing; a read-only tool is idempotent. ChatGPT shows `invoking` while the tool runs and `invoked` afterwards, each
    of at most 64 characters.
    """
    status = {"openai/toolInvocation/invoking": invoking, "openai/toolInvocation/invoked": invoked}

    def made(function: Callable[..., Answer[Any]]) -> Tool:
        name, signature = function.__name__, inspect.signature(function, eval_str=True)
        parameters = list(signature.parameters.values())[1:]
        arguments = Arguments(
            name, {p.name: (p.annotation, ... if p.default is p.empty else p.default) for p in parameters}
        )
        (output,) = get_args(signature.return_annotation)
        published = PublishedTool(
            name=name,
            title=title,
            description=inspect.getdoc(function),
            input_schema=arguments.schema,
            output_schema=output_schema(output),
            annotations=ToolAnnotations(
                title=title,
                read_only_hint=read_only or browsing,
                destructive_hint=destructive,
                idempotent_hint=idempotent or read_only or browsing,
                open_world_hint=False,
            ),
            _meta={key: words for key, words in status.items() if words} or None,
        )
        return Tool(function, arguments, published, "browse" if browsing else "read" if read_only else "write")

    return made


async def _no_limit(call: Call, given: Mapping[str, Any]) -> None:
    pass


async def _no_record(call: Call, outcome: str, seconds: float) -> None:
    pass


class Toolbox:
    """The tools of an endpoint, in the order in which they are listed.

    Args:
        language: Returns the language of callers who ask for none, where no tool decides it.
        remark: Returns what each answer of a call ends with.
        admit: Counts the call with its arguments before any work is done; raises a ShopError for one too many.
        record: Keeps the call, its outcome (`ok` or a refusal's code) and its seconds.
    """

    def __init__(
        self,
        tools: Iterable[Tool],
        *,
        language: Callable[[], str] = lambda: settings.LANGUAGE_CODE,
        remark: Callable[[Call], str | Promise] = lambda call: "",
        admit: Callable[[Call, Mapping[str, Any]], Awaitable[None]] = _no_limit,
        record: Callable[[Call, str, float], Awaitable[None]] = _no_record,
    ) -> None:
        self.tools = {tool.name: tool for tool in tools}
        self.language, self.remark, self.admit, self.record = language, remark, admit, record

    async def list(self, ctx: ServerRequestContext[Any, Any], params: Any) -> ListToolsResult:
        return ListToolsResult(tools=[tool.published for tool in self.tools.values()])

    def input_schema(self, name: str) -> dict[str, Any] | None:
        tool = self.tools.get(name)
        return tool.published.input_schema if tool else None

    async def call(self, ctx: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> CallToolResult:
        """Answer `tools/call` behind the SDK.

        Raises:
            MCPError: For a tool that does not exist.
        """
        meta: Mapping[str, Any] = params.meta or {}
        result = await self.answer(params.name, params.arguments or {}, meta, _client(ctx, meta))
        if result is None:
            raise MCPError(INVALID_PARAMS, f"Unknown tool: {ascii(params.name)[1:-1][:64]}")
        return CallToolResult.model_validate(result)

    async def answer(self, name: str, given: Mapping[str, Any], meta: Mapping[str, Any], client: str) -> Result | None:
        """Answer a call with its arguments and `params._meta` as they came; None if there is no such tool."""
        result = await self.perform(name, given, meta, client)
        if result is not None and isinstance(data := result["structuredContent"], BaseModel):
            result["structuredContent"] = data.model_dump(mode="json")
        return result

    async def perform(self, name: str, given: Mapping[str, Any], meta: Mapping[str, Any], client: str) -> Result | None:
        """Answer as `answer` does, but with the tool's own model as `structuredContent`."""
        started = perf_counter()
        if (tool := self.tools.get(name)) is None:
            return None
        # Null counts as absent.
        given_names = [argument for argument, value in given.items() if value is not None]
        call = Call(
            name,
            meta,
            client=ascii(client)[1:-1][:60],
            network=caller_network.get(),
            language=_language(meta),
            given=given_names,
        )
        call.ignored = tool.arguments.unknown(given)
        outcome, result = await self._outcome(tool, call, given)
        try:
            await self.record(call, outcome, perf_counter() - started)
        # The change is committed: after an error the client would repeat it.
        except Exception:
            logger.exception("a call of %s could not be recorded", name)
        return result

    async def _outcome(self, tool: Tool, call: Call, given: Mapping[str, Any]) -> tuple[str, Result]:
        refusal: Callable[[], ShopError]
        writes = tool.lane == "write"
        try:
            await self.admit(call, given)
            return "ok", _result(await self._perform(tool, call, given))
        except ShopError as told:
            return told.code, _refused(await _completed(told, call), call, tool)
        except NotBegun:
            refusal, may_be_done = too_late, False
        except (DatabaseError, InterfaceError) as error:
            logger.exception("%s could not reach the database", call.tool)
            metrics.database_error("calls")
            may_be_done = writes and isinstance(error, Unsettled)
            refusal = unsettled if may_be_done else disk_full if is_disk_full(error) else busy
        # The server is stopping, and its grace is over. The client is told before the connection closes.
        except asyncio.CancelledError as end:
            may_be_done = writes and not isinstance(end, Dropped)
            refusal = cut_off if may_be_done else stopping
        # The words of a bug go to the log only, in every revision of the protocol.
        except Exception:
            logger.exception("%s failed", call.tool)
            return "internal_error", _refused(bug, call, tool, unchanged=False)
        result = _refused(refusal, call, tool, unchanged=not may_be_done)
        return result["structuredContent"]["error"]["code"], result

    async def _perform(self, tool: Tool, call: Call, given: Mapping[str, Any]) -> Answer[Any]:
        def work() -> Answer[Any]:
            with translation.override(call.language or settings.LANGUAGE_CODE):
                call.remark = self.remark(call)
                answer = tool.function(call, **self._arguments(tool, call, given))
                if (call.ignored or call.remark) and not answer.is_exact:
                    ending = filter(None, (ignored(call.ignored), str(call.remark)))
                    answer.text = "\n".join((answer.text, *ending))
                return answer

        call.may_write = tool.lane == "write" or not lanes.started
        wait = current_wait.get()
        try:
            return await lanes.run(tool.lane, work, wait)
        except WriteNeeded:
            call.may_write = True
            return await lanes.run("write", work, wait)

    def _arguments(self, tool: Tool, call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return tool.arguments.read(given)
        except InvalidArguments:
            # Read them again, to refuse them in the shop's language.
            call.speak(self.language())
            return tool.arguments.read(given)


async def _completed(refusal: ShopError, call: Call) -> ShopError:
    """The refusal with what may have been meant, which is searched where browsing runs."""
    if (complete := refusal.complete) is None:
        return refusal

    def work() -> ShopError:
        with translation.override(call.spoken or call.language or settings.LANGUAGE_CODE):
            return complete()

    try:
        return await lanes.run("browse", work, current_wait.get())
    except (asyncio.CancelledError, NotBegun):  # the server is stopping, or the time is up
        return refusal
    # The refusal is true without candidates too.
    except Exception:
        logger.exception("a refusal of %s could not be completed", call.tool)
        return refusal


def _result(answer: Answer[Any]) -> Result:
    return {
        "content": [{"type": "text", "text": answer.text}],
        "structuredContent": answer.data,
        "isError": False,
    }


def _refused(refusal: ShopError | Callable[[], ShopError], call: Call, tool: Tool, *, unchanged: bool = True) -> Result:
    with translation.override(call.spoken or call.language or settings.LANGUAGE_CODE):
        told = refusal if isinstance(refusal, ShopError) else refusal()
        tail = gettext("The cart is unchanged.") if unchanged and tool.lane == "write" else ""
        return refused(told, ending=(tail, ignored(call.ignored), str(call.remark)))


def _language(meta: Mapping[str, Any]) -> str | None:
    """The first part of `openai/locale` (BCP 47), where the shop has that language."""
    locale = meta.get("openai/locale")
    if not isinstance(locale, str):
        return None
    code = locale[:20].replace("_", "-").split("-")[0].lower()
    code = _LANGUAGES.get(code, code)
    return code if code in dict(settings.LANGUAGES) else None


def _client(ctx: ServerRequestContext[Any, Any], meta: Mapping[str, Any]) -> str:
    """The client's name for itself: from the call, from its handshake, or from its HTTP header."""
    if name := client_in(meta, {} if ctx.request is None else ctx.request.headers):
        return name
    return ctx.session.client_params.client_info.name if ctx.session.client_params else ""


def client_in(meta: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """The client's name for itself: from the call, or else from the HTTP header; empty if neither tells."""
    info = meta.get(_CLIENT_INFO)
    name = info.get("name") if isinstance(info, Mapping) else None
    return name if isinstance(name, str) else headers.get("user-agent", "").split("/")[0]
