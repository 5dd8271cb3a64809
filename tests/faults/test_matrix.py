import subprocess
import sys
from pathlib import Path

import pytest

from faults.outcome import Outcome, Played, line
from faults.rows import ROWS
from tests.live import ROOT

pytestmark = pytest.mark.no_database


def run(*arguments):
    command = [sys.executable, "-m", "faults", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_each_row_has_a_name_of_its_own_and_says_what_it_plays():
    listed = run("--list").stdout.splitlines()

    assert len({row.name for row in ROWS}) == len(listed) == len(ROWS)
    assert all(row.says for row in ROWS)


def test_every_function_of_a_row_is_in_the_matrix():
    modules = {path.stem for path in (Path(ROOT) / "faults" / "rows").glob("*.py")} - {"__init__"}

    assert {row.module for row in ROWS} == modules


def test_an_unknown_row_is_refused_and_nothing_is_played():
    result = run("database.frosen")

    assert result.returncode == 2
    assert "There is no row database.frosen" in result.stderr
    assert not result.stdout


def test_a_row_fails_for_one_false_answer_a_late_return_or_an_expectation():
    assert Outcome(acknowledged=9, back=4.9).passed
    assert not Outcome(false=1).passed
    assert not Outcome(back=5.1).passed
    assert not Outcome(failures=["it did not end"]).passed
    assert not Outcome(late=["p99 rose"]).passed


def test_a_row_that_could_not_run_says_why_in_the_table():
    assert "| not run | it needs root |" in line(Played("A fault", "sqlite", None, "it needs root"))


def test_a_row_is_late_only_if_nothing_but_its_seconds_failed():
    assert Outcome(back=7.0).is_late_only
    assert Outcome(late=["p99 rose"]).is_late_only
    assert not Outcome(late=["p99 rose"], failures=["a read was refused"]).is_late_only
    assert not Outcome(back=1.0).is_late_only
    assert not Outcome(back=7.0, lost=1).is_late_only
    assert not Outcome(back=7.0, failures=["a read was refused"]).is_late_only
