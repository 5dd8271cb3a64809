"""The MCP server: the `tool` decorator, and the one place where tools meet threads and connections.

A tool is a synchronous function `(call, **arguments) -> Answer[Model]` in some app's `tools.py`. Its signature is the
input schema, its return annotation the output schema, its docstring the description that a model reads. Whatever goes
wrong becomes a result with `isError` and `structuredContent.error`; only what the protocol itself calls an error (an
unknown tool, prompt or resource) is one.
"""

import inspect
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Generic, TypeVar, get_args

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from mcp.server import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    Tool,
    ToolAnnotations,
)
from pydantic import BaseModel

from shopmcp.db.workers import LaneName, lanes
from shopmcp.errors import Busy, InvalidArguments, ShopError
from shopmcp.mcp.arguments import Arguments, output_schema
from shopmcp.mcp.refusals import bug, busy, ignored, refused

M = TypeVar("M", bound=BaseModel)
_CLIENT_INFO = "io.modelcontextprotocol/clientInfo"
_LANGUAGES = {"iw": "he"}  # the code that old systems still send for Hebrew

logger = logging.getLogger(__name__)


class WriteNeeded(Exception):
    """Raised by a reading tool that has to write first: the call is run again where changes run."""


@dataclass(slots=True)
class Call:
    """What a tool may know about the request that called it, and what it notes down about it."""

    tool: str
    meta: Mapping[str, Any]
    client: str = ""
    language: str | None = None
    # What the call is answered in, once that is known.
    spoken: str = ""
    # False where changes do not belong; raise WriteNeeded to be moved.
    may_write: bool = True
    # The names of the arguments that came, and which of them the tool does not have.
    given: Collection[str] = ()
    ignored: tuple[str, ...] = ()
    # What the answer has to end with, whatever it is about; a tool that says so itself clears it.
    remark: str | Promise = ""
    # For the record of calls: whatever the surfaces found out on the way.
    notes: dict[str, Any] = field(default_factory=dict)

    def speak(self, language: str) -> str:
        """Use the caller's language for the rest of the call, or else this one; return which it is."""
        self.spoken = self.language or language
        translation.activate(self.spoken)
        return self.spoken

    def note_search(self, words: Sequence[str], results: int) -> None:
        """Record the normalised words of a search and how many products it found."""
        self.notes["words"], self.notes["results"] = list(words), results

    def note_products(self, public_ids: Sequence[str]) -> None:
        """Record which products this call was about."""
        self.notes["products"] = list(public_ids)


@dataclass(slots=True)
class Answer(Generic[M]):
    """What a tool answers: text that is complete on its own, and the same as data.

    `data` may be the dumped form of the model, where an answer was stored earlier. The text of an answer that
    `is_exact` is for programs: nothing is added to it.
    """

    text: str
    data: M | Mapping[str, Any]
    is_exact: bool = False


