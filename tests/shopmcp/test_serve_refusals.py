"""What keeps `manage.py serve` from starting is told in one line."""

import ctypes
import resource
import socket
import subprocess
import sys

import pytest

from tests.live import ROOT, clean_env, free_port, manage

pytestmark = pytest.mark.live


@pytest.mark.no_database
def test_a_port_in_use_is_told_in_one_line_before_anything_is_prepared(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = manage("serve", "--port", str(port), env=clean_env(SHOPMCP_DATA_DIR=str(tmp_path)))

    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        f"CommandError: Port {port} on 127.0.0.1 is in use; stop what uses it or choose another --port."
    ]
    assert not (tmp_path / "shopmcp.sqlite3").exists()
    assert not (tmp_path / "static").exists()


@pytest.mark.no_database
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "0"], "a port is a number from 1 to 65535"),
        (["--port", "http"], "a port is a number from 1 to 65535"),
        (["--workers", "0"], "the number of workers is from 1 to 256"),
        (["--reload", "--workers", "2"], "--reload works with one worker only"),
        (["--host", "no.such.host.invalid"], "Cannot listen on no.such.host.invalid"),
    ],
)
def test_options_that_cannot_work_are_refused_in_words(tmp_path, options, words):
    result = manage("serve", *options, env=clean_env(SHOPMCP_DATA_DIR=str(tmp_path)))

    assert result.returncode != 0
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "shopmcp.sqlite3").exists()


@pytest.mark.no_database
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgres://nobody:secret@127.0.0.1:1/nothing"),
        ("SHOPMCP_DATA_DIR", "{here}"),
    ],
)
def test_a_database_that_cannot_be_used_is_told_in_one_line_that_names_the_setting(tmp_path, name, value):
    (tmp_path / "shopmcp.sqlite3").write_text("this is no database " * 100)
    env = {"SHOPMCP_DATA_DIR": str(tmp_path), name: value.format(here=tmp_path)}
    result = manage("serve", "--port", str(free_port()), env=clean_env(**env))

    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"CommandError: The database that {name} names cannot be used: ")
    assert "secret" not in line


@pytest.mark.no_database
def test_a_disk_that_takes_no_more_is_told_in_one_line_that_names_the_folder(tmp_path):
    def fill_up():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    command = [sys.executable, "manage.py", "serve", "--port", str(free_port())]
    env = clean_env(SHOPMCP_DATA_DIR=str(tmp_path), DATABASE_URL="")
    result = subprocess.run(
        command, cwd=ROOT, env=env, preexec_fn=fill_up, capture_output=True, text=True, timeout=120, check=False
    )

    assert result.returncode == 1
    assert result.stderr.splitlines() == [f"CommandError: {tmp_path} cannot be written: File too large."]


@pytest.mark.no_database
@pytest.mark.skipif(sys.platform != "linux", reason="taking a right from root is Linux's")
def test_a_database_that_cannot_be_written_is_told_before_any_chat_hears_of_it(tmp_path):
    def obey_file_modes():
        # Root writes where no mode lets it; what this program starts shall not (prctl: PR_CAPBSET_DROP, DAC_OVERRIDE).
        ctypes.CDLL(None).prctl(24, 1)

    env = clean_env(SHOPMCP_DATA_DIR=str(tmp_path), DATABASE_URL="")
    manage("cleanup_sessions", env=env)  # it makes the tables
    (tmp_path / "shopmcp.sqlite3").chmod(0o444)
    command = [sys.executable, "manage.py", "serve", "--port", str(free_port())]
    result = subprocess.run(
        command, cwd=ROOT, env=env, preexec_fn=obey_file_modes, capture_output=True, text=True, timeout=120, check=False
    )

    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "CommandError: The database that SHOPMCP_DATA_DIR names cannot be used: attempt to write a readonly database"
    ]
