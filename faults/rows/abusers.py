"""Shoppers beside callers who try to stop them."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from time import monotonic

from faults.abusing import KINDS
from faults.client import Client, Verdict
from faults.ledger import seconds_at
from faults.outcome import Outcome
from faults.room import Room, Shop
from faults.shoppers import PRODUCTS
from tests.live import ROOT
from tests.processes import memory

SHOPPERS = 32
PAUSE = 0.2
# As many products as make a search for something like them expensive.
MANY = 20_000
# What the memory of the server may grow by beside the abusers, in megabytes: caches fill, and bodies are read.
GROWTH = 100


@dataclass
class Honest:
    """Shoppers who search, add and look, with pauses, each from an address of its own."""

    url: str
    seconds: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    # When the calls that are under way began, by shopper.
    asked: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._over = Event()
        self._threads = [Thread(target=self._shop, args=(number,), daemon=True) for number in range(SHOPPERS)]
        for thread in self._threads:
            thread.start()

    def watch(self, seconds: float) -> tuple[float, list[str], int]:
        """Forget what was; return p99, the words of refusals and the number of calls of the next so many seconds."""
        self.seconds, self.refused = [], []
        self._over.wait(seconds)
        answered, refused, now = self.seconds, self.refused, monotonic()
        # Those who still wait have waited for so long at least.
        waiting = [now - asked for asked in list(self.asked.values())]
        return seconds_at(0.99, [*answered, *waiting]), refused, len(answered)

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(70)

    def _shop(self, number: int) -> None:
        client, turn = Client(self.url, address=f"198.51.100.{number + 1}"), 0
        # They do not all call at the same moment.
        self._over.wait(PAUSE * number / SHOPPERS)
        while not self._over.is_set():
            turn += 1
            product = PRODUCTS[(number + turn) % 20]
            tool, arguments = (
                ("search_products", {"query": f"product {turn % 100}"}),
                ("add_to_cart", {"product_id": product}),
                ("view_cart", {}),
            )[turn % 3]
            self.asked[number] = monotonic()
            answer = client.call(tool, f"honest-{number}", **arguments)
            del self.asked[number]
            self.seconds.append(answer.seconds)
            if answer.verdict is not Verdict.DONE:
                self.refused.append(answer.text or answer.verdict.value)
            self._over.wait(PAUSE)
        client.close()


def undo(room: Room) -> Outcome:
    """Beside eight connections that undo changes of long histories, 32 shoppers go on."""
    return _beside(room, "undo")


def unknown_products(room: Room) -> Outcome:
    """Beside eight connections that add fifty unknown products a call, 32 shoppers go on."""
    return _beside(room, "unknown_products", MANY)


def hang_up(room: Room) -> Outcome:
    """Beside eight connections that leave heavy calls behind, 32 shoppers go on."""
    return _beside(room, "hang_up", MANY)


def big_bodies(room: Room) -> Outcome:
    """Beside eight connections that send bodies of 100 MB or trickle, 32 shoppers go on."""
    return _beside(room, "big_bodies")


def floods(room: Room) -> Outcome:
    """Beside eight connections that flood the shop with new carts and long answers, 32 shoppers go on."""
    return _beside(room, "floods")


def heads(room: Room) -> Outcome:
    """Beside eight connections with endless, unfinished and missing heads, 32 shoppers go on."""
    return _beside(room, "heads")


def one_cart(room: Room) -> Outcome:
    """Beside eight connections that all write into one cart, 32 shoppers go on."""
    return _beside(room, "one_cart")


def _beside(room: Room, kind: str, products: int = 100) -> Outcome:
    outcome, seconds = Outcome(), 8 if room.short else 20
    # The limits are those of a shop that sets none.
    defaults = {"SHOPMCP_SESSION_CALLS": "", "SHOPMCP_NEW_SESSIONS": "", "SHOPMCP_NEW_UNKEYED": ""}
    with room.shop(products=products, env=defaults) as shop:
        honest = Honest(shop.url)
        try:
            honest.watch(2)
            calm, refused, _ = honest.watch(seconds)
            outcome.expect(not refused, f"{len(refused)} calls were refused while it was calm")
            with _abusers(shop, kind):
                before = memory(shop.pid)
                p99, refused, calls = honest.watch(seconds)
                grown = memory(shop.pid) - before
        finally:
            honest.stop()
    limit = max(0.25, 3 * calm)
    outcome.expect_in_time(p99 <= limit, f"p99 rose to {p99:.2f} s; the limit is {limit:.2f} s")
    outcome.expect(not refused, f"{len(refused)} of {calls} calls were refused, such as: {refused[:1]}")
    outcome.expect(grown <= GROWTH, f"the server's memory grew by {grown:.0f} MB")
    outcome.expect(calls > SHOPPERS, f"only {calls} calls were answered")
    outcome.acknowledged = calls - len(refused)
    outcome.remarks.append(f"p99 {calm * 1000:.0f} ms calm, {p99 * 1000:.0f} ms beside them; {grown:+.0f} MB")
    return outcome


@contextmanager
def _abusers(shop: Shop, kind: str) -> Iterator[None]:
    """Let a process of its own play them; the block begins when their harm does."""
    assert kind in KINDS
    command = [sys.executable, "-m", "faults.abusing", kind, str(shop.port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    started = monotonic()
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", f"no abusers within {monotonic() - started:.0f} s"
        yield
    finally:
        process.kill()
        process.wait()
