"""Tables as text: comma, semicolon or tab between the columns, names in the first line."""

import csv
import io
from collections.abc import Iterator

from django.utils.translation import gettext as _

from catalog.feeds.records import Record, Refused, Unreadable, column_of, named_fields

# A field that is longer is an open quotation mark that swallowed the lines behind it.
_LONGEST_FIELD = 131_072


def is_table(text: str) -> bool:
    """Whether the first line names columns that the shop understands."""
    return any(column_of(name) for name in _heading(text))


def read_table(text: str) -> Iterator[Record | Refused]:
    """Yield the lines of a table, refusing those with more fields than the first line has names.

    Raises:
        Unreadable: If there are no columns for the name and the SKU, or the quotation marks do not match.
    """
    heading = _heading(text)
    columns = {found[0] for name in heading if (found := column_of(name))}
    if not {"sku", "name"} <= columns:
        raise Unreadable(
            _("The first line names no column for the SKU and the name of a product."),
            fix=_("It needs at least “sku” (or “id”) and “name” (or “title”)."),
        )
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    next(reader)
    line = reader.line_num + 1
    try:
        for values in reader:
            if len(values) > len(heading) and any(value.strip() for value in values[len(heading) :]):
                yield Refused(line, _("it has more fields than the first line has names"))
            elif any(value.strip() for value in values):
                yield Record(line, named_fields(dict(zip(heading, values, strict=False))))
            line = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable(_("Line %(line)d cannot be read: %(reason)s.") % {"line": line, "reason": error}) from None


def _delimiter(text: str) -> str:
    first = text.split("\n", 1)[0]
    return max(",;\t", key=first.count)


def _heading(text: str) -> list[str]:
    try:
        names = next(csv.reader(io.StringIO(text[:_LONGEST_FIELD], newline=""), delimiter=_delimiter(text)), [])
    except csv.Error:
        return []
    # A name that repeats counts once, by its first column.
    return [name if name not in names[:place] else "" for place, name in enumerate(names)]
