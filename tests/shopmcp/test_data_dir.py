"""What lies in the data folder: the secret key and the address, through power cuts and among other users."""

import os
import shlex
import sqlite3
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from shopmcp.data_dir import PrivateConnection, close_to_others, exposed, last_address, secret_key, write

LOST = {
    "missing": lambda file: None,
    "empty": lambda file: file.write_text("\n"),
    "of NULs": lambda file: file.write_bytes(bytes(50)),
    "no text": lambda file: file.write_bytes(b"\xff\xfe"),
}
lost = pytest.mark.parametrize("lose", LOST.values(), ids=LOST)


@pytest.fixture
def database(tmp_path):
    """The settings of a SQLite database that does not exist yet."""
    (tmp_path / "database").mkdir()
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "database" / "shopmcp.sqlite3"}


@pytest.fixture
def key(tmp_path):
    """Where the key is kept, in a folder of its own."""
    (tmp_path / "keys").mkdir()
    return tmp_path / "keys" / "secret_key"


def prepare(database, *, carts=0):
    """Make the table of conversations with so many in it."""
    with closing(sqlite3.connect(database["NAME"])) as connection, connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE carts_session (id INTEGER PRIMARY KEY)")
        connection.executemany("INSERT INTO carts_session VALUES (?)", [(n,) for n in range(carts)])


def test_the_secret_key_is_made_once_for_its_owner_alone(key, database):
    first = secret_key(key, database)

    assert len(first) >= 50
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert secret_key(key, database) == first
    assert list(key.parent.iterdir()) == [key]


@lost
def test_processes_that_start_together_agree_on_one_secret_key(key, database, lose):
    lose(key)
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: secret_key(key, database), range(64)))

    assert len(keys) == 1
    assert len(keys.pop()) >= 50
    assert list(key.parent.iterdir()) == [key]


@lost
def test_a_lost_key_is_made_anew_beside_a_database_without_carts(key, database, lose):
    prepare(database)
    lose(key)

    assert len(secret_key(key, database)) >= 50
    assert len(key.read_text()) >= 50


@lost
def test_beside_carts_a_lost_key_is_explained_and_nothing_is_written(key, database, lose):
    prepare(database, carts=1)
    lose(key)
    before = key.read_bytes() if key.exists() else None

    with pytest.raises(ImproperlyConfigured) as refusal:
        secret_key(key, database)

    text = str(refusal.value)
    assert f"the file {key} that should hold it " in text
    assert "the database holds carts" in text
    assert "the carts, cart_ids, links and sign-ins that were made with it can never be opened again" in text
    assert "backup of the key" in text
    assert "\n" not in text
    assert (key.read_bytes() if key.exists() else None) == before


def test_the_explained_way_to_go_on_works(key, database):
    prepare(database, carts=1)
    key.touch()
    with pytest.raises(ImproperlyConfigured) as refusal:
        secret_key(key, database)

    command = str(refusal.value).partition("write a new key into the file: ")[2]
    subprocess.run(["/bin/sh", "-c", command], check=True)

    assert len(secret_key(key, database)) >= 50
    assert shlex.split(command)[-1] == str(key)


def test_a_database_that_cannot_be_asked_is_taken_for_one_with_carts(key, database):
    database["NAME"].write_text("no database " * 100)
    key.touch()

    with pytest.raises(ImproperlyConfigured, match="cannot be asked for carts"):
        secret_key(key, database)

    assert key.read_text() == ""


def test_in_a_new_folder_a_database_that_cannot_be_asked_is_left_to_the_command_that_needs_it(key):
    database = {"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "HOST": "127.0.0.1", "PORT": 1}

    assert len(secret_key(key, database)) >= 50


def test_a_folder_in_the_keys_place_is_told_by_the_variables_name(key, database):
    key.mkdir()

    with pytest.raises(ImproperlyConfigured, match=r"SECRET_KEY is not set, .* cannot be used: Is a directory"):
        secret_key(key, database)


@pytest.mark.skipif(not os.environ.get("TEST_DATABASE_URL"), reason="TEST_DATABASE_URL names no PostgreSQL")
@pytest.mark.django_db(transaction=True)
def test_postgresql_is_asked_for_carts_too(key):
    from django.db import connection

    from carts.models import Session

    database = {**connection.settings_dict, "OPTIONS": {"prepare_threshold": 5, "sslmode": "prefer"}}
    key.touch()
    first = secret_key(key, database)
    Session.objects.create(public_id="s_1", digest="1", source="test")
    key.write_text("")

    with pytest.raises(ImproperlyConfigured, match="the database holds carts"):
        secret_key(key, database)
    assert key.read_text() == ""
    assert first


def test_what_is_written_is_on_the_disk_before_it_has_its_name_and_the_name_before_it_counts(tmp_path, monkeypatch):
    synced, really = [], os.fsync

    def fsync(descriptor):
        there = (tmp_path / "file").read_text() if (tmp_path / "file").exists() else None
        synced.append((Path(f"/proc/self/fd/{descriptor}").resolve() == tmp_path, there))
        really(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    write(tmp_path / "file", "text")

    assert synced == [(False, None), (True, "text")]


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    write(tmp_path / "file", "before")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path / "file", "after")

    assert (tmp_path / "file").read_text() == "before"
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


@pytest.fixture
def generous():
    """The umask that lets others read new files."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(file):
    return oct(stat.S_IMODE(file.stat().st_mode))


@pytest.mark.usefixtures("generous")
def test_a_new_database_is_its_owners_alone_in_a_folder_that_all_can_read(tmp_path):
    file = tmp_path / "shopmcp.sqlite3"
    with closing(sqlite3.connect(file, factory=PrivateConnection)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (n)")

        assert {path.name: mode(path) for path in tmp_path.iterdir()} == {
            "shopmcp.sqlite3": "0o600",
            "shopmcp.sqlite3-wal": "0o600",
            "shopmcp.sqlite3-shm": "0o600",
        }


@pytest.mark.usefixtures("generous")
@pytest.mark.parametrize("name", [":memory:", "file:shared?mode=memory&cache=shared"])
def test_a_database_in_memory_makes_no_file(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    sqlite3.connect(name, uri=True, factory=PrivateConnection).close()

    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("generous")
def test_files_that_others_can_open_are_found_and_closed(tmp_path, database):
    names = ["", "-wal", "-shm", "-journal"]
    files = [tmp_path / "secret_key", *(Path(f"{database['NAME']}{ending}") for ending in names)]
    for file in files:
        file.touch()
    (tmp_path / "address").touch()

    assert exposed(tmp_path, database) == files
    assert all(close_to_others(file) for file in files)
    assert exposed(tmp_path, database) == []
    assert {mode(file) for file in files} == {"0o600"}


def test_a_file_that_may_not_be_closed_is_told(tmp_path):
    assert not close_to_others(tmp_path / "missing")


@pytest.mark.parametrize(
    ("kept", "address"),
    [
        ("http://127.0.0.1:9000\n", "http://127.0.0.1:9000"),
        ("nonsense", "http://127.0.0.1:8000"),
        (None, "http://127.0.0.1:8000"),
    ],
)
def test_the_last_address_is_the_kept_one_or_the_usual(tmp_path, kept, address):
    if kept is not None:
        (tmp_path / "address").write_text(kept)

    assert last_address(tmp_path / "address") == address
