"""Dates of sales in the forms that shops write."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from catalog.feeds.dates import NoDate, moment_of, range_of
from catalog.feeds.reading import Reading


def reading(**more):
    return Reading("ILS", zone=ZoneInfo("Asia/Jerusalem"), **more)


def at(*parts):
    return datetime(*parts).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [
        ("2026-07-01", at(2026, 6, 30, 21), at(2026, 7, 1, 21)),
        ("20260701", at(2026, 6, 30, 21), at(2026, 7, 1, 21)),
        ("2026/7/1", at(2026, 6, 30, 21), at(2026, 7, 1, 21)),
        ("31/12/2026", at(2026, 12, 30, 22), at(2026, 12, 31, 22)),
        ("31.12.26", at(2026, 12, 30, 22), at(2026, 12, 31, 22)),
        ("12/31/2026, 1:30 PM", at(2026, 12, 31, 11, 30), at(2026, 12, 31, 11, 30)),
        ("1 Feb 2026", at(2026, 1, 31, 22), at(2026, 2, 1, 22)),
        ("February 1, 2026", at(2026, 1, 31, 22), at(2026, 2, 1, 22)),
        ("2026-07-01 10:00:00", at(2026, 7, 1, 7), at(2026, 7, 1, 7)),
        ("2026-07-01 9:05", at(2026, 7, 1, 6, 5), at(2026, 7, 1, 6, 5)),
        ("2026-07-01T10:00:00.000Z", at(2026, 7, 1, 10), at(2026, 7, 1, 10)),
        ("2026-07-01 10:00 PM", at(2026, 7, 1, 19), at(2026, 7, 1, 19)),
        ("1-Feb-2026", at(2026, 1, 31, 22), at(2026, 2, 1, 22)),
        ("1. Februar 2026", at(2026, 1, 31, 22), at(2026, 2, 1, 22)),
        ("1er févr. 2026", at(2026, 1, 31, 22), at(2026, 2, 1, 22)),
        ("1 de febrero de 2026", at(2026, 1, 31, 22), at(2026, 2, 1, 22)),
        ("1 lutego 2026", at(2026, 1, 31, 22), at(2026, 2, 1, 22)),
        ("1 февраля 2026 г. 10:00", at(2026, 2, 1, 8), at(2026, 2, 1, 8)),
        ("1 בפברואר 2026", at(2026, 1, 31, 22), at(2026, 2, 1, 22)),
        ("1st February 2026", at(2026, 1, 31, 22), at(2026, 2, 1, 22)),
        ("1-Feb-26", at(2026, 1, 31, 22), at(2026, 2, 1, 22)),
        ("Jul 1, 2026 12:00 am", at(2026, 6, 30, 21), at(2026, 6, 30, 21)),
        ("Wed, 01 Jul 2026 10:00:00 GMT", at(2026, 7, 1, 10), at(2026, 7, 1, 10)),
        ("Wed, 01 Jul 2026 10:00:00 +0200", at(2026, 7, 1, 8), at(2026, 7, 1, 8)),
        ("יום ד' 1.7.2026", at(2026, 6, 30, 21), at(2026, 7, 1, 21)),
        ("2026年7月1日", at(2026, 6, 30, 21), at(2026, 7, 1, 21)),
        ("2026. 7. 1.", at(2026, 6, 30, 21), at(2026, 7, 1, 21)),
        ("2026/07/01 10:00", at(2026, 7, 1, 7), at(2026, 7, 1, 7)),
        ("٢٠٢٦-٠٧-٠١", at(2026, 6, 30, 21), at(2026, 7, 1, 21)),
        ("2026-07-01t10:00z", at(2026, 7, 1, 10), at(2026, 7, 1, 10)),
        ("2026-07-01T10:00+2", at(2026, 7, 1, 8), at(2026, 7, 1, 8)),
        ("2026-07-01T10:00+02", at(2026, 7, 1, 8), at(2026, 7, 1, 8)),
        ("20260701T1000+0200", at(2026, 7, 1, 8), at(2026, 7, 1, 8)),
        ("20260701T235900Z", at(2026, 7, 1, 23, 59), at(2026, 7, 2)),
        ("2026-07-01T10:00-0530", at(2026, 7, 1, 15, 30), at(2026, 7, 1, 15, 30)),
        ("2026-07-01 23:59:59", at(2026, 7, 1, 20, 59, 59), at(2026, 7, 1, 21)),
        ("1580515200", at(2020, 2, 1), at(2020, 2, 1)),
        ("1580515200000", at(2020, 2, 1), at(2020, 2, 1)),
        ("", None, None),
        ("0000-00-00 00:00:00", None, None),
        ("0", None, None),
    ],
)
def test_days_are_whole_days_of_the_store(text, begins, ends):
    assert (moment_of(text, reading()), moment_of(text, reading(), ends=True)) == (begins, ends)


def test_midnight_is_a_whole_day_where_a_system_writes_days_so():
    assert moment_of("2026-07-01 00:00:00", reading(), ends=True) == at(2026, 6, 30, 21)
    assert moment_of("2026-07-01 00:00:00", reading(), ends=True, whole_days=True) == at(2026, 7, 1, 21)


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "2026-13-01",
        "32/1/2026",
        "2026-07-01T10:00+30",
        "next 1/2",
        "2026",
        # October in Croatian, November in Polish and Czech.
        "1 listopada 2026",
        "February 2026",
        "2026 Feb 1",
        "1 Feb 2",
        "40 Feb 2026",
    ],
)
def test_what_is_no_date_is_refused(text):
    with pytest.raises(NoDate):
        moment_of(text, reading())


@pytest.mark.parametrize(
    ("dates", "month_first"),
    [
        (["1/2/2026", "31/1/2026"], False),
        (["1/2/2026", "1/31/2026"], True),
        (["1/2/2026", "1/31/2026", "31/1/2026"], None),
        (["1/2/2026"], False),
    ],
)
def test_the_other_dates_say_whether_days_or_months_come_first(dates, month_first):
    seen = reading()
    for date in dates:
        moment_of(date, seen)

    assert seen.months_come_first() is month_first
    decided = reading(month_first=month_first)
    if month_first is None:
        with pytest.raises(NoDate):
            moment_of("1/2/2026", decided)
    else:
        day = at(2026, 1, 1, 22) if month_first else at(2026, 1, 31, 22)
        assert moment_of("1/2/2026", decided) == day


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("2026-01-01/2026-02-01", ("2026-01-01", "2026-02-01")),
        ("2026-01-01T00:00+02:00 - 2026-02-01T00:00+02:00", ("2026-01-01T00:00+02:00", "2026-02-01T00:00+02:00")),
        ("2026-01-01 / 2026-02-01", ("2026-01-01", "2026-02-01")),
        ("2026-01-01 – 2026-02-01", ("2026-01-01", "2026-02-01")),
        ("/2026-02-01", ("", "2026-02-01")),
        ("2026-01-01/", ("2026-01-01", "")),
        ("1/1/2026/31/1/2026", ("1/1/2026", "31/1/2026")),
        ("1/1/2026 - 31/1/2026", ("1/1/2026", "31/1/2026")),
    ],
)
def test_a_range_has_two_sides(text, sides):
    assert range_of(text) == sides


@pytest.mark.parametrize("text", ["2026-01-01", "01-07-2026", "2026/07/01", "always", "a/b/c"])
def test_one_date_is_no_range(text):
    with pytest.raises(NoDate):
        range_of(text)


def test_a_sale_until_the_last_of_years_has_no_end():
    assert moment_of("9999-12-31", reading(), ends=True) is None
    assert moment_of("31/12/9999 23:59", reading(), ends=True) is None
    assert moment_of("9999-12-31", reading()).year == 9999


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("13.07.2026-31.07.2026", ("13.07.2026", "31.07.2026")),
        ("2026/07/01-2026/07/31", ("2026/07/01", "2026/07/31")),
        ("2026-07-01 -", ("2026-07-01", "")),
        ("Jul 1 2026 -", ("Jul 1 2026", "")),
        ("- 2026-07-31", ("", "2026-07-31")),
        ("2026-07-01/..", ("2026-07-01", "")),
        ("../2026-07-31", ("", "2026-07-31")),
    ],
)
def test_ranges_without_spaces_and_with_one_side_open(text, sides):
    assert range_of(text) == sides
