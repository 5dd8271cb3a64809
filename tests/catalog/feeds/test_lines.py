"""Quotation marks that do not pair up, and cells without measure, cost a row or a cell and never the file."""

import pytest

from catalog.feeds import Record, Refused, open_source, read_feed

UNPAIRED = "its quotation marks do not pair up"


@pytest.fixture
def read(tmp_path):
    def read(text, name="feed.csv"):
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return list(read_feed(open_source(file)))

    return read


def rows(entries):
    return [
        (entry.line, entry.fields["sku"], entry.fields["name"])
        if isinstance(entry, Record)
        else (entry.line, entry.sku, entry.reason)
        for entry in entries
    ]


def test_an_inch_sign_costs_its_row(read):
    assert rows(read('sku,name,price\na,Cup,3\nb,"5" pipe",4\nc,Mug,4\n')) == [
        (2, "a", "Cup"),
        (3, "b", UNPAIRED),
        (4, "c", "Mug"),
    ]


def test_a_space_between_quotation_mark_and_comma_costs_nothing(read):
    assert rows(read('sku,name,price\na,"Cup, big" ,3\nb, "Mug, small",4\n')) == [
        (2, "a", "Cup, big"),
        (3, "b", "Mug, small"),
    ]


@pytest.mark.parametrize("end", ["d,Last,4\n", 'd,Bob",4\n'])
def test_a_mark_that_is_never_closed_costs_its_row_alone(read, end):
    found = rows(read(f'sku,name,price\na,"Ada,3\nb,Plain,4\nc,Third,5\n{end}'))

    assert found[:3] == [(2, "a", UNPAIRED), (3, "b", "Plain"), (4, "c", "Third")]
    assert found[3][:2] == (5, "d")


def test_lines_within_a_cell_stay_one_row(read):
    text = 'sku,name,price,description\na,Cup,3,"red, green,\nblue, white"\nb,Mug,4,"one\n\ntwo"\n'

    assert rows(read(text)) == [(2, "a", "Cup"), (4, "b", "Mug")]


@pytest.mark.parametrize("many", [30, 400])
def test_many_broken_rows_stay_rows(read, many):
    found = rows(read("sku,name,price\n" + "".join(f'{n},"Cup {n},3\n' for n in range(many)) + "z,Last,1\n"))

    assert found[-1] == (many + 2, "z", "Last")
    assert [reason for _line, _sku, reason in found[:-1]] == [UNPAIRED] * many


TABS = "id\ttitle\tlink\tprice\tavailability\timage link\n"


def test_tabs_have_no_quoting_unless_it_pairs_up_in_every_row(read):
    lines = [
        f"{n}\t{name}\thttps://x.example/{n}\t1 ILS\tin stock\t" for n, name in enumerate(['"Ada', "Tea", 'Bob"'], 1)
    ]

    assert rows(read(TABS + "\n".join(lines), "feed.tsv")) == [(2, "1", '"Ada'), (3, "2", "Tea"), (4, "3", 'Bob"')]


def test_tabs_with_quoting_that_pairs_up_have_cells_of_several_lines(read):
    text = (
        TABS
        + '1\t"Tea ""fine""\nand green"\thttps://x.example/1\t1 ILS\tin stock\t\n2\tRye\thttps://x.example/2\t\t\t\n'
    )

    assert rows(read(text, "feed.tsv")) == [(2, "1", 'Tea "fine"\nand green'), (4, "2", "Rye")]


@pytest.mark.parametrize("column", ["description", "name", "category"])
def test_a_huge_cell_costs_that_cell(load, column):
    heading = [name for name in ("name", "description", "category") if name != column]
    report = load(f"sku,price,{','.join(heading)},{column}\na,3,Cup,y,{'x' * 140_000}\nb,4,Mug,y,fine\n")

    assert (report.created, len(report.refused)) == (2, 0)
    assert [(warning.line, warning.sku) for warning in report.warnings] == [(2, "a")]
    assert f"its {column} has more than 100,000 characters" in report.warnings[0].reason


def test_a_line_beyond_all_measure_costs_its_row(read):
    found = read("sku,name,price\na,Cup,3," + "x" * 4_100_000 + "\nb,Mug,4\n")

    assert isinstance(found[0], Refused)
    assert rows(found[1:]) == [(3, "b", "Mug")]
