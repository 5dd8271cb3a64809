"""Play the matrix of faults: `python -m faults [ROW …] [--short] [--database sqlite]`.

It prints a table in Markdown. The exit code is 1 if a row failed.
"""

import signal
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic

from faults.outcome import HEAD, NotRunError, Outcome, Played, line
from faults.room import Room
from faults.rows import BOTH, ROWS, Row


def main() -> int:
    options = _arguments()
    # Servers, clusters and mounts are ended also when this is told to stop.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if options.list:
        _say("".join(f"{row.name:<32}{row.says}\n" for row in ROWS))
        return 0
    known = {name for row in ROWS for name in (row.name, row.module)}
    if strangers := [name for name in options.rows if name not in known]:
        sys.stderr.write(f"There is no row {', '.join(strangers)}; --list names them.\n")
        return 2
    chosen = [row for row in ROWS if not options.rows or {row.name, row.module} & {*options.rows}]
    played = list(_play_all(chosen, options))
    text = HEAD + "".join(map(line, played))
    _say(f"\n{text}\n{_summary(played)}\n")
    if options.output:
        options.output.write_text(text)
    return int(any(row.outcome is not None and not row.outcome.passed for row in played))


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m faults", description="Play faults on running servers and print a table.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows, or modules of rows (default: all)")
    parser.add_argument("--list", action="store_true", help="name the rows, and what they play")
    parser.add_argument("--database", choices=BOTH, action="append", help="play on this one only")
    parser.add_argument("--short", action="store_true", help="a smaller part of some rows, in about two minutes")
    parser.add_argument("--minutes", type=float, default=10, help="how long the memory is watched (default: 10)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the table into this file too")
    return parser.parse_args()


def _play_all(rows: Sequence[Row], options: Namespace) -> Iterator[Played]:
    for database in options.database or BOTH:
        with tempfile.TemporaryDirectory(prefix="shopmcp-faults-", ignore_cleanup_errors=True) as name:
            # The cluster of PostgreSQL belongs to another user.
            folder = Path(name)
            folder.chmod(0o755)
            room = Room(folder, database, short=options.short, minutes=options.minutes)
            try:
                for row in rows:
                    where = row.short if options.short and not options.rows else row.databases
                    if database in where:
                        played = _play(row, room)
                        # Other work on the machine makes a server start later, never lose anything.
                        yield _play(row, room) if played.was_late_only else played
            finally:
                room.close()


def _play(row: Row, room: Room) -> Played:
    started = monotonic()
    try:
        played = Played(row.says, room.database, row.play(room))
    except NotRunError as reason:
        played = Played(row.says, room.database, None, str(reason))
    # A server that ends, a write that never comes back: the row failed, and the others go on.
    except Exception as error:  # noqa: BLE001
        words = " ".join(str(error).split())
        outcome = Outcome(failures=[f"it could not be played to its end: {type(error).__name__}: {words[-300:]}"])
        played = Played(row.says, room.database, outcome)
    _say(f"{row.name} on {room.database}, {monotonic() - started:.0f} s\n{line(played)}")
    return played


def _summary(played: Sequence[Played]) -> str:
    found = [row.outcome for row in played if row.outcome is not None]
    passed = sum(outcome.passed for outcome in found)
    return f"{passed} of {len(found)} rows passed; {len(played) - len(found)} could not run."


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
