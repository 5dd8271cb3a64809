"""One call of a tool: what came with it, what it is answered, and what is noted for its record."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.utils import translation
from django.utils.functional import Promise
from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)


class WriteNeeded(Exception):
    """Raised by a reading tool that has to write first: the call is run again where writes run."""


@dataclass(slots=True)
class Notes:
    """What a call turns out to be, filled in on its way and kept in its record.

    Attributes:
        identity: What the conversation is recognised by, as `carts.identity` reads it.
        source: The `_meta` key that named the conversation, or what stood in for one; empty where nothing asked.
        session: The primary key of the session that was found.
        is_new_session: The call itself made that session.
        warnings: Kinds of signs that chats may not be told apart, each once.
        words: The normalised words of a search.
        results: How many products the search found.
        products: The public ids of the products that the call was about.
        version: The cart's version after a change.
    """

    identity: Any = None
    source: str = ""
    session: int | None = None
    is_new_session: bool = False
    warnings: list[str] = field(default_factory=list)
    words: Sequence[str] = ()
    results: int | None = None
    products: Sequence[str] = ()
    version: int | None = None

    def warn(self, kind: str) -> None:
        """Note a sign that chats may not be told apart."""
        if kind not in self.warnings:
            self.warnings.append(kind)


@dataclass(slots=True)
class Call:
    """What a tool may know about the request that called it.

    Attributes:
        tool: The tool's name.
        meta: `params._meta` as it came.
        client: The client's name for itself.
        language: The language that the caller asked for, if the shop has it.
        spoken: The language that the call was answered in.
        may_write: False where writes do not belong; raise WriteNeeded to be moved.
        given: The names of the arguments that came.
        ignored: Those of them that the tool does not have.
        remark: What the answer has to end with; a tool that says so itself clears it.
    """

    tool: str
    meta: Mapping[str, Any]
    client: str = ""
    language: str | None = None
    spoken: str = ""
    may_write: bool = True
    given: Collection[str] = ()
    ignored: tuple[str, ...] = ()
    remark: str | Promise = ""
    notes: Notes = field(default_factory=Notes)

    def speak(self, language: str) -> None:
        """Use the caller's language for the rest of the call, or else this one."""
        self.spoken = self.language or language
        translation.activate(self.spoken)


@dataclass(slots=True)
class Answer(Generic[M]):
    """What a tool answers: text that is complete on its own, and the same as data.

    `data` may be the dumped form of the model, where an answer was stored earlier. The text of an answer that
    `is_exact` is for programs: nothing is added to it.
    """

    text: str
    data: M | Mapping[str, Any]
    is_exact: bool = False
