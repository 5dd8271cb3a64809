"""Shoppers in threads who write without end, and note in a ledger what they are told."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from secrets import token_hex
from threading import Event, Lock, Thread
from time import monotonic, sleep
from typing import Self

from faults.client import Answer, Client, Verdict
from faults.ledger import Ledger

# A conversation of a shopper holds so many products, then the next one begins.
LINES = 20
SET_TO = 7
PRODUCTS = [f"shop:p{number:03}" for number in range(100)]


@dataclass
class Crowd:
    """`size` shoppers over some servers, each with an address and a connection of its own.

    Every second shopper sends a `request_id` and repeats a call until it is answered. The others believe what they are
    told, and never repeat a call.

    Attributes:
        urls: The servers, which take turns.
        size: How many shoppers.
        pause: Seconds between two calls of a shopper.
        patience: Seconds until a shopper hangs up.
        retry: Whether every second shopper sends a `request_id`.
        browse: Whether they also search before each change, and look at the cart after every second.
    """

    urls: Sequence[str]
    size: int = 8
    pause: float = 0.0
    patience: float = 60
    retry: bool = True
    browse: bool = False
    ledger: Ledger = field(default_factory=Ledger)
    done_at: list[float] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    # The words of refusals, and how often they came.
    refusals: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._over = Event()
        self._writing = [Lock() for _ in range(self.size)]
        self._threads = [Thread(target=self._shop, args=(number,), daemon=True) for number in range(self.size)]
        self._name = token_hex(4)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Let each shopper finish the call at hand."""
        self._over.set()
        for thread in self._threads:
            thread.join(self.patience + 10)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let the writes under way end, and no other begin until the block ends."""
        with ExitStack() as writing:
            for each in self._writing:
                writing.enter_context(each)
            yield

    def acknowledged(self, number: int, *, within: float = 120) -> None:
        """Wait for so many further acknowledged writes."""
        wanted, until = len(self.done_at) + number, monotonic() + within
        while len(self.done_at) < wanted:
            assert monotonic() < until, f"the shop acknowledged no {number} writes within {within:.0f} s"
            sleep(0.01)

    def back_after(self, moment: float, *, within: float = 120) -> float:
        """Wait for the first write that was acknowledged after a moment; return the seconds between them."""
        until = monotonic() + within
        while not self.done_at or self.done_at[-1] < moment:
            assert monotonic() < until, f"no write was acknowledged within {within:.0f} s"
            sleep(0.005)
        return next(at for at in self.done_at[_before(self.done_at, moment) :] if at >= moment) - moment

    def _shop(self, number: int) -> None:
        client = Client(
            self.urls[number % len(self.urls)],
            address=f"198.18.{number // 250}.{number % 250 + 1}",
            patience=self.patience,
        )
        for turn in count():
            chat = f"faults-{self._name}-{number}-{turn}"
            for place, product in enumerate(PRODUCTS[:LINES]):
                if self.browse:
                    client.call("search_products", chat, query=f"product {place * (turn + 1) % 100}")
                if self.browse and place % 2:
                    client.call("view_cart", chat)
                self._write(number, client, chat, "add_to_cart", product)
                # Now and then the product before gets another quantity.
                if place % 5 == 4:
                    before = PRODUCTS[place - 1]
                    self._write(number, client, chat, "update_cart_item", before)
                if self._over.is_set():
                    client.close()
                    return

    def _write(self, number: int, client: Client, chat: str, tool: str, product: str) -> None:
        adding, retry = tool == "add_to_cart", self.retry and number % 2 == 1
        arguments = {"product_id": product, "quantity": 1 if adding else SET_TO}
        if retry:
            arguments["request_id"] = token_hex(8)
        unknown, answer = False, Answer(Verdict.DOWN, 0)
        while not self._over.is_set():
            with self._writing[number]:
                answer = client.call(tool, chat, **arguments)
            self._hear(answer)
            unknown |= answer.verdict in (Verdict.CUT, Verdict.MAYBE)
            if answer.verdict is Verdict.DONE or not (retry or answer.verdict is Verdict.DOWN):
                break
            sleep(0.05)
        # A repeated call that is answered as not done may have been done the first time.
        verdict = Verdict.MAYBE if unknown and answer.verdict is not Verdict.DONE else answer.verdict
        self.ledger.note(chat, product, (lambda q: q + 1) if adding else (lambda _: SET_TO), verdict)
        if verdict is Verdict.DONE:
            self.done_at.append(monotonic())

    def _hear(self, answer: Answer) -> None:
        if answer.verdict is not Verdict.DOWN:
            self.answers.append(Answer(answer.verdict, answer.seconds, answer.status))
        if answer.verdict in (Verdict.NOT_DONE, Verdict.MAYBE):
            self.refusals[answer.text or str(answer.status)] += 1
            sleep(0.05)
        sleep(self.pause)


def _before(times: Sequence[float], moment: float) -> int:
    """The place of the last times: a list that threads append to is nearly in order."""
    place = len(times)
    while place > 0 and times[place - 1] >= moment - 1:
        place -= 1
    return place
