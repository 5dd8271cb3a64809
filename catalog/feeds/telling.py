"""Columns whose names are not understood, and whose cells tell that products would be sold when they are not."""

import re
from collections.abc import Iterable, Sequence

from catalog.feeds.names import spelled
from catalog.feeds.refusals import half_understood
from catalog.feeds.source import Source
from catalog.feeds.visibility import has_drafts
from catalog.feeds.words import tells_state
from catalog.language.text import words

_DATE = re.compile(r"\d{4}[-/.]\d\d?[-/.]\d\d?(?:[T ].*)?|\d\d?[-/.]\d\d?[-/.]\d{4}(?: .*)?")
# Columns in which a shop writes what it likes.
_FREE = ("customlabel", "label", "tag", "condition", "badge", "note", "remark")
# What the heading of the end of a sale says, in a file in which all products are on sale.
_END = {
    "until", "till", "bis", "hasta", "jusqu", "fin", "end", "ends", "ending", "до", "по", "עד", "סיום", "סוף", "koniec",
    "tot", "einde", "til", "fine", "fim",
}  # fmt: skip
_STATES = {"published", "hidden"}
_SALE_DATES = {"sale_dates", "sale_begins", "sale_ends"}


def refuse_telling(
    source: Source, heading: Sequence[str], plan: Iterable[tuple[int, str]], rows: Sequence[Sequence[str]]
) -> None:
    """Refuse a table with an unread column of states, or with one of dates where there is a sale and nowhere else.

    Raises:
        Unreadable: With the option that maps it, or says that the table has no such column.
    """
    plan = list(plan)
    read, known = {column for column, _of in plan}, {of for _column, of in plan} | set(source.options.mapped)
    sales = [column for column, of in plan if of == "sale_price"]
    sold = {n for n, row in enumerate(rows) for column in sales if column < len(row) and row[column].strip()}
    for column in range(len(heading)):
        if column in read:
            continue
        cells = [row[column].strip() if column < len(row) else "" for row in rows]
        states = known.isdisjoint(_STATES) and not spelled(heading[column]).startswith(_FREE)
        if states and (has_drafts(cells) or tells_state(cells)):
            raise half_understood(source, ["published"], heading[column])
        dated = {n for n, cell in enumerate(cells) if cell}
        ending = len(sold) < len(rows) or not _END.isdisjoint(words(heading[column]))
        beside = known.isdisjoint(_SALE_DATES) and dated and dated <= sold and ending
        if beside and all(_DATE.fullmatch(cells[n]) for n in dated):
            raise half_understood(source, ["sale_ends"], heading[column])
