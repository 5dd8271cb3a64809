"""Commands that pages show run as they are."""

import subprocess
import sys
from pathlib import Path

from shopmcp.runnable import runnable
from tests.live import ROOT


def test_a_command_runs_in_the_folder_of_the_shop():
    line = runnable("check --help").replace("python", Path(sys.executable).name, 1)
    if not Path(sys.executable).is_relative_to(ROOT):
        line = line.replace(Path(sys.executable).name, sys.executable, 1)

    assert subprocess.run(line.split(), check=False, cwd=ROOT, capture_output=True).returncode == 0


def test_it_names_the_interpreter_of_the_shop_and_no_folder_of_the_machine(monkeypatch, settings, tmp_path):
    settings.BASE_DIR = tmp_path
    monkeypatch.setattr("sys.executable", str(tmp_path / ".venv" / "bin" / "python"))
    assert runnable("backup x") == ".venv/bin/python manage.py backup x"

    monkeypatch.setattr("sys.executable", "/usr/bin/python3.11")
    assert runnable("backup x") == "python3.11 manage.py backup x"


def test_in_a_container_it_is_run_from_outside(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    (tmp_path / ".container").touch()

    assert "touch .container" in (ROOT / "Dockerfile").read_text()
    assert runnable("sign_in_link") == "docker compose exec shop python manage.py sign_in_link"
