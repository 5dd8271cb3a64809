"""What a COMMIT on SQLite says when the disk fails to keep what was written."""

import shutil
import subprocess
import sys

import pytest

from tests.live import ROOT, clean_env

COMPILER = shutil.which("cc")
# fdatasync and fsync fail from the moment on at which a file named `broken` lies in the working folder.
DISK = """
#include <errno.h>
#include <unistd.h>
static int keep(void) { if (access("broken", F_OK)) return 0; errno = EIO; return -1; }
int fsync(int file) { return keep(); }
int fdatasync(int file) { return keep(); }
"""
CHANGE = """
from pathlib import Path
from shopmcp.data_dir import PrivateConnection
from shopmcp.db.outcome import Unsettled
connection = PrivateConnection("shop.sqlite3", isolation_level=None)
connection.execute("PRAGMA journal_mode=WAL")
connection.execute("PRAGMA synchronous=FULL")
connection.execute("CREATE TABLE line (n)")
connection.execute("BEGIN IMMEDIATE")
connection.execute("INSERT INTO line VALUES (1)")
Path("broken").touch()
try:
    connection.commit()
except Unsettled as error:
    print("unsettled:", error.__cause__.sqlite_errorname)
"""


@pytest.mark.no_database
@pytest.mark.skipif(not COMPILER, reason="needs a C compiler, to make a disk that fails")
def test_a_change_that_the_disk_failed_to_keep_may_have_been_done(tmp_path):
    (tmp_path / "disk.c").write_text(DISK)
    subprocess.run([str(COMPILER), "-shared", "-fPIC", "-o", "disk.so", "disk.c"], cwd=tmp_path, check=True)
    env = clean_env(LD_PRELOAD=str(tmp_path / "disk.so"), PYTHONPATH=str(ROOT))

    told = subprocess.run(
        [sys.executable, "-c", CHANGE], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False
    )

    assert told.stdout == "unsettled: SQLITE_IOERR_FSYNC\n", told.stderr