Shop = Callable[..., Answer[Any]]
# A `CallToolResult` as it goes over the wire.
Result = dict[str, Any]
Observer = Callable[[Call, str, float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A registered tool."""

    function: Shop
    arguments: Arguments
    published: Tool
    lane: LaneName
    extra: bool = False


class Toolbox:
    """The tools, in the order of their definition, and how a call of one becomes a result."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self._observers: list[Observer] = []
        self._introducers: list[Callable[[Call], None]] = []
        self._openers: list[Callable[[Call], None]] = []

    def tool(
        self,
        *,
        title: str,
        read_only: bool = False,
        destructive: bool = False,
        idempotent: bool = False,
        browsing: bool = False,
        extra: bool = False,
        invoking: str = "",
        invoked: str = "",
    ) -> Callable[[Shop], Shop]:
        """Register a tool.

        Args:
            title: What people see.
            read_only: Changes nothing.
            destructive: Takes something away.
            idempotent: A repeated call adds nothing; a read-only tool always is.
            browsing: A read that needs no cart and may take longer.
            extra: Beside what a shop cannot do without: listed behind the other tools, whichever app it is in.
            invoking: What ChatGPT shows while it runs, at most 64 characters.
            invoked: And afterwards.
        """
        status = {"openai/toolInvocation/invoking": invoking, "openai/toolInvocation/invoked": invoked}

        def register(function: Shop) -> Shop:
            name, signature = function.__name__, inspect.signature(function, eval_str=True)
            parameters = list(signature.parameters.values())[1:]
            arguments = Arguments(
                name, {p.name: (p.annotation, ... if p.default is p.empty else p.default) for p in parameters}
            )
            (output,) = get_args(signature.return_annotation)
            self.entries[name] = Entry(
                function,
                arguments,
                Tool(
                    name=name,
                    title=title,
                    description=inspect.getdoc(function),
                    input_schema=arguments.schema,
                    output_schema=output_schema(output),
                    annotations=ToolAnnotations(
                        title=title,
                        read_only_hint=read_only,
                        destructive_hint=destructive,
                        idempotent_hint=idempotent or read_only,
                        open_world_hint=False,
                    ),
                    _meta={key: words for key, words in status.items() if words} or None,
                ),
                "browse" if browsing else "read" if read_only else "write",
                extra,
            )
            return function

        return register

    def observe(self, observer: Observer) -> Observer:
        """Have every call reported: the call, its outcome (`ok` or a refusal's code), its seconds."""
        self._observers.append(observer)
        return observer

    def open(self, opener: Callable[[Call], None]) -> Callable[[Call], None]:
        """Have it see every call before its tool does."""
        self._openers.append(opener)
        return opener

    def introduce(self, introducer: Callable[[Call], None]) -> Callable[[Call], None]:
        """Have it find out who is calling where the arguments cannot be read and no tool gets to see the call."""
        self._introducers.append(introducer)
        return introducer

    async def list(self, ctx: ServerRequestContext[Any, Any], params: Any) -> ListToolsResult:
        return ListToolsResult(tools=[entry.published for entry in self.entries.values()])

    def input_schema(self, name: str) -> dict[str, Any] | None:
        entry = self.entries.get(name)
        return entry.published.input_schema if entry else None

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
        """Answer a call; None for a tool that does not exist.

        Args:
            name: The tool's name.
            given: The arguments as they came.
            meta: `params._meta` as it came.
            client: The client's name for itself.
        """
        started = perf_counter()
        entry = self.entries.get(name)
        if entry is None:
            return None
        # Null counts as absent.
        given_names = [argument for argument, value in given.items() if value is not None]
        call = Call(name, meta, ascii(client)[1:-1][:60], _language(meta), given=given_names)
        call.ignored = entry.arguments.unknown(given)
        try:
            answer = await self._perform(entry, call, given)
            outcome, result = "ok", _result(answer)
        except ShopError as refusal:
            outcome, result = refusal.code, _refused(refusal, call, entry)
        except (DatabaseError, InterfaceError):
            logger.exception("%s could not reach the database", name)
            outcome, result = Busy.code, _refused(busy, call, entry)
        # A bug must not reach the client in its own words, on any revision of the protocol.
        except Exception:
            logger.exception("%s failed", name)
            outcome, result = "internal_error", _refused(bug, call, entry, unchanged=False)
        for observer in self._observers:
            await observer(call, outcome, perf_counter() - started)
        return result

    async def _perform(self, entry: Entry, call: Call, given: Mapping[str, Any]) -> Answer[Any]:
        call.may_write = entry.lane == "write" or not lanes.started

        def work() -> Answer[Any]:
            with translation.override(call.language or settings.LANGUAGE_CODE):
                for opener in self._openers:
                    opener(call)
                answer = entry.function(call, **self._read(entry, call, given))
                if (call.ignored or call.remark) and not answer.is_exact:
                    ending = filter(None, (ignored(call.ignored), str(call.remark)))
                    answer.text = "\n".join((answer.text, *ending))
                return answer

        try:
            return await lanes.run(entry.lane, work)
        except WriteNeeded:
            call.may_write = True
            return await lanes.run("write", work)

    def _read(self, entry: Entry, call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return entry.arguments.read(given)
        except InvalidArguments:
            for introduce in self._introducers:
                introduce(call)
            # Now that the caller's language is known, the same again in that.
            return entry.arguments.read(given)


def _result(answer: Answer[Any]) -> Result:
    data = answer.data
    return {
        "content": [{"type": "text", "text": answer.text}],
        "structuredContent": data.model_dump(mode="json") if isinstance(data, BaseModel) else data,
        "isError": False,
    }


def _refused(
    refusal: ShopError | Callable[[], ShopError], call: Call, entry: Entry, *, unchanged: bool = True
) -> Result:
    with translation.override(call.spoken or call.language or settings.LANGUAGE_CODE):
        told = refusal if isinstance(refusal, ShopError) else refusal()
        tail = gettext("The cart is unchanged.") if unchanged and entry.lane == "write" else ""
        return refused(told, ending=(tail, ignored(call.ignored), str(call.remark)))


def _language(meta: Mapping[str, Any]) -> str | None:
    """The first part of `openai/locale` (BCP 47), where the shop speaks that language."""
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


toolbox = Toolbox()
tool = toolbox.tool
