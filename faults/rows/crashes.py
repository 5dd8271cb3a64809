"""Servers that die."""

import os
import random
import signal
from time import monotonic, sleep

from faults.outcome import Outcome
from faults.room import Room
from faults.shoppers import Crowd


def kill_all(room: Room) -> Outcome:
    """kill −9 of the server and its workers, again and again."""
    kills, writes = (3, 100) if room.short else (20, 250)
    outcome = Outcome(remarks=[f"{kills} kills"])
    with room.shop("--workers", "1" if room.sqlite else "2") as shop, Crowd([shop.url]) as crowd:
        for _ in range(kills):
            crowd.acknowledged(writes)
            sleep(random.uniform(0, 0.2))
            shop.kill_all()
            started = monotonic()
            shop.start()
            outcome.came_back(crowd.back_after(started))
        crowd.stop()
        crowd.ledger.audit(shop.url, outcome)
        outcome.failures += shop.damage()
    return outcome


def kill_worker(room: Room) -> Outcome:
    """kill −9 of one of three workers, again and again."""
    kills = 2 if room.short else 12
    outcome = Outcome(remarks=[f"{kills} kills"])
    with room.shop("--workers", "3") as shop, Crowd([shop.url]) as crowd:
        for _ in range(kills):
            crowd.acknowledged(100)
            victim = random.choice(shop.workers)
            os.kill(victim, signal.SIGKILL)
            moment = monotonic()
            outcome.came_back(crowd.back_after(moment))
            while (victim in shop.workers or len(shop.workers) < 3) and monotonic() < moment + 20:
                sleep(0.05)
            outcome.expect(len(shop.workers) == 3, "the killed worker was not replaced")
        crowd.stop()
        crowd.ledger.audit(shop.url, outcome)
        outcome.failures += shop.damage()
    return outcome
