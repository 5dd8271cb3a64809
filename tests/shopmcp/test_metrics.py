"""Counters for Prometheus, in one process and over several."""

import os
import subprocess
import sys

import pytest

from shopmcp import metrics
from tests.live import ROOT


def value(series):
    """The value of a series as it is published; 0 before its first count."""
    lines = metrics.exposed().decode().splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.rpartition(" ")[0] == series), 0.0)


@pytest.mark.parametrize(
    ("count", "series"),
    [
        (lambda: metrics.count_call("view_cart", "busy", 0.3), 'shopmcp_calls_total{outcome="busy",tool="view_cart"}'),
        (lambda: metrics.count_call("clear_cart", "ok", 9), 'shopmcp_call_seconds_bucket{le="10.0",tool="clear_cart"}'),
        (metrics.count_unkeyed, "shopmcp_unkeyed_calls_total"),
        (lambda: metrics.waited("write", 0.2), 'shopmcp_waiting_seconds_count{work="write"}'),
        (lambda: metrics.missed_deadline("read"), 'shopmcp_missed_deadlines_total{work="read"}'),
        (lambda: metrics.limit_hit("key"), 'shopmcp_limits_hit_total{limit="key"}'),
        (lambda: metrics.database_error("calls"), 'shopmcp_database_errors_total{where="calls"}'),
    ],
)
def test_each_count_is_published_under_its_name(count, series):
    before = value(series)
    count()

    assert value(series) == before + 1


def test_a_call_and_its_missing_conversation_are_counted(call_tool):
    calls = 'shopmcp_calls_total{outcome="ok",tool="list_stores"}'
    before = value(calls), value("shopmcp_unkeyed_calls_total")

    call_tool("list_stores")
    call_tool("list_stores", session=None)

    assert (value(calls), value("shopmcp_unkeyed_calls_total")) == (before[0] + 2, before[1] + 1)


def test_no_name_that_a_caller_makes_up_becomes_a_label(call_tool):
    with pytest.raises(ExceptionGroup):
        call_tool("made_up_tool")
    call_tool("list_stores", meta={"io.modelcontextprotocol/clientInfo": {"name": "made-up client"}})

    assert b"made" not in metrics.exposed()


def test_the_counts_of_several_processes_add_up_also_of_those_that_have_ended(tmp_path):
    count = "from shopmcp import metrics; metrics.count_call('view_cart', 'ok', 0.1); print(metrics.exposed().decode())"
    environment = {**os.environ, metrics.FOLDER: str(tmp_path)}
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", count], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )

    assert 'shopmcp_calls_total{outcome="ok",tool="view_cart"} 3.0' in done.stdout
    assert 'shopmcp_call_seconds_count{tool="view_cart"} 3.0' in done.stdout


def test_a_process_reserves_the_space_that_its_counts_need(tmp_path):
    environment = {**os.environ, metrics.FOLDER: str(tmp_path)}
    subprocess.run([sys.executable, "-c", "import shopmcp.metrics"], cwd=ROOT, env=environment, check=True)

    files = list(tmp_path.iterdir())
    assert len(files) == 2
    assert all(file.stat().st_blocks * 512 >= file.stat().st_size for file in files)
