"""Timing what is done again and again."""

from collections.abc import Callable
from time import perf_counter, process_time

from django.core.cache import cache
from django.core.management import CommandError
from django.test import Client


def timed(act: Callable[[], object], rounds: int) -> tuple[list[float], list[float]]:
    """Do it once, then time it so often: wall times and processor times in milliseconds.

    Other work on the machine makes them differ.
    """
    times, owns = [], []
    act()
    for _ in range(rounds):
        begun, own = perf_counter(), process_time()
        act()
        times.append((perf_counter() - begun) * 1000)
        owns.append((process_time() - own) * 1000)
    return times, owns


def opening(client: Client, address: str) -> Callable[[], None]:
    """Return what opens that page as one who opens it first."""

    def ask() -> None:
        cache.clear()
        answer = client.get(address)
        if answer.status_code != 200:
            raise CommandError(f"{address} answered {answer.status_code}.")

    return ask
