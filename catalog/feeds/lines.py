"""Records of a text table, where a broken quotation mark costs its own line and no other."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from django.utils.translation import gettext as _

# In characters. A cell may be as long; the shop itself keeps much less.
_LONGEST_LINE = 4_000_000
# How many lines a cell in quotation marks may have, and how many once such marks have proved to be broken.
_MOST_LINES, _FEWER_LINES, _BROKEN = 1000, 20, 20
_NUMBER = re.compile(r"\W*[0-9][0-9.,' ]*\s*\S{0,4}")
_ADDRESS = re.compile(r"(?i)(?:https?:)?//\S+")
_SPACED_QUOTE = re.compile(r'(?<=")[ ]+(?=[,;|]|\r?\n?$)')
csv.field_size_limit(_LONGEST_LINE)


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that is not part of the table: the reason, and the cells that can be guessed."""

    line: int
    reason: str
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written.

    Attributes:
        delimiter: The sign between cells.
        quoted: Whether quotation marks hold cells together; else they are signs as any other.
        width: The number of columns.
        kinds: Columns whose cells are all numbers or all addresses, with the kind.
    """

    delimiter: str
    quoted: bool
    width: int
    kinds: Mapping[int, str]

    def reader(self, lines: Iterator[str], *, strict: bool = True) -> Iterator[list[str]]:
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            strict=strict,
            skipinitialspace=self.delimiter != "\t",
            quoting=csv.QUOTE_MINIMAL if self.quoted else csv.QUOTE_NONE,
        )

    def cells(self, line: str, *, strict: bool = False) -> list[str]:
        """The cells of one line; empty if it has none, or if it is broken and `strict` is set."""
        try:
            return next(self.reader(iter([line]), strict=strict), [])
        except csv.Error:
            return []


class _RunsOn(Exception):
    """A cell in quotation marks does not end."""


class _Lines:
    """The lines of a stream; those of the current record can be given back."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._ahead: list[str] = []
        self.taken: list[str] = []
        self.done = 0
        self.limit = _MOST_LINES
        self.overlong = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= self.limit:
            raise _RunsOn
        line = self._ahead.pop() if self._ahead else self._stream.readline(_LONGEST_LINE)
        if not line:
            raise StopIteration
        if len(line) >= _LONGEST_LINE and not line.endswith(("\n", "\r")):
            self.overlong = True
            while (rest := self._stream.readline(_LONGEST_LINE)) and not rest.endswith(("\n", "\r")):
                pass
        self.taken.append(line)
        return line

    def begin(self) -> int:
        """Begin a record; return the number of its first line, from 0."""
        self.done += len(self.taken)
        self.taken = []
        self.overlong = False
        return self.done

    def give_back(self) -> None:
        """Keep the first line of the record alone."""
        self._ahead.extend(reversed(self.taken[1:]))
        del self.taken[1:]


def records(stream: IO[str], dialect: Dialect, first: int) -> Iterator[tuple[int, list[str]] | Broken]:
    """Yield the cells of each record with the number of its first line; `first` is that of the stream's first line."""
    lines, broken = _Lines(stream), 0
    reader = dialect.reader(lines)
    while True:
        line = first + lines.begin()
        try:
            values = next(reader)
        except StopIteration:
            return
        except (csv.Error, _RunsOn):
            lines.give_back()
            mended = dialect.cells(_SPACED_QUOTE.sub("", lines.taken[0]), strict=True)
            if len(mended) == dialect.width:
                yield line, mended
                continue
        else:
            if lines.overlong:
                yield Broken(line, _("it has more than four million characters"), values)
                continue
            if len(lines.taken) < 2 or not _swallowed(lines.taken, dialect):
                yield line, values
                continue
            lines.give_back()
        broken += 1
        lines.limit = _FEWER_LINES if broken > _BROKEN else _MOST_LINES
        yield Broken(line, _("its quotation marks do not pair up"), dialect.cells(lines.taken[0]))


def uses_quotes(lines: Iterator[str], delimiter: str) -> bool:
    """Whether quotation marks pair up in every row of a table, so that they hold cells together."""
    try:
        for values in csv.reader(lines, delimiter=delimiter, strict=True):
            if any("\n" in value and delimiter in value for value in values):
                return False
    except csv.Error:
        return False
    return True


def kinds_of(rows: Sequence[Sequence[str]], width: int) -> dict[int, str]:
    """Return the columns whose cells are all numbers or all addresses, blank ones aside."""
    kinds: dict[int, str] = {}
    whole = [row for row in rows if len(row) == width]
    for column in range(width):
        found = {_kind(row[column]) for row in whole} - {""}
        if len(found) == 1 and found <= {"number", "address"}:
            kinds[column] = found.pop()
    return kinds


def _kind(cell: str) -> str:
    cell = cell.strip()
    if not cell:
        return ""
    return "number" if _NUMBER.fullmatch(cell) else "address" if _ADDRESS.fullmatch(cell) else "text"


def _swallowed(taken: Sequence[str], dialect: Dialect) -> bool:
    """Whether a line inside a cell is a row itself: a quotation mark before it was never closed."""
    for line in taken[1:]:
        cells = dialect.cells(line)
        if len(cells) != dialect.width:
            continue
        same = [_kind(cells[column]) in ("", kind) for column, kind in dialect.kinds.items()]
        if same and all(same) and any(cells[column].strip() for column in dialect.kinds):
            return True
    return False
