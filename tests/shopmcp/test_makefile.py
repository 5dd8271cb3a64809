import re
import shutil
import subprocess

import pytest

from tests.live import ROOT

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


def dry_run(*arguments, cwd=ROOT):
    command = ["make", "--dry-run", "--always-make", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True).stdout


def test_run_makes_the_environment_installs_the_pins_and_serves_the_demo(tmp_path):
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, tmp_path)

    commands = dry_run("run", cwd=tmp_path)

    in_order = ["-m venv .venv", "-r requirements.txt", "manage.py serve --demo --host 127.0.0.1 --port 8000"]
    assert re.search(".*".join(map(re.escape, in_order)), commands, re.DOTALL)
    assert "requirements-dev" not in commands


def test_run_takes_a_host_and_a_port_from_the_command_line_alone(monkeypatch):
    monkeypatch.setenv("HOST", "a-name-some-shells-export")

    assert "--host 127.0.0.1 --port 9000" in dry_run("run", "PORT=9000")


def test_test_installs_what_tests_need_and_runs_them():
    commands = dry_run("test", "ARGS=-x")

    assert "-r requirements-dev.txt" in commands
    assert ".venv/bin/pytest -n auto -x" in commands


def test_quick_plays_what_is_chosen_for_it():
    assert ".venv/bin/pytest -n auto -m quick -x" in dry_run("quick", "ARGS=-x")


def test_faults_passes_its_arguments_on():
    assert ".venv/bin/python -m faults --short" in dry_run("faults", "ARGS=--short")


def test_check_holds_every_gate():
    commands = dry_run("check")

    for gate in (
        "ruff format --check",
        "ruff check",
        "mypy",
        "lint-imports",
        "makemigrations --check",
        "pybabel --quiet update",
        "pybabel --quiet compile",
        "check --deploy --fail-level WARNING",
        "requirements-dev.txt",
    ):
        assert gate in commands
    assert "PUBLIC_URL=https://" in commands


def test_a_python_that_is_too_old_is_told_so(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements.txt").touch()
    old = tmp_path / "python-old"
    old.write_text("#!/bin/sh\necho 'This needs Python 3.11 or newer' >&2\nexit 1\n")
    old.chmod(0o755)
    result = subprocess.run(["make", "run", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert result.returncode != 0
    assert "This needs Python 3.11 or newer" in result.stderr
    assert not (tmp_path / ".venv").exists()
