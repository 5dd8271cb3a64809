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
from functools import cached_property, partial
from time import perf_counter
from typing import Any, get_args

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.utils import translation
from django.utils.functional import Promise
from pydantic import BaseModel

from shopmcp import metrics
from shopmcp.db.jobs import Dropped
from shopmcp.db.outcome import NotBegun, Unsettled
from shopmcp.db.waiting import current_wait
from shopmcp.db.workers import LaneName, lanes
from shopmcp.disk import found_full, is_disk_full
from shopmcp.errors import InvalidArguments, ShopError
from shopmcp.mcp.access import barred, current_holder, is_barred, person_for, with_challenge
from shopmcp.mcp.arguments import Arguments, output_schema
from shopmcp.mcp.call import Answer, Call, Notices, WriteNeeded, language_in, nothing
from shopmcp.mcp.refusals import bug, busy, cut_off, disk_full, stopping, too_late, unsettled
from shopmcp.mcp.results import Result, completed, ended, refused_result, result_of
from shopmcp.mcp.widgets import may_show_widgets
from shopmcp.network import caller_network

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Tool:
    """A function that models can call, with all that is published of it.

    Attributes:
        output: The model of its structured answer.
        hints: By the protocol's names, without `Hint`: `read_only`, `destructive`, `idempotent`.
        status: What ChatGPT shows while it runs and afterwards, by its keys in `_meta`.
        widget: The name of the widget that shows its answers; empty for none.
        scopes: What a token must open for the tool to know its person.
        needs_person: Whether it is refused without a token.
        again: Returns the answer to a call without arguments, if it is known from an earlier one; else None.
    """

    name: str
    title: str
    description: str
    function: Callable[..., Answer[Any]]
    arguments: Arguments
    output: type[BaseModel]
    hints: Mapping[str, bool]
    status: Mapping[str, str]
    lane: LaneName
    widget: str = ""
    scopes: frozenset[str] = frozenset()
    needs_person: bool = False
    is_exact: bool = False
    again: Callable[[Call], Answer[Any] | None] | None = None

    @cached_property
    def input_schema(self) -> dict[str, Any]:
        return self.arguments.schema

    @cached_property
    def output_schema(self) -> dict[str, Any]:
        return output_schema(self.output)


def tool(
    *,
    title: str,
    read_only: bool = False,
    destructive: bool = False,
    idempotent: bool = False,
    browsing: bool = False,
    invoking: str = "",
    invoked: str = "",
    widget: str = "",
    scopes: str = "",
    needs_person: bool = False,
    is_exact: bool = False,
    again: Callable[[Call], Answer[Any] | None] | None = None,
) -> Callable[[Callable[..., Answer[Any]]], Tool]:
    """Make a tool of a function. It is offered once `shopmcp/composition.py` names it.

    A tool for browsing is read-only, needs no cart and may take longer. A repeated call of an idempotent tool adds
    nothing; a read-only tool is idempotent. ChatGPT shows `invoking` while the tool runs and `invoked` afterwards, each
    of at most 64 characters. A `widget` may show the answers of a read-only tool.

    A tool with `scopes` (names with spaces between) gains from a token that opens them, and refuses one that does not.
    One that `needs_person` does nothing without a token. The text of one that `is_exact` is for programs: nothing is
    added to it, and nothing is told beside it. `again` is asked first when a call has no arguments: its answer is that
    of the function, made before.
    """
    status = {"openai/toolInvocation/invoking": invoking, "openai/toolInvocation/invoked": invoked}

    def made(function: Callable[..., Answer[Any]]) -> Tool:
        name, signature = function.__name__, inspect.signature(function, eval_str=True)
        parameters = list(signature.parameters.values())[1:]
        arguments = Arguments(
            name, {p.name: (p.annotation, ... if p.default is p.empty else p.default) for p in parameters}
        )
        (output,) = get_args(signature.return_annotation)
        return Tool(
            name=name,
            title=title,
            description=in_lines(inspect.getdoc(function) or ""),
            function=function,
            arguments=arguments,
            output=output,
            hints={
                "read_only": read_only or browsing,
                "destructive": destructive,
                "idempotent": idempotent or read_only or browsing,
            },
            status={key: words for key, words in status.items() if words},
            lane="browse" if browsing else "read" if read_only else "write",
            widget=widget,
            scopes=frozenset(scopes.split()),
            needs_person=needs_person,
            is_exact=is_exact,
            again=again,
        )

    return made


def in_lines(text: str) -> str:
    """The text with a line for each paragraph: where a docstring wraps says nothing to a model."""
    return "\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


async def _no_limit(call: Call, given: Mapping[str, Any]) -> None:
    pass


async def _no_keeping(call: Call) -> None:
    pass


async def _no_record(call: Call, outcome: str, seconds: float) -> None:
    pass


def _no_language(call: Call, given: Mapping[str, Any]) -> str | None:
    return None


def _no_cart_id(call: Call) -> str | None:
    return None


def _nothing_untold(call: Call, given: Mapping[str, Any]) -> Notices:
    return nothing


