"""One change asked for by many at once."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import monotonic
from typing import Any

from faults.client import Answer, Client, Verdict
from faults.ledger import seconds_at
from faults.outcome import Outcome
from faults.room import Room
from faults.shoppers import PRODUCTS


def one_request_id(room: Room) -> Outcome:
    """One `request_id`, sent by 20 threads 25 times each: one effect, the same answer to all."""
    threads, times = 20, 10 if room.short else 25
    outcome, together = Outcome(), Barrier(threads)
    asked: dict[str, dict[str, Any]] = {
        "add_to_cart": {"product_id": PRODUCTS[0], "quantity": 3},
        "update_cart_item": {"product_id": PRODUCTS[1], "quantity": 5},
        "remove_from_cart": {"product_id": PRODUCTS[1]},
        "undo_cart_change": {},
    }

    with room.shop() as shop:

        def repeat(tool: str) -> list[Answer]:
            client = Client(shop.url)
            together.wait(30)
            return [client.call(tool, "repeated", **asked[tool], request_id=f"one-{tool}") for _ in range(times)]

        for tool in asked:
            if tool != "add_to_cart":
                # Another version in between, so that a second effect could not be overlooked.
                Client(shop.url).call("add_to_cart", "repeated", product_id=PRODUCTS[1])
            before = Client(shop.url).call("view_cart", "repeated").data.get("version", 0)
            with ThreadPoolExecutor(threads) as pool:
                answers = [answer for some in pool.map(repeat, [tool] * threads) for answer in some]
            after = Client(shop.url).call("view_cart", "repeated").data["version"]
            done = [answer for answer in answers if answer.verdict is Verdict.DONE]
            told = {json.dumps([answer.data["version"], answer.data["changes"]]) for answer in done}
            outcome.acknowledged += len(done)
            outcome.doubled += max(0, after - before - 1)
            outcome.lost += after == before
            outcome.expect(len(done) == len(answers), f"{tool}: {len(answers) - len(done)} repetitions were refused")
            outcome.expect(len(told) == 1, f"{tool}: {len(told)} different answers")
    return outcome


def hot_cart(room: Room) -> Outcome:
    """One cart, filled by 64 clients through two servers."""
    clients, times = 64, 6 if room.short else 12
    outcome, together = Outcome(), Barrier(clients)
    with room.shop() as first, room.empty_shop(first.data_dir, address=first.env["DATABASE_URL"]) as second:
        second.log = first.data_dir / "second.log"
        second.start()
        urls = (first.url, second.url)

        def fill(number: int) -> list[Answer]:
            client = Client(urls[number % 2])
            together.wait(30)
            return [client.call("add_to_cart", "hot", product_id=PRODUCTS[0]) for _ in range(times)]

        started = monotonic()
        with ThreadPoolExecutor(clients) as pool:
            answers = [answer for some in pool.map(fill, range(clients)) for answer in some]
        took = monotonic() - started
        done = sum(answer.verdict is Verdict.DONE for answer in answers)
        found = Client(first.url).call("view_cart", "hot").quantities.get(PRODUCTS[0], 0)
        p99 = seconds_at(0.99, (answer.seconds for answer in answers))
    outcome.acknowledged = done
    outcome.lost, outcome.doubled = max(0, done - found), max(0, found - done)
    outcome.expect(done == len(answers), f"{len(answers) - done} of {len(answers)} adds were refused")
    outcome.expect_in_time(p99 < 2, f"p99 is {p99:.2f} s")
    outcome.remarks.append(f"{done} of {len(answers)} adds, {done / took:.0f} a second, p99 {p99:.2f} s")
    return outcome
