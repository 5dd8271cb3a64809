"""One call of a tool: its request, its answer, and the notes for its record."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from pydantic import BaseModel

from shopmcp.db.turns import OWN
from shopmcp.db.waiting import Wait
from shopmcp.languages import language_of
from shopmcp.network import UNKNOWN

M = TypeVar("M", bound=BaseModel)
_CLIENT_INFO = "io.modelcontextprotocol/clientInfo"
_LANGUAGES = {"iw": "he"}  # the code that old systems still send for Hebrew
# Returns the code and the sentence of each notice, in the active language.
Notices = Callable[[], Sequence[tuple[str, str]]]


def nothing() -> Sequence[tuple[str, str]]:
    """Return no notices."""
    return ()


class WriteNeeded(Exception):
    """Raised by a reading tool that has to write first: the call is run again where writes run."""


@dataclass(slots=True)
class Notes:
    """What a call turns out to be, filled in on its way and kept in its record."""

    conversation: Any = None  # what the call says of it, as `carts.conversation` reads it
    row: Any = None  # of its session, where `carts.looks` has read it
    chat: str = ""  # what its language is remembered by, as `carts.languages` finds it
    language: str = ""  # the one that a search settled for the conversation
    source: str = ""  # the `_meta` key that named the conversation, or what stood in for one
    session: int | None = None  # its primary key
    is_new_session: bool = False
    may_begin_session: bool = True  # whether its record may begin one, if the conversation has none
    warnings: list[str] = field(default_factory=list)  # kinds of signs that chats may not be told apart
    words: Sequence[str] = ()  # of a search, normalised
    results: int | None = None  # how many products the search found
    products: Sequence[str] = ()  # the public ids of those that the call was about
    version: int | None = None  # of the cart, after a change
    refusal: str = ""  # what was wrong, as the caller was told
    told: Any = None  # what a change tells, until it is known to be kept for a later answer

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
    person: int | None = None  # whom a valid token names, by the key of `accounts.Person`
    token: str = ""  # the checksum of that token
    caller: str = OWN  # whose turn its work takes in a lane
    language: str | None = None  # that the caller asked for, if the shop has it, or that a search settled
    spoken: str = ""  # the one that is active
    may_write: bool = True  # False where writes do not belong; raise WriteNeeded to be moved
    given: Mapping[str, Any] = field(default_factory=dict)  # the arguments that came
    ignored: tuple[str, ...] = ()  # those of them that the tool does not have
    remark: str | Promise = ""  # what the answer ends with; a tool that says so itself clears it
    untold: Notices = nothing  # what the conversation was not told; a tool that tells it itself sets `nothing`
    notes: Notes = field(default_factory=Notes)
    wait: Wait | None = None  # None where nobody hangs up

    def hear(self, words: str, spoken: Iterable[str]) -> None:
        """Answer in the language of a search's words, and settle it for the conversation.

        Nothing is settled if the caller asked for a language, if an earlier search settled one, or if the letters are
        of none of the shop's languages.

        Args:
            words: Of the search.
            spoken: The languages of the stores, as `language_of` takes them.
        """
        if self.language is None and (language := language_of(words, frozenset(spoken))) is not None:
            self.language = self.notes.language = language

    def speak(self, language: str) -> None:
        """Use the caller's language for the rest of the call, or else this one."""
        # Activating a language takes longer than many a look-up.
        if (spoken := self.language or language) != self.spoken:
            self.spoken = spoken
            translation.activate(spoken)


@dataclass(slots=True)
class Answer(Generic[M]):
    """What a tool answers: text that is complete on its own, and the same as data.

    `data` may be the dumped form of the model, where an answer was stored earlier.
    """

    text: str
    data: M | Mapping[str, Any]


def language_in(meta: Mapping[str, Any]) -> str | None:
    """The first part of `openai/locale` (BCP 47), where the shop has that language."""
    locale = meta.get("openai/locale")
    if not isinstance(locale, str):
        return None
    code = locale[:20].replace("_", "-").split("-")[0].lower()
    code = _LANGUAGES.get(code, code)
    return code if code in dict(settings.LANGUAGES) else None


def client_in(meta: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """The client's name for itself: from the call, or else from the HTTP header; empty if neither tells."""
    info = meta.get(_CLIENT_INFO)
    name = info.get("name") if isinstance(info, Mapping) else None
    return name if isinstance(name, str) else headers.get("user-agent", "").split("/")[0]
