"""Servers that are told to stop with slow calls under way."""

import signal
from concurrent.futures import ThreadPoolExecutor
from subprocess import TimeoutExpired
from time import monotonic, sleep

from faults.client import Client, Verdict
from faults.ledger import Ledger
from faults.outcome import Outcome
from faults.room import Room
from faults.shoppers import PRODUCTS

CALLERS = 12
# The grace of the server, and what it needs to end.
ENDS_WITHIN = 22


def sigterm_4(room: Room) -> Outcome:
    """SIGTERM with calls under way that take almost 4 s: they are completed, new ones are refused."""
    return _stop(room, 4)


def sigterm_25(room: Room) -> Outcome:
    """SIGTERM with calls under way that take 25 s: each is answered truthfully."""
    return _stop(room, 25)


def _stop(room: Room, seconds: float) -> Outcome:
    outcome, ledger = Outcome(), Ledger()
    with room.shop() as shop, ThreadPoolExecutor(CALLERS) as pool:
        process = shop.process
        assert process is not None

        def add(number: int) -> Verdict:
            chat = f"stop-{number}"
            answer = Client(shop.url).call("add_to_cart", chat, product_id=PRODUCTS[0])
            ledger.note(chat, PRODUCTS[0], lambda quantity: quantity + 1, answer.verdict)
            outcome.expect(answer.verdict is not Verdict.CUT, "a call got no answer")
            return answer.verdict

        with shop.locked():
            began = monotonic()
            calls = [pool.submit(add, number) for number in range(CALLERS)]
            sleep(0.5)
            process.send_signal(signal.SIGTERM)
            asked = monotonic()
            sleep(0.5)
            late = Client(shop.url).call("view_cart", "late").verdict
            outcome.expect(late in (Verdict.DOWN, Verdict.NOT_DONE), f"a new call was not refused: {late.value}")
            # PostgreSQL waits 4 s for a lock.
            sleep(max(0, began + seconds - 0.5 - monotonic()))
        try:
            process.wait(max(1, asked + 60 - monotonic()))
        except TimeoutExpired:
            outcome.failures.append("the server did not end within 60 s")
            shop.kill_all()
        took = monotonic() - asked
        told = [call.result().value for call in calls]
        outcome.expect(took < max(ENDS_WITHIN, seconds + 2), f"the server took {took:.0f} s to end")
        if seconds < 10:
            outcome.expect(
                told.count("done") == CALLERS, f"only {told.count('done')} of {CALLERS} calls were completed"
            )
        outcome.remarks.append(
            f"{CALLERS} calls: " + ", ".join(f"{told.count(word)} {word}" for word in sorted({*told}))
        )
        shop.start()
        ledger.audit(shop.url, outcome)
    return outcome
