"""Exports in which the lines of one product follow each other: gathered, so that a line may take from the others."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from catalog.feeds.delimited import Plan, Table
from catalog.feeds.names import picked
from catalog.feeds.records import FeedEntry, Record, Refused

# A file that is no such export may look like one endless product.
_MOST_LINES = 5000

Values = dict[str, str]
Line = tuple[int, Values]


def read_families(
    table: Table,
    plan: Plan,
    begins: Callable[[Values, Values], bool],
    entries: Callable[[Sequence[Line]], Iterator[FeedEntry]],
) -> Iterator[FeedEntry]:
    """Yield the entries of each product.

    Args:
        table: The table.
        plan: Its columns.
        begins: Whether a line begins another product than that of the line before it.
        entries: Makes the entries of all lines of a product.
    """
    family: list[Line] = []
    for row in table.rows():
        if isinstance(row, Refused):
            yield row
            continue
        values = {name: value.strip() for name, value in picked(plan, row[1]).items()}
        if family and (begins(family[-1][1], values) or len(family) >= _MOST_LINES):
            yield from entries(family)
            family = []
        family.append((row[0], values))
    if family:
        yield from entries(family)


def named(name: str, options: Mapping[str, str]) -> str:
    """The name of a variant: that of its product, and its options."""
    return f"{name} - {' / '.join(options.values())}" if name and options else name


def numbered_options(product: Values, line: Values) -> dict[str, str]:
    """The values of `option1value` and so on, by names that may stand on the product's line alone."""
    pairs = ((n, line.get(f"option{n}value", "")) for n in range(1, 7))
    found = ((line.get(f"option{n}name") or product.get(f"option{n}name", ""), value) for n, value in pairs)
    return {name: value for name, value in found if name and value}


def record(line: int, fields: Mapping[str, object]) -> Record:
    return Record(line, {name: value for name, value in fields.items() if value not in ("", None, {})})


def amount(text: str) -> Decimal | None:
    """The amount of a plain number, to reckon with; None if it is none."""
    try:
        found = Decimal(text.replace(" ", ""))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
