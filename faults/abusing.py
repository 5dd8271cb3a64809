"""Callers who try to stop others, each with eight connections; a process of its own plays them.

`python -m faults.abusing KIND PORT` plays one kind until it is ended, and prints `ready` when the harm begins.
"""

import json
import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from secrets import token_hex
from threading import Barrier, Thread
from time import monotonic, sleep

from faults.client import Client
from faults.shoppers import PRODUCTS

CONNECTIONS = 8
# How long histories are made longer before the harm begins.
PREPARE = 20.0

ready = Barrier(CONNECTIONS + 1)


def undo(number: int, port: int) -> None:
    """Fault 2: undo changes of carts with long histories."""
    # Half of them share one cart, whose history becomes long, where nothing limits it.
    client, chat = _client(number, port), f"undo-{max(number, 3)}"
    client.call("add_to_cart", chat, product_id=PRODUCTS[0])
    until, turn = monotonic() + PREPARE, 0
    while monotonic() < until:
        turn += 1
        client.call("update_cart_item", chat, product_id=PRODUCTS[0], quantity=turn % 900 + 1)
    ready.wait()
    while True:
        client.call("undo_cart_change", chat, version=0)
        client.call("undo_cart_change", chat, version=1)


def unknown_products(number: int, port: int) -> None:
    """Fault 3: add fifty products that the shop does not have."""
    client = _client(number, port)
    ready.wait()
    for turn in range(1_000_000):
        items = [{"product_id": f"wodn {turn} prodcut {place} {token_hex(3)}"} for place in range(50)]
        client.call("add_to_cart", f"unknown-{number}", items=items)


def hang_up(number: int, port: int) -> None:
    """Fault 4: leave work behind: send a heavy call, and hang up at once."""
    ready.wait()
    for turn in range(1_000_000):
        items = [{"product_id": f"nothing {turn} {place} {token_hex(3)}"} for place in range(50)]
        with suppress(OSError), _connect(port) as connection:
            connection.sendall(_request(number, port, "add_to_cart", {"items": items}, f"gone-{number}"))


def big_bodies(number: int, port: int) -> None:
    """Fault 5: send bodies of 100 MB, and bodies that trickle."""
    ready.wait()
    path = "/healthz" if number % 2 else "/mcp"
    while True:
        with suppress(OSError), _connect(port) as connection:
            head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
            if number < 4:
                connection.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
                chunk = b"100000\r\n" + bytes(1 << 20) + b"\r\n"
                for _ in range(100):
                    connection.sendall(chunk)
            else:
                connection.sendall(f"{head}Content-Length: 60000\r\n\r\n".encode())
                for _ in range(60_000):
                    connection.sendall(b" ")
                    sleep(0.05)


def floods(number: int, port: int) -> None:
    """Fault 6: start carts without an id and with made-up ones, and have long answers stored."""
    client = _client(number, port)
    for start in (0, 50):
        items = [{"product_id": product} for product in PRODUCTS[start : start + 50]]
        client.call("add_to_cart", f"flood-{number}", items=items)
    ready.wait()
    for turn in range(1_000_000):
        if number < 3:
            client.call("add_to_cart", None, product_id=PRODUCTS[0])
        elif number < 6:
            client.call("add_to_cart", token_hex(8), product_id=PRODUCTS[0])
        else:
            arguments = {"product_id": PRODUCTS[0], "quantity": turn % 900 + 1, "request_id": token_hex(8)}
            client.call("update_cart_item", f"flood-{number}", **arguments)


def heads(number: int, port: int) -> None:
    """Fault 10: send endless heads, leave heads unfinished, and open silent connections."""
    ready.wait()
    line = b"X-Filler: " + b"x" * 60_000 + b"\r\n"
    silent: list[socket.socket] = []
    while True:
        with suppress(OSError):
            connection = _connect(port)
            if number < 4:
                with connection:
                    connection.sendall(f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n".encode())
                    for _ in range(1000):
                        connection.sendall(line)
            else:
                if number < 6:
                    connection.sendall(b"POST /mcp HTTP/1.1\r\nHost:")
                silent.append(connection)
                sleep(0.02)
                if len(silent) > 100:
                    silent.pop(0).close()


def one_cart(number: int, port: int) -> None:
    """Fault 12: let others wait: write into one cart, from all connections, without pause."""
    client = _client(number, port)
    ready.wait()
    for turn in range(1_000_000):
        items = [{"product_id": product, "quantity": 1} for product in PRODUCTS[turn % 50 : turn % 50 + 50]]
        client.call("add_to_cart", "one-cart", items=items)


KINDS: dict[str, Callable[[int, int], None]] = {
    kind.__name__: kind for kind in (undo, unknown_products, hang_up, big_bodies, floods, heads, one_cart)
}


def _client(number: int, port: int) -> Client:
    return Client(f"http://127.0.0.1:{port}", address=_address(number))


def _address(number: int) -> str:
    return f"203.0.113.{number + 1}"


def _connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def _request(number: int, port: int, tool: str, arguments: object, chat: str) -> bytes:
    params = {"name": tool, "arguments": arguments, "_meta": {"openai/session": chat}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
    head = (
        f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"X-Forwarded-For: {_address(number)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def main(kind: str, port: str) -> None:
    """Play that kind until the process is ended."""
    # Abusers have machines of their own: here they take only the time that the server leaves.
    os.nice(15)
    for number in range(CONNECTIONS):
        Thread(target=KINDS[kind], args=(number, int(port)), daemon=True).start()
    ready.wait()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        sleep(60)


if __name__ == "__main__":
    main(*sys.argv[1:])
