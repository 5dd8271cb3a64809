"""Counters of what this process does, for Prometheus. `shopmcp/monitoring.py` publishes them.

Labels are words of the code, never words of callers. With several workers each counts in a file of its own, and a
scrape adds them up (prometheus_client's multiprocess mode, which `serve` turns on).
"""

import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
# The library's own first size of such a file; it holds several thousand series.
_FILE_SIZE = 1 << 20
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def _reserve_files() -> None:
    """Give this process's files their space on the disk.

    The library makes them sparse, and a write through mmap to a full disk would kill the process (SIGBUS).
    """
    if folder := os.environ.get(FOLDER):
        for kind in ("counter", "histogram"):
            with suppress(OSError), Path(folder, f"{kind}_{os.getpid()}.db").open("ab") as file:
                os.posix_fallocate(file.fileno(), 0, _FILE_SIZE)


_reserve_files()
_registry: Final = CollectorRegistry()
_calls = Counter("shopmcp_calls", "Tool calls.", ["tool", "outcome"], registry=_registry)
_seconds = Histogram("shopmcp_call_seconds", "Duration of tool calls.", ["tool"], registry=_registry, buckets=_SECONDS)
_unkeyed = Counter("shopmcp_unkeyed_calls", "Tool calls without a conversation id.", registry=_registry)
_waiting = Histogram(
    "shopmcp_waiting_seconds", "Time that work waited for a thread.", ["work"], registry=_registry, buckets=_SECONDS
)
_missed = Counter("shopmcp_missed_deadlines", "Work that was too late to begin.", ["work"], registry=_registry)
_limits = Counter("shopmcp_limits_hit", "Requests refused by a limit.", ["limit"], registry=_registry)
_database_errors = Counter("shopmcp_database_errors", "Failures to reach the database.", ["where"], registry=_registry)

# `labels()` takes longer than counting does.
_calls_of = lru_cache(maxsize=None)(_calls.labels)
_seconds_of = lru_cache(maxsize=None)(_seconds.labels)
_waiting_of = lru_cache(maxsize=None)(_waiting.labels)


def count_call(tool: str, outcome: str, seconds: float) -> None:
    """Count a call of a tool that exists; the outcome is `ok` or the code of a refusal."""
    _calls_of(tool, outcome).inc()
    _seconds_of(tool).observe(seconds)


def count_unkeyed() -> None:
    """Count a call that named no conversation."""
    _unkeyed.inc()


def waited(work: str, seconds: float) -> None:
    """Count how long a kind of work, such as `write`, waited for its thread."""
    _waiting_of(work).observe(seconds)


def missed_deadline(work: str) -> None:
    """Count work of that kind that was dropped because its time was up before it began."""
    _missed.labels(work).inc()


def limit_hit(limit: str) -> None:
    """Count a request that the limit of that name refused."""
    _limits.labels(limit).inc()


def database_error(where: str) -> None:
    """Count a failure of the database: in `calls`, on `pages` or in the `background`."""
    _database_errors.labels(where).inc()


def exposed() -> bytes:
    """Return what was counted in Prometheus' text format, over all workers."""
    registry = _registry
    if os.environ.get(FOLDER):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
