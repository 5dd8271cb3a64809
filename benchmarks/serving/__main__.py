"""Measure how many calls the shop answers, and print a table.

    python -m benchmarks.serving [--database URL] [--products N] [--rounds N] [--seconds N] [--write FILE]

A bare server and the shop take turns, so that both see the same machine; a figure is the median of the rounds. Machines
differ and are shared: only the ratios mean anything.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.serving.load import Figures, Load, Server, put
from benchmarks.serving.shop import different_queries, ids, raw, shop

_REPEATED = ("organic rice", "honey", "דבש", "קינואה")
_NEWEST, _BEFORE = "2026-07-28", "2025-11-25"
_HEAD = (
    "| Call | a second | × raw | p50 ms | p99 ms | p99 of raw | CPU µs | MB |",
    "|---|---:|---:|---:|---:|---:|---:|---:|",
)


def loads(goods: int) -> list[Load]:
    """The rows of the table."""
    products, different = ids(min(5, goods)), different_queries(goods)
    rows = [
        Load(f"`{tool}`, {revision}", tool, products, _REPEATED, revision)
        for tool in ("add_to_cart", "view_cart")
        for revision in (_NEWEST, _BEFORE)
    ]
    return [
        *rows,
        Load("`search_products`, 4 queries", "search_products", products, _REPEATED),
        Load("`search_products`, 500 queries", "search_products", products, different),
        Load("mixed, 64 connections", "mixed", products, different, connections=64),
    ]


def measured(load: Load, bare: Server, ours: Server, rounds: int, seconds: int) -> tuple[Figures, Figures]:
    """Put the load on both servers in turns; return the medians of each."""
    seen: tuple[list[Figures], list[Figures]] = ([], [])
    put(load, ours, 1)  # its first calls fill caches
    for turn in range(rounds):
        for place in (0, 1) if turn % 2 else (1, 0):
            seen[place].append(put(load, (bare, ours)[place], seconds))
    return _median(seen[0]), _median(seen[1])


def line(load: Load, bare: Figures, ours: Figures) -> str:
    """A row of the table."""
    failed = f" **{ours.failed} failed**" if ours.failed else ""
    cells = (
        load.name + failed,
        f"{ours.rate:.0f}",
        f"{ours.rate / bare.rate:.3f}",
        f"{ours.p50:.1f}",
        f"{ours.p99:.1f}",
        f"{bare.p99:.1f}",
        f"{ours.cpu:.0f}",
        f"{ours.memory:.0f}",
    )
    return f"| {' | '.join(cells)} |"


def _median(seen: Sequence[Figures]) -> Figures:
    rate, p50, p99, cpu, memory, _ = (median(column) for column in zip(*seen, strict=True))
    return Figures(rate, p50, p99, cpu, memory, sum(each.failed for each in seen))


def _tell(*lines: str) -> None:
    sys.stdout.write("\n".join((*lines, "")))
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--database", default="", help="of an empty PostgreSQL database; SQLite without it")
    parser.add_argument("--products", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4, help="of each measurement")
    parser.add_argument("--write", type=Path, help="also write the table into this file")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("This needs wrk: apt install wrk, or brew install wrk.")
    table = [*_HEAD]
    with (
        TemporaryDirectory(prefix="shopmcp-bench-") as folder,
        raw() as bare,
        shop(Path(folder), options.database, options.products) as ours,
    ):
        _tell(*_HEAD)
        for load in loads(options.products):
            table.append(line(load, *measured(load, bare, ours, options.rounds, options.seconds)))
            _tell(table[-1])
    if options.write:
        options.write.write_text("\n".join((*table, "")))


if __name__ == "__main__":
    main()
