"""Bodies of requests within limits: for chats and pages alike, and before anything of them is stored."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus

from asgiref.typing import ASGIReceiveCallable, ASGIReceiveEvent, HTTPDisconnectEvent
from django.utils.translation import gettext


@dataclass(frozen=True, slots=True)
class Limit:
    """How large a body may be, in bytes, and how many seconds it may take after the head."""

    size: int
    seconds: float


class Body:
    """The body of a request, received within a limit.

    Args:
        is_complete: Says whether the whole body has arrived.

    Attributes:
        refusal: The status of the answer, once the body is too large (413) or late (408).
    """

    def __init__(
        self,
        receive: ASGIReceiveCallable,
        limit: Limit,
        declared: int,
        is_complete: Callable[[], bool] = bool,
    ) -> None:
        self._receive = receive
        self._limit = limit
        self._has_arrived = is_complete
        self._deadline = asyncio.get_running_loop().time() + limit.seconds
        self._left = limit.size
        self._is_complete = False
        self.refusal: HTTPStatus | None = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if declared > limit.size else None

    async def receive(self) -> ASGIReceiveEvent:
        """Return the next event of the request; to its reader, a refused body is a client that hung up."""
        if self._is_complete:
            return await self._receive()
        if self.refusal is None:
            try:
                event = await (self._receive() if self._has_arrived() else self._receive_in_time())
            except TimeoutError:
                self.refusal = HTTPStatus.REQUEST_TIMEOUT
            else:
                if event["type"] != "http.request":
                    return event
                self._left -= len(event.get("body", b""))
                self._is_complete = not event.get("more_body", False)
                if self._left >= 0:
                    return event
                self.refusal = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        return HTTPDisconnectEvent(type="http.disconnect")

    async def _receive_in_time(self) -> ASGIReceiveEvent:
        # Making a timer costs more than receiving what is there.
        async with asyncio.timeout_at(self._deadline):
            return await self._receive()

    async def read(self) -> bytes | None:
        """Return the whole body; None if it is refused or the client hangs up."""
        body = bytearray()
        while not self._is_complete:
            event = await self.receive()
            if event["type"] != "http.request":
                return None
            body += event.get("body", b"")
        return bytes(body)

    @property
    def words(self) -> str:
        """What is wrong with a refused body, in the active language."""
        if self.refusal == HTTPStatus.REQUEST_TIMEOUT:
            return gettext("The body did not arrive within %(seconds)d seconds.") % {"seconds": self._limit.seconds}
        return gettext("The body is larger than %(kib)d KiB.") % {"kib": self._limit.size // 1024}


def declared(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """The size that a request's head declares for the body; 0 if it declares none."""
    return next((int(value) for name, value in headers if name == b"content-length" and value.isdigit()), 0)
