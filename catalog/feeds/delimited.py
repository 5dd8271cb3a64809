"""Text tables: columns separated by comma, semicolon, tab or bar, with their names in the first line."""

import csv
import io
from collections.abc import Iterator
from typing import IO

from django.utils.translation import gettext as _

from catalog.feeds.records import FeedEntry, Record, Refused, Unreadable, column_of, named_fields, spelled
from catalog.feeds.source import Source

# In characters; a longer line is not part of a table.
_LONGEST_LINE = 1_000_000
_DELIMITERS = ",;\t|"


class Table:
    """A table; each line becomes a dict of values by column name."""

    def __init__(self, source: Source) -> None:
        self._source = source
        first, self._skipped = _first_line(source.head)
        self.delimiter = _delimiter(first)
        self.heading = _heading(source.head[self._skipped :], self.delimiter)

    @property
    def names(self) -> set[str]:
        """The names of the columns, normalised by `spelled`."""
        return {spelled(name) for name in self.heading if name}

    def rows(self) -> Iterator[tuple[int, dict[str, str]] | Refused]:
        """Yield the line number and the values of each line that is not blank."""
        with self._source.open() as stream:
            skipped = stream.read(self._skipped)
            lines_before = skipped.count("\n") or skipped.count("\r")
            reader = csv.reader(_lines(stream), delimiter=self.delimiter, strict=True)
            line = lines_before + 1
            try:
                next(reader, None)
                line = lines_before + reader.line_num + 1
                for values in reader:
                    if len(values) > len(self.heading) and any(v.strip() for v in values[len(self.heading) :]):
                        yield Refused(line, _("it has more fields than the first line has names"))
                    elif any(value.strip() for value in values):
                        yield line, {k: v for k, v in zip(self.heading, values, strict=False) if k}
                    line = lines_before + reader.line_num + 1
            except csv.Error as error:
                reason = _("Line %(line)d cannot be read: %(reason)s.") % {"line": line, "reason": error}
                raise Unreadable(reason) from None


def is_table(source: Source) -> bool:
    """Whether the first line names columns that the shop understands."""
    return any(column_of(name) for name in Table(source).heading)


def is_google_table(source: Source) -> bool:
    return {"id", "title", "link"} <= (names := Table(source).names) and bool(names & {"imagelink", "availability"})


def is_openai_table(source: Source) -> bool:
    names = Table(source).names
    return bool(names & {"enablesearch", "iseligiblesearch", "enablecheckout"}) or {"itemid", "title"} <= names


def read_table(source: Source) -> Iterator[FeedEntry]:
    """Yield the lines of a table, refusing those with more fields than the first line has names."""
    table = Table(source)
    if not {"sku", "name"} <= set(map(column_of, table.heading)):
        raise Unreadable(
            _("The first line names no column for the SKU and the name of a product."),
            fix=_("It needs at least “sku” (or “id”) and “name” (or “title”)."),
        )
    for row in table.rows():
        yield row if isinstance(row, Refused) else Record(row[0], named_fields(row[1]))


def _lines(stream: IO[str]) -> Iterator[str]:
    while line := stream.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise Unreadable(_("The file has a line of more than a million characters."))
        yield line


def _first_line(head: str) -> tuple[str, int]:
    """The header line, and the number of characters before it: blank lines and a spreadsheet's `sep=;`."""
    skipped = len(head) - len(head.lstrip("\r\n"))
    first = head[skipped:].splitlines()[0] if head[skipped:] else ""
    if first.lower().startswith("sep=") and len(first) == 5:
        rest = head[skipped + len(first) :]
        skipped += len(first) + len(rest) - len(rest.lstrip("\r\n"))
        first = head[skipped:].splitlines()[0] if head[skipped:] else ""
    return first, skipped


def _delimiter(first: str) -> str:
    """The delimiter that gives the most known column names; among equals, the most frequent one."""

    def understood(sign: str) -> tuple[int, int]:
        return sum(column_of(name.strip(' "')) is not None for name in first.split(sign)), first.count(sign)

    return max(_DELIMITERS, key=understood)


def _heading(text: str, delimiter: str) -> list[str]:
    try:
        names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return []
    names = [name.strip() for name in names]
    # A repeated name counts for its first column only.
    return [name if name not in names[:place] else "" for place, name in enumerate(names)]
