"""Clients that hang up, and so many that no file can be opened."""

import json
import socket
from contextlib import suppress
from resource import RLIMIT_NOFILE, prlimit
from time import monotonic, sleep

from faults.client import Client, Verdict
from faults.outcome import Outcome
from faults.room import Room, Shop
from faults.shoppers import PRODUCTS, Crowd


def hang_ups(room: Room) -> Outcome:
    """Clients send a call, or a part of it, and hang up at once."""
    times = 60 if room.short else 600
    outcome = Outcome(remarks=[f"{times} hang-ups"])
    with room.shop() as shop, Crowd([shop.url], size=4) as crowd:
        crowd.acknowledged(20)
        message = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {
                "name": "add_to_cart",
                "arguments": {"product_id": PRODUCTS[0]},
                "_meta": {"openai/session": "rude"},
            },
        }
        body = json.dumps(message).encode()
        request = (
            f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{shop.port}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body
        for number in range(times):
            with socket.create_connection(("127.0.0.1", shop.port), timeout=10) as rude:
                rude.sendall(request[: len(request) * (number % 4 + 1) // 4])
        outcome.came_back(crowd.back_after(monotonic()))
        crowd.stop()
        whole = times // 4
        until = monotonic() + 15
        while monotonic() < until:
            answer = Client(shop.url).call("view_cart", "rude")
            if answer.verdict is Verdict.DONE:
                break
            sleep(0.2)
        done = answer.quantities.get(PRODUCTS[0], 0)
        outcome.expect(done <= whole, f"{done} changes of {whole} whole calls")
        outcome.remarks.append(f"of {whole} whole calls {done} had begun and were done")
        crowd.ledger.audit(shop.url, outcome)
    return outcome


def no_descriptors(room: Room) -> Outcome:
    """More connections than the server may open files: it survives, and serves when they are gone."""
    outcome = Outcome()
    with room.shop() as shop:
        prlimit(shop.pid, RLIMIT_NOFILE, (128, 128))
        with Crowd([shop.url], size=4, patience=20) as crowd:
            crowd.acknowledged(20)
            idle = _connect(shop, 300)
            sleep(3)
            for connection in idle:
                connection.close()
            outcome.came_back(crowd.back_after(monotonic()))
        crowd.ledger.audit(shop.url, outcome)
        outcome.remarks.append(f"128 files, {len(idle)} connections")
    return outcome


def _connect(shop: Shop, number: int) -> list[socket.socket]:
    connections = []
    with suppress(OSError):
        for _ in range(number):
            connections.append(socket.create_connection(("127.0.0.1", shop.port), timeout=2))
    return connections
