"""The copy of SQLite's file before an update."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from shopmcp import copies
from shopmcp.copies import NoRoom, copy_now, forget_copies

DUMP = Path(__file__).parents[1] / "fixtures" / "before_versions.sql"
# The key by which the shop of the dump found its carts.
KEY = "a key for tests alone, long enough for Django's own checks: 0123456789"

pytestmark = pytest.mark.no_database


@pytest.fixture
def file(tmp_path, settings, monkeypatch):
    """A database with one row that is in its log alone."""
    file = tmp_path / "shop.sqlite3"
    monkeypatch.setitem(settings.DATABASES["default"], "NAME", file)
    with closing(sqlite3.connect(file)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE carts (n)")
        writer.execute("INSERT INTO carts VALUES (1)")
        writer.commit()
        yield file


def rows_of(file, question):
    with closing(sqlite3.connect(file)) as reader:
        return reader.execute(question).fetchall()


def test_a_copy_is_whole_in_one_file_and_its_owner_s_alone(file):
    copy = copy_now()

    assert rows_of(copy, "SELECT n FROM carts") == [(1,)]
    assert copy.stat().st_mode & 0o077 == 0
    assert [found.name for found in file.parent.glob(f"*{copy.name}*")] == [copy.name]


def test_without_room_nothing_is_copied_and_the_update_is_refused(file, monkeypatch):
    monkeypatch.setattr(copies, "RESERVE", 2**62)
    before = {*file.parent.iterdir()}

    with pytest.raises(NoRoom, match="no room"):
        copy_now()
    assert {*file.parent.iterdir()} == before


def test_copies_are_deleted_after_thirty_days(file):
    new, old = copy_now(), file.with_name(f"{file.name}.before-20200101T000000Z")
    old.write_bytes(b"")
    os.utime(old, (0, 0))
    forget_copies()

    assert (new.exists(), old.exists(), file.exists()) == (True, False, True)


def test_what_is_left_of_a_copy_that_was_cut_short_goes_with_the_next_or_after_thirty_days(file):
    left = [file.with_name(f".{file.name}.before-20261127T000000Z{end}") for end in ("", "-journal")]
    for cut_short in left:
        cut_short.write_bytes(b"a part of the carts")
    forget_copies()
    assert [cut_short.exists() for cut_short in left] == [True, True]

    os.utime(left[1], (0, 0))
    forget_copies()
    assert [cut_short.exists() for cut_short in left] == [True, False]
    copy = copy_now()

    assert (left[0].exists(), copy.exists()) == (False, True)


def test_a_link_that_leads_nowhere_does_not_stop_the_clean_up(file):
    lost, old = (file.with_name(f"{file.name}.before-20200101T00000{n}Z") for n in range(2))
    lost.symlink_to("moved-to-another-disk")
    old.write_bytes(b"")
    os.utime(old, (0, 0))
    forget_copies()

    assert (lost.is_symlink(), old.exists()) == (True, False)


def test_a_shop_of_an_earlier_version_is_copied_once_before_it_is_updated(tmp_path, own_shop):
    file = tmp_path / "old" / "shop.sqlite3"
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as old:
        old.executescript(DUMP.read_text(encoding="utf-8"))
    applied = rows_of(file, "SELECT app, name FROM django_migrations ORDER BY id")
    server = own_shop(DATABASE_URL=f"sqlite:///{file}", SECRET_KEY=KEY)
    server.restart()

    (copy,) = file.parent.glob("shop.sqlite3.before-*")
    assert server.output.count(f"The database was copied to {copy}") == 1
    assert rows_of(copy, "SELECT app, name FROM django_migrations ORDER BY id") == applied
    assert len(rows_of(file, "SELECT 1 FROM django_migrations")) > len(applied)
