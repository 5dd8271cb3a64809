"""The disk under the database is watched, so that carts can be changed when new ones no longer fit."""

import shutil
from collections import namedtuple
from pathlib import Path

import psycopg
import pytest
from django.db import OperationalError, connection

from shopmcp import disk
from shopmcp.disk import LOOK_EVERY, RESERVE, Disk, is_disk_full

Usage = namedtuple("Usage", "total used free")
MIB, GIB = 2**20, 2**30


@pytest.fixture
def usage(monkeypatch):
    """Let every disk be of this size with so much free; None stands for a disk that does not answer."""
    now = [None]

    def disk_usage(folder):
        if now[0] is None:
            raise OSError
        return Usage(now[0][0], 0, now[0][1])

    monkeypatch.setattr(shutil, "disk_usage", disk_usage)
    return lambda *size: now.__setitem__(0, size or None)


@pytest.mark.parametrize(
    ("total", "free", "low"),
    [
        (40 * GIB, RESERVE, False),
        (40 * GIB, RESERVE - 1, True),
        (100 * MIB, 5 * MIB, False),
        (100 * MIB, 4 * MIB, True),
    ],
)
def test_a_disk_is_low_below_the_reserve_or_a_twentieth_of_a_small_one(usage, total, free, low):
    usage(total, free)

    assert Disk(Path()).is_low is low


def test_a_disk_is_looked_at_every_few_seconds_only(usage):
    now = [0.0]
    found = Disk(Path(), clock=lambda: now[0])
    usage(40 * GIB, 30 * GIB)
    assert not found.is_low
    usage(40 * GIB, MIB)
    assert not found.is_low

    now[0] += LOOK_EVERY

    assert found.is_low


def test_a_disk_that_does_not_tell_is_not_low(usage):
    usage()

    assert (Disk(Path()).is_low, Disk(Path()).free_bytes) == (False, None)


def test_what_is_watched_is_the_disk_of_sqlite_s_file_or_else_of_the_data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path

    assert (disk.folder() != tmp_path) == (connection.vendor == "sqlite")
    assert not disk.is_low()


def test_the_databases_own_error_of_a_full_disk_is_recognised():
    full, locked = OperationalError("database or disk is full"), OperationalError("database is locked")
    extend = OperationalError("could not extend file")
    extend.__cause__ = psycopg.errors.DiskFull()

    assert [is_disk_full(error) for error in (full, extend, locked, OSError())] == [True, True, False, False]
