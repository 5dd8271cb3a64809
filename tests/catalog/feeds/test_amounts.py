"""Whether a point or a comma groups thousands is what the file shows, not what one cell may mean."""

from decimal import Decimal

import pytest

from catalog.feeds.amounts import Evidence, Sign, Style, Unclear, amount_of


def learned(*cells):
    """What the file shows, and the amounts by it; `?` for a cell that stays unclear."""
    evidence = Evidence()
    for cell in cells:
        amount_of(cell, Style(), evidence)
    point, comma = evidence.point_is(), evidence.comma_is()
    if point is None or comma is None:
        return None
    style = Style(point, comma)
    found = []
    for cell in cells:
        try:
            found.append(str(amount_of(cell, style)))
        except Unclear:
            found.append("?")
    return found


@pytest.mark.parametrize(
    ("cells", "amounts"),
    [
        (["1.200", "9,90"], ["1200.0", "9.90"]),
        (["1.200", "1.234.567"], ["1200.0", "1234567.0"]),
        (["1.200", "2.400,50"], ["1200.0", "2400.50"]),
        (["1.200", "16.806723"], ["1.200", "16.806723"]),
        (["1.200", "0.500"], ["1.200", "0.500"]),
        (["1.200", "1234.500"], ["1.200", "1234.500"]),
        (["1.200", "9.90"], ["?", "9.90"]),
        (["1.200", "9.90", "9,90"], ["?", "9.90", "9.90"]),
        (["1.200", "1,234.50"], ["?", "1234.50"]),
        (["1.200", "1.500"], None),
        (["1.200", "5"], None),
        (["1,200", "5"], ["1200.0", "5"]),
        (["1,200", "9.90"], ["1200.0", "9.90"]),
        (["1,200", "9,90"], ["?", "9.90"]),
        (["1,200", "8,4034"], ["1.200", "8.4034"]),
    ],
)
def test_an_open_cell_is_what_the_others_show(cells, amounts):
    assert learned(*cells) == amounts


@pytest.mark.parametrize(
    ("only", "written", "amount"),
    [
        (",", "1.200", "1200"),
        (",", "1,200", "1.2"),
        (",", "9,90", "9.90"),
        (",", "9.90", None),
        (",", "1,234.50", None),
        (".", "1.200", "1.2"),
        (".", "1,200", "1200"),
        (".", "9,90", None),
        (".", "1.234,50", None),
        (".", "1 234,50", None),
    ],
)
def test_the_owners_word_decides(only, written, amount):
    assert amount_of(written, Style(only=only)) == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize("written", ["", "1.2.3", "1,2,3", "1,23,45", "1.234.56", "-", ".", ",", "1'23"])
def test_what_is_no_amount_is_none(written):
    assert amount_of(written, Style()) is None


def test_a_file_without_open_cells_needs_no_decision():
    assert (Evidence().point_is(), Evidence().comma_is()) == (Sign.DECIMAL, Sign.GROUP)
