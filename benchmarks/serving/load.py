"""One kind of load, put on a server by wrk."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.processes import memory, tree

_SCRIPT = Path(__file__).with_name("calls.lua")
_TICKS = os.sysconf("SC_CLK_TCK")


class Server(NamedTuple):
    """Where a server answers, and its first process."""

    url: str
    pid: int


@dataclass(frozen=True)
class Load:
    """Which calls are sent.

    Attributes:
        tool: The tool that is called, or `mixed`.
        conversations: Over how many conversations the calls are spread.
    """

    name: str
    tool: str
    products: Sequence[str]
    queries: Sequence[str]
    revision: str = "2026-07-28"
    connections: int = 32
    conversations: int = 1000


class Figures(NamedTuple):
    """What a server did: calls a second, milliseconds, microseconds of CPU time a call, and megabytes."""

    rate: float
    p50: float
    p99: float
    cpu: float
    memory: float
    failed: int


def put(load: Load, server: Server, seconds: int) -> Figures:
    """Put the load on a server for so many seconds; return what it did."""
    settings = {
        "BENCH_TOOL": load.tool,
        "BENCH_REVISION": load.revision,
        "BENCH_CONVERSATIONS": str(load.conversations),
        "BENCH_PRODUCTS": "\n".join(load.products),
        "BENCH_QUERIES": "\n".join(load.queries),
    }
    command = [
        "wrk",
        "-t1",
        f"-c{load.connections}",
        f"-d{seconds}s",
        "--timeout",
        "10s",
        "-s",
        str(_SCRIPT),
        server.url,
    ]
    before = _cpu(server.pid)
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, check=True)
    used, result = _cpu(server.pid) - before, json.loads(done.stdout.splitlines()[-1])
    return Figures(
        rate=result["calls"] / result["seconds"],
        p50=result["p50"],
        p99=result["p99"],
        cpu=1e6 * used / max(1, result["calls"]),
        memory=memory(server.pid),
        failed=result["failed"],
    )


def _cpu(pid: int) -> float:
    """Seconds of CPU time of a process and its descendants."""
    ticks = 0
    for each in tree(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICKS
