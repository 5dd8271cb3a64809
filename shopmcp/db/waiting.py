"""How long a call waits for its work: until its time is up or its client is gone."""

import asyncio
from contextvars import ContextVar
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

    Attributes:
        begin_by: Work that has not begun by then never will, and one that waits for a silent database gives it up.
        answer_by: When the client must have its answer.
        is_gone: The client has hung up, so work that has not begun never will.
    """

    __slots__ = ("_receive", "_watching", "answer_by", "begin_by", "is_gone")

    def __init__(self, receive: ASGIReceiveCallable | None = None, seconds: float = DEADLINE) -> None:
        self.answer_by = monotonic() + seconds
        self.begin_by = self.answer_by - _TO_SETTLE
        self.is_gone = False
        self._receive = receive
        self._watching: asyncio.Task[None] | None = None

    @property
    def is_over(self) -> bool:
        return self.is_gone or monotonic() > self.begin_by

    def watch(self) -> None:
        """Notice from now on when the client hangs up. The body of its request has been received."""
        if self._watching is None and self._receive is not None:
            self._watching = asyncio.get_running_loop().create_task(self._watch(self._receive))

    def end(self) -> None:
        """Stop watching: the call has its answer."""
        if self._watching is not None:
            self._watching.cancel()

    async def _watch(self, receive: ASGIReceiveCallable) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.is_gone = True


# The call that a task answers. It is passed on by the code that knows of it, because what a call leaves to the
# background must not end with it.
current_wait: ContextVar[Wait | None] = ContextVar("current_wait", default=None)
