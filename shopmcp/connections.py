"""HTTP connections with limits: on the head of a request, on the time it takes, and on how many there are.

uvicorn's own protocol has no such limits: one client could fill the memory with a head that never ends, or hold
connections for ever.
"""

import asyncio
from functools import partial
from http import HTTPStatus
from itertools import chain
from time import monotonic
from typing import Any, ClassVar, Final, cast
from weakref import ref

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from shopmcp.tcp import is_closed

# The extension of the ASGI scope that tells whether the connection is closed.
HUNG_UP: Final = "shopmcp.hung_up"
# The one that tells whether the whole body has arrived, so that receiving it takes no time.
IS_COMPLETE: Final = "shopmcp.is_complete"
MAX_HEAD: Final = 64 * 1024
_MAX_HEADERS: Final = 200
# Calls of tools. What a page is sent counts even if its sender does not wait for the answer.
_CALLS: Final = b"/mcp"
# Seconds between two questions to the system whether a connection is closed.
_ASK_AGAIN: Final = 0.005


class _Nobody:
    """Stands for the answer to a call whose client has gone: there is none, and the rest of the call is not read."""

    response_complete = True
    message_event = asyncio.Event()


class Connection(HttpToolsProtocol):
    """One connection of uvicorn's, within limits.

    Attributes:
        head_seconds: A head must be complete this long after the connection was made or, later, after its first byte.
        most: How many connections a process holds. A further one takes the place of the one that has waited longest
            for its client, and is refused if all others are being answered.
    """

    head_seconds: ClassVar[float] = 20
    # Fewer than the 1,024 files that systems usually let a process open.
    most: ClassVar[int] = 800

    # Bytes since the last complete head or the last piece of a body.
    _pending = 0
    _waiting_since = 0.0
    _descriptor = -1
    _asked_at = 0.0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._waiting_since = monotonic()
        self._descriptor = transport.get_extra_info("socket").fileno()
        self._start_timer()
        if len(self.connections) > self.most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._pending += len(data)
        super().data_received(data)
        if self._pending and self._is_too_large and not self.transport.is_closing():
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._timer is None and not self._is_served:
            # uvicorn has stopped its own timer, which only waits for the first byte of a request.
            self._start_timer()

    def on_headers_complete(self) -> None:
        self._stop_timer()
        # What is pending may hold a body too, so the head is measured.
        if self._is_too_large and (len(self.headers) > _MAX_HEADERS or self._head_size > MAX_HEAD):
            raise ValueError("the head is too large")  # to the parser, which leads to `send_400_response`
        self._pending = 0
        self._waiting_since = monotonic()
        if self.url.startswith(_CALLS) and not self._is_served and self._has_hung_up():
            self.cycle = cast("RequestResponseCycle", _Nobody())
            self.transport.abort()
            return
        # The protocol of ASGI tells it only to those who wait for it (`shopmcp/mcp/http.py`).
        extensions: Any = {HUNG_UP: self._has_hung_up}
        self.scope["extensions"] = extensions
        super().on_headers_complete()
        # Of this request: of several that are sent together, the last one is at hand.
        # Not the cycle itself, which holds the scope: each request would leave a circle for the garbage collector.
        extensions[IS_COMPLETE] = partial(_is_complete, ref(self.cycle))

    def on_body(self, body: bytes) -> None:
        self._pending = 0
        super().on_body(body)

    def on_response_complete(self) -> None:
        self._waiting_since = monotonic()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser did not take."""
        large = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        self._refuse(large if self._is_too_large else HTTPStatus.BAD_REQUEST)

    def _has_hung_up(self) -> bool:
        """Whether the client has closed the connection, even if the event loop has not come to notice it."""
        if self.transport.is_closing():
            return True
        # The loop notices it too, unless it is busy; a system call each time would cost more than it tells.
        if (now := monotonic()) < self._asked_at + _ASK_AGAIN:
            return False
        self._asked_at = now
        return is_closed(self._descriptor)

    @property
    def _is_too_large(self) -> bool:
        return self._pending > MAX_HEAD or len(self.headers or ()) > _MAX_HEADERS

    @property
    def _head_size(self) -> int:
        return len(self.url) + sum(map(len, chain.from_iterable(self.headers)))

    @property
    def _is_served(self) -> bool:
        """Whether a request is being answered."""
        return bool(self.cycle) and not self.cycle.response_complete

    @property
    def _waits_for_client(self) -> bool:
        return not self._is_served or self.cycle.more_body or self.flow.write_paused

    def _make_room(self) -> None:
        others = self.connections - {self}
        waiting = [other for other in others if isinstance(other, Connection) and other._waits_for_client]
        if waiting:
            longest = min(waiting, key=lambda other: other._waiting_since)
            self.connections.discard(longest)
            if longest.cycle:
                # What it is answered from now on goes nowhere, without an error.
                longest.cycle.disconnected = True
            longest.transport.abort()
        else:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(self.head_seconds, self._time_out)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _time_out(self) -> None:
        self._timer = None
        if self._pending:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.transport.close()

    def _refuse(self, status: HTTPStatus) -> None:
        if self.flow.write_paused:
            self.transport.abort()  # the client does not read what it is told
            return
        words = f"{status.phrase}.".encode()
        lines = b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[status] + lines % len(words) + words)
        self.transport.close()


def _is_complete(request: "ref[RequestResponseCycle]") -> bool:
    cycle = request()
    return cycle is None or not cycle.more_body
