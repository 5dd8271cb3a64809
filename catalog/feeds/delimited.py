"""Text tables: columns separated by comma, semicolon, tab or bar, with their names in the first line."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence

from django.utils.translation import gettext as _

from catalog.feeds.lines import Broken, Dialect, kinds_of, records, uses_quotes
from catalog.feeds.names import MOMENT, picked, spelled, with_options
from catalog.feeds.records import FeedEntry, Record, Refused
from catalog.feeds.refusals import half_understood, no_such_column
from catalog.feeds.source import Source
from catalog.feeds.telling import refuse_telling
from catalog.feeds.visibility import as_word, is_catalogue_visibility, is_marked, says_yes_or_no, state_of
from catalog.feeds.woo_headings import REGULAR_PRICES

_DELIMITERS = ",;\t|"
_SAMPLE = 200  # rows
# Text as a formula, by which spreadsheets keep the zeros of `="00124"`.
_FORMULA = re.compile(r'="(.*)"', re.DOTALL)

Plan = Sequence[tuple[int, str]]


class Table:
    """A table, by the names in its first line or by those that the owner gave."""

    def __init__(self, source: Source) -> None:
        self.source, self.naming = source, source.naming
        first, self._skipped = _first_line(source.head)
        given = source.options.columns
        self.delimiter = self._delimiter(first, len(given))
        self.heading = _unique(given) if given else _heading(source.head[self._skipped :], self.delimiter)
        self._has_heading = not given

    @property
    def names(self) -> set[str]:
        """The names of the columns, normalised by `spelled`."""
        return {spelled(name) for name in self.heading if name} - {""}

    def own(self, names: Mapping[str, Sequence[str]]) -> Plan:
        """Where the fields of a format with names of its own are."""
        return self.naming.own(self.heading, names)

    def sample(self) -> list[list[str]]:
        """The first rows, without the last of them, which may be cut off."""
        head = self.source.head[self._skipped :]
        with io.StringIO(head, newline="") as text:
            quoted = self.delimiter != "\t" or uses_quotes(iter(head.splitlines(keepends=True)), "\t")
            dialect = Dialect(self.delimiter, quoted, len(self.heading), {})
            found = (row[1] for row in records(text, dialect, 1) if not isinstance(row, Broken))
            rows = [values for _n, values in zip(range(_SAMPLE + 1), found, strict=False)]
        whole = len(self.source.head) < 65_536
        return list(map(_plain, rows[1 if self._has_heading else 0 : None if whole else -1]))

    def rows(self) -> Iterator[tuple[int, list[str]] | Refused]:
        """Yield the line number and the cells of each line that is not blank.

        Raises:
            Unreadable: If the owner mapped a field to a column that there is not.
        """
        if missing := self.naming.unknown(self.heading):
            raise no_such_column(self.source, missing)
        width, skus = len(self.heading), [(column, of) for column, of in self._places() if of == "sku"]
        dialect = Dialect(self.delimiter, self._is_quoted(), width, kinds_of(self.sample(), width))
        with self.source.open() as stream:
            before = stream.read(self._skipped)
            line = (before.count("\n") or before.count("\r")) + 1
            found = records(stream, dialect, line)
            if self._has_heading:
                next(found, None)
            for row in found:
                if isinstance(row, Broken):
                    yield Refused(row.line, row.reason, picked(skus, row.cells).get("sku", "").strip())
                    continue
                line, values = row
                values = _plain(values)
                if len(values) > width and any(v.strip() for v in values[width:]):
                    reason = (
                        _("it has more fields than the first line has names")
                        if self._has_heading
                        else _("it has more fields than --columns names; for one to pass over name nothing")
                    )
                    yield Refused(line, reason, picked(skus, values).get("sku", "").strip())
                elif any(value and not value.isspace() for value in values):
                    yield line, values

    def _places(self) -> Plan:
        return self.naming.plan(self.heading)

    def _is_quoted(self) -> bool:
        """Feeds with tabs have no quoting as a rule, and inch signs in their names."""
        if self.delimiter != "\t":
            return True
        with self.source.open() as stream:
            stream.read(self._skipped)
            return uses_quotes(iter(stream), "\t")

    def _delimiter(self, first: str, width: int) -> str:
        """The delimiter that gives the most known column names; among equals, the most frequent one."""

        def understood(sign: str) -> tuple[bool, int, int]:
            names = [name.strip(' "') for name in first.split(sign)]
            return width == len(names), sum(map(self.naming.knows, names)), first.count(sign)

        return max(_DELIMITERS, key=understood)


def is_table(source: Source) -> bool:
    """Whether the first line names columns that the shop understands, or the owner named them."""
    return bool(source.options.columns) or any(map(source.naming.knows, Table(source).heading))


def is_google_table(source: Source) -> bool:
    return {"id", "title", "link"} <= (names := Table(source).names) and bool(names & {"imagelink", "availability"})


def is_openai_table(source: Source) -> bool:
    names = Table(source).names
    return bool(names & {"enablesearch", "iseligiblesearch", "enablecheckout"}) or {"itemid", "title"} <= names


def read_table(source: Source) -> Iterator[FeedEntry]:
    """Yield the lines of a table, refusing those with more fields than the first line has names."""
    table = Table(source)
    plan = _regular_first(source.naming.plan(table.heading), table.heading)
    demand(source, {of for _column, of in plan})
    states, marked = states_of(table, plan)
    plan = [*plan, *states]
    refuse_telling(source, table.heading, plan, table.sample())
    for row in table.rows():
        if isinstance(row, Refused):
            yield row
            continue
        line, values = row
        if marked:
            values = values + [""] * (len(table.heading) - len(values))
            values = [as_word(value) if column in marked else value for column, value in enumerate(values)]
        yield Record(line, with_options(picked(plan, values)))


def _regular_first(plan: Plan, heading: Sequence[str]) -> Plan:
    """The plan with the regular price before other prices, where the sale has a column of its own.

    Then “Price” is what counted at the moment of the export, and would outlive the sale.
    """
    if not any(of == "sale_price" for _column, of in plan):
        return plan
    return sorted(plan, key=lambda entry: entry[1] == "price" and spelled(heading[entry[0]]) not in REGULAR_PRICES)


def states_of(table: Table, plan: Plan) -> tuple[list[tuple[int, str]], set[int]]:
    """Return the columns that say whether products are shown by what they hold, and those in which nothing means no.

    A heading with more words than such a column needs, as in “Shown in the spring catalogue”, is one if all its cells
    say yes or no. In a column that has ✓ or nothing, or moments of publication or nothing, nothing means no.
    """
    naming, rows, found, marked = table.naming, table.sample(), list[tuple[int, str]](), set[int]()
    planned = dict(plan)
    for column, name in enumerate(table.heading):
        cells = [row[column] if column < len(row) else "" for row in rows]
        of = planned.get(column) or ((state := state_of(name)) and state[0])
        seen = is_catalogue_visibility(cells)
        if (of := "published" if seen and not of else of) not in ("published", "hidden") or (
            of in naming.mapped and column not in planned
        ):
            continue
        is_mark = is_marked(cells) or (spelled(name) == MOMENT and any(map(str.strip, cells)))
        if is_mark or (column not in planned and (seen or says_yes_or_no(cells))):
            naming.hold(of, name)
            found += [] if column in planned else [(column, of)]
            marked |= {column} if is_mark else set()
    return found, marked


def demand(source: Source, fields: set[str]) -> None:
    """Refuse a table without a column for the SKU or the name.

    Raises:
        Unreadable: With the columns that it has, and the option that maps them.
    """
    if lacking := [of for of in ("sku", "name") if of not in fields]:
        raise half_understood(source, lacking)


def _first_line(head: str) -> tuple[str, int]:
    """The header line, and the number of characters before it: blank lines and a spreadsheet's `sep=;`."""
    skipped = len(head) - len(head.lstrip("\r\n"))
    first = head[skipped:].splitlines()[0] if head[skipped:] else ""
    if first.lower().startswith("sep=") and len(first) == 5:
        rest = head[skipped + len(first) :]
        skipped += len(first) + len(rest) - len(rest.lstrip("\r\n"))
        first = head[skipped:].splitlines()[0] if head[skipped:] else ""
    return first, skipped


def _plain(values: list[str]) -> list[str]:
    """The cells of a row without the formulas that hold text."""
    if not any(value[:2] == '="' for value in values):
        return values
    return [found[1].replace('""', '"') if (found := _FORMULA.fullmatch(value.strip())) else value for value in values]


def _heading(text: str, delimiter: str) -> list[str]:
    try:
        names = next(
            csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=delimiter != "\t"), []
        )
    except csv.Error:
        return []
    return _unique(_plain(names))


def _unique(names: Sequence[str]) -> list[str]:
    """The names without surrounding space; a repeated one counts for its first column only."""
    plain = [name.strip() for name in names]
    return [name if name not in plain[:place] else "" for place, name in enumerate(plain)]
