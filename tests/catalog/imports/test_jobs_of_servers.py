"""Jobs in the processes that a real server starts: they outlast its stop, and its death."""

import os
import signal
import time
from pathlib import Path

import pytest

GOODS = "sku,name,price\n" + "".join(f"p{n},Product number {n} of the test,{n % 90 + 1}.90\n" for n in range(6000))
BEGIN = """
from catalog.imports import jobs
print(jobs.begin_with_file("shop", "goods.csv", [open({file!r}, "rb").read()]).pk)
"""
START = "from catalog.imports import jobs; from catalog.models import ImportJob; jobs.start(ImportJob.objects.get())"
STATE = """
from catalog.models import ImportJob, Product
job = ImportJob.objects.get()
print(job.state, job.steps, Product.objects.count(), job.has_died, job.token)
"""
AGAIN = """
from datetime import timedelta
from catalog.imports import jobs
from catalog.models import ImportJob, ImportRun
for model in (ImportJob, ImportRun):
    for row in model.objects.exclude(alive_at=None):
        model.objects.filter(pk=row.pk).update(alive_at=row.alive_at - timedelta(minutes=1))
job = ImportJob.objects.get()
print(job.has_died)
jobs.begin_again(job)
"""


@pytest.fixture
def shop(own_shop, tmp_path):
    shop = own_shop()
    (tmp_path / "goods.csv").write_text(GOODS)
    run(shop, BEGIN.format(file=str(tmp_path / "goods.csv")))
    until(shop, "ready")
    return shop


def run(shop, code):
    return shop.manage("shell", "-v", "0", "-c", code).stdout.strip()


def until(shop, state):
    deadline = time.monotonic() + 120
    while (said := run(shop, STATE).split())[0] != state:
        assert time.monotonic() < deadline, (said, shop.output)
    return said


def worker(shop, *, within=60):
    """The process that works on the job now."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        for entry in Path("/proc").iterdir():
            is_ours = entry.name.isdecimal() and str(shop.data_dir) in _read(entry / "environ")
            if is_ours and "work_on_import" in _read(entry / "cmdline"):
                return int(entry.name)
        time.sleep(0.02)
    raise AssertionError("no process works on the job")


def _read(file):
    try:
        return file.read_bytes().decode(errors="replace")
    except OSError:
        return ""


def under_way(shop):
    """Begin the import, and wait until its process writes."""
    run(shop, START)
    pid = worker(shop)
    deadline = time.monotonic() + 60
    while "staging" not in run(shop, "from catalog.models import ImportRun; print(ImportRun.objects.values('state'))"):
        assert time.monotonic() < deadline
    return pid


def test_a_server_that_stops_hands_the_import_to_the_next_one(shop):
    under_way(shop)

    shop.stop()
    assert run(shop, STATE).split()[2] == "0"  # nothing of it counts
    shop.start()

    assert until(shop, "done")[2] == "6000"
    assert "Traceback" not in shop.output


def test_an_import_whose_server_was_killed_begins_again(shop):
    pid = under_way(shop)

    shop.kill()
    os.kill(pid, signal.SIGKILL)
    shop.start()
    assert run(shop, STATE).split()[0] == "importing"
    assert run(shop, AGAIN) == "True"

    assert until(shop, "done")[2] == "6000"


def test_an_import_outlasts_the_death_of_its_server_alone(shop):
    under_way(shop)

    shop.kill()

    assert until(shop, "done")[2] == "6000"


def test_a_process_that_is_killed_alone_is_seen_at_once(shop):
    os.kill(under_way(shop), signal.SIGKILL)

    deadline = time.monotonic() + 20
    while run(shop, STATE).split()[3] != "True":
        assert time.monotonic() < deadline
