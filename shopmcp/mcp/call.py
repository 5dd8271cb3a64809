"""One call of a tool: its request, its answer, and the notes for its record."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.utils import translation
from django.utils.functional import Promise
from pydantic import BaseModel

from shopmcp.network import UNKNOWN

M = TypeVar("M", bound=BaseModel)


class WriteNeeded(Exception):
    """Raised by a reading tool that has to write first: the call is run again where writes run."""


@dataclass(slots=True)
class Notes:
    """What a call turns out to be, filled in on its way and kept in its record."""

    identity: Any = None  # what the conversation is recognised by, as `carts.identity` reads it
    source: str = ""  # the `_meta` key that named the conversation, or what stood in for one
    session: int | None = None  # its primary key
    is_new_session: bool = False
    warnings: list[str] = field(default_factory=list)  # kinds of signs that chats may not be told apart
    words: Sequence[str] = ()  # of a search, normalised
    results: int | None = None  # how many products the search found
    products: Sequence[str] = ()  # the public ids of those that the call was about
    version: int | None = None  # of the cart, after a change

    def warn(self, kind: str) -> None:
        """Note a sign that chats may not be told apart."""
        if kind not in self.warnings:
            self.warnings.append(kind)


@dataclass(slots=True)
class Call:
    """What a tool may know about the request that called it."""

    tool: str
    meta: Mapping[str, Any]  # `params._meta` as it came
    client: str = ""  # the client's name for itself
    network: str = UNKNOWN  # where the client calls from
    language: str | None = None  # the one that the caller asked for, if the shop has it
    spoken: str = ""  # the one that the call was answered in
    may_write: bool = True  # False where writes do not belong; raise WriteNeeded to be moved
    given: Collection[str] = ()  # the names of the arguments that came
    ignored: tuple[str, ...] = ()  # those of them that the tool does not have
    remark: str | Promise = ""  # what the answer ends with; a tool that says so itself clears it
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