class Toolbox:
    """The tools of an endpoint, in the order in which they are listed.

    Args:
        tools: Those that are listed.
        retired: Earlier names, which chats that read the list before may still call.
        language: Returns the language of callers who ask for none, where no tool decides it.
        settled: Returns the language that an earlier search settled for the conversation of a call.
        untold: Returns what a browsing tool tells that its conversation was not told yet.
        remark: Returns what each answer of a call ends with.
        cart_id: Returns the `cart_id` that an answer carries for its widget; without a query.
        admit: Counts the call with its arguments before any work is done; raises a ShopError for one too many.
        keep: Keeps what a change told (`call.notes.told`) whose answer could not be handed to its connection.
        record: Keeps the call, its outcome (`ok` or a refusal's code) and its seconds.
    """

    def __init__(
        self,
        tools: Iterable[Tool],
        *,
        retired: Iterable[Tool] = (),
        language: Callable[[], str] = lambda: settings.LANGUAGE_CODE,
        settled: Callable[[Call, Mapping[str, Any]], str | None] = _no_language,
        untold: Callable[[Call, Mapping[str, Any]], Notices] = _nothing_untold,
        remark: Callable[[Call], str | Promise] = lambda call: "",
        cart_id: Callable[[Call], str | None] = _no_cart_id,
        admit: Callable[[Call, Mapping[str, Any]], Awaitable[None]] = _no_limit,
        keep: Callable[[Call], Awaitable[None]] = _no_keeping,
        record: Callable[[Call, str, float], Awaitable[None]] = _no_record,
    ) -> None:
        self.listed = {tool.name: tool for tool in tools}
        self.tools = self.listed | {tool.name: tool for tool in retired}
        self.language, self.settled, self.untold, self.remark = language, settled, untold, remark
        self.cart_id = cart_id
        self.admit, self.keep, self.record = admit, keep, record

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
        present = tool.arguments.present(given)
        call = Call(
            name,
            meta,
            client=ascii(client)[1:-1][:60],
            network=caller_network.get(),
            language=language_in(meta),
            given=present,
            wait=current_wait.get(),
        )
        call.ignored = tool.arguments.unknown(given)
        outcome, result = await self._outcome(tool, call, present)
        if call.wait is not None and call.notes.told is not None:
            call.wait.if_undelivered = partial(self.keep, call)
        try:
            await self.record(call, outcome, perf_counter() - started)
        # The change is committed: after an error the client would repeat it.
        except Exception:
            logger.exception("a call of %s could not be recorded", name)
        return result

    async def _outcome(self, tool: Tool, call: Call, present: Mapping[str, Any]) -> tuple[str, Result]:
        refusal: Callable[[], ShopError]
        writes = tool.lane == "write"
        try:
            await self.admit(call, present)
            holder = current_holder.get()
            if tool.needs_person or holder is not None:
                if is_barred(tool.scopes):
                    result = with_challenge(_refused(barred, call, tool), call.meta)
                    return result["structuredContent"]["error"]["code"], result
                call.person, call.token = person_for(tool.scopes), holder.token if holder else ""
            return "ok", result_of(await self._perform(tool, call, present))
        except ShopError as told:
            return told.code, _refused(await completed(told, call), call, tool)
        except NotBegun:
            refusal, may_be_done = too_late, False
        except (DatabaseError, InterfaceError) as error:
            logger.exception("%s could not reach the database", call.tool)
            metrics.database_error("calls")
            may_be_done = writes and isinstance(error, Unsettled)
            refusal = unsettled if may_be_done else disk_full if is_disk_full(error) else busy
            if refusal is disk_full:
                found_full()
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

    async def _perform(self, tool: Tool, call: Call, present: Mapping[str, Any]) -> Answer[Any]:
        def work() -> Answer[Any]:
            if tool.again is not None and not (call.given or call.ignored) and (known := tool.again(call)) is not None:
                if tool.widget and may_show_widgets(call.meta):
                    self._equip(known, call)
                return known
            # The tools of a cart find both with their session.
            if tool.lane == "browse":
                if call.language is None:
                    call.language = self.settled(call, present)
                if not tool.is_exact:
                    call.untold = self.untold(call, present)
            call.spoken = call.language or settings.LANGUAGE_CODE
            with translation.override(call.spoken):
                call.remark = self.remark(call)
                answer = tool.function(call, **self._arguments(tool, call, present))
                if tool.widget and may_show_widgets(call.meta):
                    self._equip(answer, call)
                return answer if tool.is_exact else ended(answer, call)

        call.may_write = tool.lane == "write" or not lanes.started
        try:
            return await lanes.run(tool.lane, work, call.wait, call.caller)
        except WriteNeeded:
            call.may_write = True
            return await lanes.run("write", work, call.wait, call.caller)

    def _equip(self, answer: Answer[Any], call: Call) -> None:
        """Give the answer what its widget calls with."""
        data = answer.data
        if isinstance(data, Mapping) and "cart_id" not in data and (cart_id := self.cart_id(call)):
            answer.data = {**data, "cart_id": cart_id}

    def _arguments(self, tool: Tool, call: Call, present: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return tool.arguments.read(present)
        except InvalidArguments:
            # Read them again, to refuse them in the caller's language.
            call.language = call.language or self.settled(call, present)
            call.speak(self.language())
            return tool.arguments.read(present)


def _refused(refusal: ShopError | Callable[[], ShopError], call: Call, tool: Tool, *, unchanged: bool = True) -> Result:
    return refused_result(refusal, call, unchanged=unchanged and tool.lane == "write")
