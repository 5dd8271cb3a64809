"""Two machines on one database, behind a plain proxy."""

import socket
from contextlib import suppress
from itertools import count
from threading import Thread
from time import monotonic
from typing import Self

from faults.outcome import Outcome
from faults.room import Room
from faults.shoppers import Crowd

KEY = "a key that two machines share, long enough for the checks: 0123456789"


class Balancer:
    """Passes each connection on to the next of some ports, or to another one if nobody listens there."""

    def __init__(self, ports: list[int]) -> None:
        self._ports, self._turn = ports, count()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> Self:
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed at the end
            while True:
                client, _ = self._listening.accept()
                server = self._connect()
                if server is None:
                    client.close()
                    continue
                for source, target in ((client, server), (server, client)):
                    Thread(target=_pass_on, args=(source, target), daemon=True).start()

    def _connect(self) -> socket.socket | None:
        first = next(self._turn)
        for place in range(len(self._ports)):
            with suppress(OSError):
                return socket.create_connection(("127.0.0.1", self._ports[(first + place) % len(self._ports)]))
        return None


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    for side in (source, target):
        with suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)
        side.close()


def two_behind_a_proxy(room: Room) -> Outcome:
    """Two servers with folders of their own share a database behind a plain proxy; one is killed and comes back."""
    outcome = Outcome()
    with (
        room.shop(env={"SECRET_KEY": KEY}) as first,
        room.empty_shop(room.new_folder() / "data", address=first.env["DATABASE_URL"], SECRET_KEY=KEY) as second,
        Balancer([first.port, second.port]) as proxy,
    ):
        second.start()
        with Crowd([proxy.url]) as crowd:
            crowd.acknowledged(200)
            second.kill_all()
            outcome.came_back(crowd.back_after(monotonic()))
            crowd.acknowledged(100)
            second.start()
            crowd.acknowledged(100)
        # Each cart is seen through both.
        for server in (first, second):
            crowd.ledger.audit(server.url, outcome)
    outcome.acknowledged //= 2
    return outcome
