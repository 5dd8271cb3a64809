"""The table of `make bench`."""

from shutil import which

import pytest

from benchmarks.serving.__main__ import line, loads
from benchmarks.serving.load import Figures, Server, put
from benchmarks.serving.shop import raw

BARE = Figures(1000, 1.0, 9.0, 60, 30, 0)

pytestmark = pytest.mark.no_database


def test_a_row_has_the_ratio_to_the_bare_server():
    row = line(loads(10)[0], BARE, Figures(250, 20.04, 90, 800, 111.4, 0))

    assert row == "| `add_to_cart`, 2026-07-28 | 250 | 0.250 | 20.0 | 90.0 | 9.0 | 800 | 111 |"


def test_a_row_says_how_many_calls_failed():
    assert "**3 failed**" in line(loads(10)[0], BARE, Figures(250, 20, 90, 800, 111, 3))


@pytest.mark.skipif(which("wrk") is None, reason="needs wrk")
def test_wrk_sends_loads_of_both_revisions_and_tells_what_came_of_it():
    with raw() as bare:
        for load in loads(10)[1::5]:
            figures = put(load, bare, 1)
            assert figures.rate > 0
            assert not figures.failed

    assert isinstance(bare, Server)
