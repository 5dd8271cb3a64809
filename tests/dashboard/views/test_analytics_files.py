"""Each table of the analytics page is a file."""

import csv
import io

import pytest
from django.urls import reverse

from analytics.over_time import Series
from dashboard.analytics_tables import TABLES
from dashboard.changes import change


def read(owner, table, **asked):
    answer = owner.get(reverse("dashboard-analytics-export", args=[table]), asked)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith("\ufeff".encode())
    return list(csv.reader(io.StringIO(answer.content.decode().removeprefix("\ufeff"))))


@pytest.mark.parametrize("table", TABLES)
def test_each_table_is_a_file_for_staff_alone(owner, client, table):
    header, *rows = read(owner, table)

    assert all(len(row) == len(header) for row in rows)
    client.logout()
    assert client.get(reverse("dashboard-analytics-export", args=[table])).status_code == 302


def test_a_file_holds_what_the_page_shows_and_nothing_that_a_spreadsheet_runs(owner, make_session, make_call):
    make_call(make_session(client="=cmd"), tool="search_products", words=["=1+1"], results=0)
    page = owner.get(reverse("dashboard-analytics")).text
    links = [f"/dashboard/analytics/{table}.csv?since=" for table in ("clients", "unanswered", "over-time", "totals")]

    assert all(link in page for link in links)
    assert read(owner, "unanswered")[1:] == [["'=1+1", "1"]]
    assert read(owner, "clients")[1] == ["'=cmd", "'=cmd", "1", "0", "0", "0"]
    assert sum(int(row[2]) for row in read(owner, "over-time")[1:]) == 1
    assert read(owner, "over-time", client="other", period="day")[1][2] == "0"


def test_no_such_table_is_not_found(owner):
    assert owner.get("/dashboard/analytics/secrets.csv").status_code == 404


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (0, 0, "none in the time before"),
        (3, 0, "none in the time before"),
        (3, 3, "as in the time before"),
        (6, 4, "<bdi>+50 %</bdi> more than the 4 before"),
        (1, 4, "<bdi>\N{MINUS SIGN}75 %</bdi> less than the 4 before"),
    ],
)
def test_a_difference_is_told_by_a_sign_and_a_word(now, before, words):
    assert change(Series("sessions", "", [now], [before])) == words
