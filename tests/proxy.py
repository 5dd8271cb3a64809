"""A network that fails as told: a TCP proxy in front of PostgreSQL, in threads of the test's process.

It reads the client's side of the protocol, so that it can act at a COMMIT. It knows no TLS.
"""

import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import Literal, Self
from urllib.parse import urlsplit

# What befalls a COMMIT. "answer": it is done, and its answer is lost. "command": it never reaches the server, which
# hears that the client is gone. "silence": it never reaches the server, which hears nothing.
Loss = Literal["answer", "command", "silence"]


class Proxy:
    """`with Proxy(database_url) as proxy:` gives `proxy.url`, the same database behind the proxy.

    Attributes:
        commits: How many COMMITs came.
    """

    def __init__(self, database_url: str) -> None:
        self._address = urlsplit(database_url)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._lock = Lock()
        self._links: set[_Link] = set()
        self._losses: dict[int, Loss] = {}
        self._accepts = True
        self._flowing = Event()
        self._flowing.set()
        self.commits = 0

    def __enter__(self) -> Self:
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        _shut(self._listening)  # which ends `accept`
        self._listening.close()
        self.thaw()
        self.cut()

    @property
    def url(self) -> str:
        user, at, _ = self._address.netloc.rpartition("@")
        return self._address._replace(netloc=f"{user}{at}127.0.0.1:{self.port}").geturl()

    @property
    def port(self) -> int:
        port: int = self._listening.getsockname()[1]
        return port

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._links)

    def cut(self) -> None:
        """Break every connection, towards both sides; new ones are accepted."""
        with self._lock:
            links = list(self._links)
        for link in links:
            link.close()

    def refuse(self) -> None:
        """Accept no new connection; `up` ends it."""
        self._accepts = False

    def down(self) -> None:
        """Break every connection and accept no new one, as a database that is being restarted; `up` ends it."""
        self.refuse()
        self.cut()

    def up(self) -> None:
        self._accepts = True

    def freeze(self) -> None:
        """Pass nothing on, and keep every connection open; `thaw` ends it."""
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    def lose(self, loss: Loss = "answer", *, after: int = 0) -> None:
        """Let this happen to the next COMMIT, or to the one that comes after so many others; its client is cut off."""
        with self._lock:
            self._losses[self.commits + after] = loss

    def _accept(self) -> None:
        with suppress(OSError):  # closed at the end
            while True:
                client, _ = self._listening.accept()
                try:
                    if not self._accepts:
                        raise ConnectionRefusedError
                    server = socket.create_connection((self._address.hostname, self._address.port or 5432))
                except OSError:
                    client.close()
                    continue
                link = _Link(client, server, self._flowing, self._loss, self._links.discard)
                with self._lock:
                    self._links.add(link)
                link.start()

    def _loss(self) -> Loss | None:
        """Count a COMMIT; return what happens to it."""
        with self._lock:
            loss = self._losses.pop(self.commits, None)
            self.commits += 1
            return loss


class _Link:
    """One connection: a thread for each direction."""

    def __init__(
        self,
        client: socket.socket,
        server: socket.socket,
        flowing: Event,
        committing: Callable[[], Loss | None],
        ended: Callable[["_Link"], None],
    ) -> None:
        self._client, self._server, self._flowing = client, server, flowing
        self._committing, self._ended = committing, ended
        self._loses_answer = False
        self._is_silent = False
        self._closed = Event()
        for side in (client, server):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self) -> None:
        self._requesting = Thread(target=self._run, daemon=True)
        self._requesting.start()

    def close(self) -> None:
        """Break it, and wait until its threads have ended."""
        self._closed.set()
        for side in (self._client, self._server):
            _shut(side)
        self._requesting.join()

    def _run(self) -> None:
        answering = Thread(target=self._answers, daemon=True)
        answering.start()
        with suppress(OSError):
            self._requests()
        if self._is_silent:
            self._closed.wait()
        for side in (self._client, self._server):
            _shut(side)
        answering.join()
        self._client.close()
        self._server.close()
        self._ended(self)

    def _wait(self) -> None:
        """Wait while the network is frozen."""
        while not self._flowing.wait(0.05) and not self._closed.is_set():
            pass

    def _requests(self) -> None:
        pending, started = b"", False
        while data := self._client.recv(65536):
            self._wait()
            pending += data
            while (size := _size(pending, started)) is not None and len(pending) >= size:
                message, pending = pending[:size], pending[size:]
                if started and _is_commit(message) and (loss := self._committing()):
                    if loss == "answer":
                        self._loses_answer = True
                    else:
                        self._is_silent = loss == "silence"
                        _shut(self._client)
                        return
                # A client that asks for TLS begins anew without it.
                started = started or message[4:8] not in (struct.pack("!I", 80877103), struct.pack("!I", 80877104))
                self._server.sendall(message)

    def _answers(self) -> None:
        with suppress(OSError):
            while (data := self._server.recv(65536)) and not self._loses_answer:
                self._wait()
                self._client.sendall(data)
        if not self._is_silent:
            _shut(self._client)


def _size(pending: bytes, started: bool) -> int | None:
    """How many bytes the first message takes; None if that is not known yet."""
    start = 1 if started else 0  # the first message has no type
    if len(pending) < start + 4:
        return None
    return start + int(struct.unpack_from("!I", pending, start)[0])


def _is_commit(message: bytes) -> bool:
    """Whether a client sends COMMIT as a simple query, or as a statement that it prepares."""
    return message[:1] in b"QP" and b"COMMIT" in message[5:].upper().rstrip(b"\0").rsplit(b"\0", 1)[-1][:8]


def _shut(side: socket.socket) -> None:
    with suppress(OSError):
        side.shutdown(socket.SHUT_RDWR)
