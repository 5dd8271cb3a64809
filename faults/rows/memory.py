"""The server's memory under a mixed load."""

from collections import Counter
from statistics import median
from time import monotonic, sleep

from faults.outcome import Outcome
from faults.room import Room
from faults.shoppers import Crowd
from tests.processes import memory

CONNECTIONS = 64
# What the memory may grow by in the second half, in megabytes a minute.
LEVEL = 1.0


def mixed_load(room: Room) -> Outcome:
    """Minutes of searches, changes and looks at carts at 64 connections: the memory stays level."""
    outcome = Outcome()
    seconds, sizes = 60 * room.minutes, []
    with room.shop() as shop:
        begun = memory(shop.pid)
        with Crowd([shop.url], size=CONNECTIONS, browse=True) as crowd:
            started = monotonic()
            while (passed := monotonic() - started) < seconds:
                sleep(min(2, seconds - passed))
                sizes.append(memory(shop.pid))
        crowd.ledger.audit(shop.url, outcome)
    outcome.expect(not crowd.refusals, f"{sum(crowd.refusals.values())} calls were refused: {_words(crowd.refusals)}")
    part = max(1, len(sizes) // 10)
    middle, end = median(sizes[len(sizes) // 2 :][:part]), median(sizes[-part:])
    growth = (end - middle) / (room.minutes * 0.45)
    outcome.expect(growth < LEVEL, f"the memory grows by {growth:.1f} MB a minute")
    outcome.remarks.append(
        f"{room.minutes:g} minutes: {begun:.0f} MB at first, {middle:.0f} halfway, {end:.0f} at the end"
    )
    return outcome


def _words(refusals: Counter[str]) -> str:
    """The words of the most frequent refusals."""
    return "; ".join(f"{number} × {text[:120]}" for text, number in refusals.most_common(3))
