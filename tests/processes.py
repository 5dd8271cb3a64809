"""Processes with all that they started."""

import os
import signal
from contextlib import suppress
from pathlib import Path


def tree(pid: int) -> list[int]:
    """The process and all its descendants, parents first."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name of the program is in brackets and may hold spaces.
            parent = int(entry.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.parent.name))
    found = [pid]
    for known in found:
        found += children.get(known, [])
    return found


def signal_all(pid: int, number: signal.Signals) -> None:
    """Send a signal to the process and all its descendants; to the parents first, so that none is started anew."""
    for each in tree(pid):
        with suppress(ProcessLookupError):
            os.kill(each, number)


def memory(pid: int) -> float:
    """Megabytes of memory of the process and its descendants; what they share counts once."""
    total = 0
    for each in tree(pid):
        with suppress(OSError):
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024
