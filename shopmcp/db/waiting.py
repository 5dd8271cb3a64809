"""How long a call waits for its work: until its time is up or its client is gone."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from threading import local
from time import monotonic
from typing import Final

from asgiref.typing import ASGIReceiveCallable

# Seconds from a call's arrival to its answer.
DEADLINE: Final = 10.0
# The last of them are kept for finding out what became of a commit.
_TO_SETTLE: Final = 1.0
# A call that is answered within this time is not watched: most are answered within milliseconds.
UNWATCHED: Final = 0.25


class Wait:
    """The patience of one call.

    Args:
        receive: ASGI's, by which `watch` notices that the client hangs up.
        seconds: From now to the answer.
        hung_up: Says at any time, in any thread, whether the connection is closed; nothing needs to be watched then.

    Attributes:
        begin_by: Work that has not begun by then never will, and one that waits for a silent database gives it up.
        answer_by: When the client must have its answer.
        may_take_back: A client that hangs up takes its call back (2026-07-28): what is not committed is undone.
        if_undelivered: Is awaited if the connection is closed when the answer is there.
    """

    __slots__ = (
        "_has_gone",
        "_hung_up",
        "_receive",
        "_watching",
        "answer_by",
        "begin_by",
        "if_undelivered",
        "may_take_back",
    )

    def __init__(
        self,
        receive: ASGIReceiveCallable | None = None,
        seconds: float = DEADLINE,
        hung_up: Callable[[], bool] | None = None,
    ) -> None:
        self.answer_by = monotonic() + seconds
        self.begin_by = self.answer_by - _TO_SETTLE
        self.may_take_back = False
        self.if_undelivered: Callable[[], Awaitable[None]] | None = None
        self._receive, self._hung_up = receive, hung_up
        self._has_gone = False
        self._watching: asyncio.Task[None] | None = None

    @property
    def is_gone(self) -> bool:
        """Whether the client has hung up, so that work that has not begun never will."""
        return self._has_gone or (self._hung_up is not None and self._hung_up())

    @property
    def is_over(self) -> bool:
        return self.is_gone or monotonic() > self.begin_by

    @property
    def is_taken_back(self) -> bool:
        """Whether work that is not committed must be undone."""
        return self.may_take_back and self.is_gone

    def watch(self) -> None:
        """Notice from now on when the client hangs up. The body of its request has been received."""
        if self._watching is None and self._receive is not None and self._hung_up is None:
            self._watching = asyncio.get_running_loop().create_task(self._watch(self._receive))

    def end(self) -> None:
        """Stop watching: the call has its answer."""
        # It holds the call, which holds this: a circle for the garbage collector.
        self.if_undelivered = None
        if self._watching is not None:
            self._watching.cancel()

    async def _watch(self, receive: ASGIReceiveCallable) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._has_gone = True


class _Here(local):
    until = float("inf")


_here = _Here()


def read_until(moment: float) -> None:
    """Have SQLite end the statements of this thread that still run at that moment, by `monotonic`."""
    _here.until = moment


def may_read_on() -> bool:
    return monotonic() <= _here.until


# The call that a task answers. It is passed on by the code that knows of it, because what a call leaves to the
# background must not end with it.
current_wait: ContextVar[Wait | None] = ContextVar("current_wait", default=None)
