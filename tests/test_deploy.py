"""The files of deploy/ and the container's agree with the shop: its commands, its time limits, its files."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from shopmcp import copies
from shopmcp.management.commands.serve import GRACE, KEEP_ALIVE

ROOT = Path(__file__).resolve().parent.parent
UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())
FILES = [*UNITS, ROOT / "Dockerfile", ROOT / "docs" / "deploy.md"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_command_that_is_named_exists(file):
    text = file.read_text()
    named = set(re.findall(r"manage\.py (\w+)", text)) | set(re.findall(r'CMD \["(\w+)", "--host', text))
    assert named <= {*get_commands()}


@pytest.mark.parametrize("name", [unit.name for unit in UNITS if unit.suffix == ".timer"])
def test_every_timer_has_its_service(name):
    assert (ROOT / "deploy" / "systemd" / name).with_suffix(".service").exists()


def number(pattern, *path):
    """The number that the pattern's one place in that file has."""
    (found,) = re.findall(pattern, ROOT.joinpath(*path).read_text())
    return int(found)


def test_whoever_stops_the_shop_waits_longer_than_its_calls_may_take():
    assert number(r"TimeoutStopSec=(\d+)", "deploy", "systemd", "shopmcp.service") > GRACE
    assert number(r"stop_grace_period: (\d+)s", "compose.yaml") > GRACE


def test_proxies_close_idle_connections_before_the_shop_does():
    assert number(r"keepalive_timeout (\d+)s", "deploy", "nginx.conf") < KEEP_ALIVE
    assert number(r"keepalive (\d+)s", "deploy", "Caddyfile") < KEEP_ALIVE


def test_the_proxy_of_the_containers_is_trusted_and_no_other_network_is():
    compose = (ROOT / "compose.yaml").read_text()
    (subnet,) = re.findall(r"- subnet: (\S+)", compose)
    assert f"SHOPMCP_TRUSTED_PROXIES: loopback,{subnet}\n" in compose


def test_no_secret_and_no_data_of_the_owner_get_into_the_image():
    left_out = (ROOT / ".dockerignore").read_text().split()
    assert {".env", "var", ".git", ".venv"} <= {*left_out}


COMPOSE = [ROOT / "compose.yaml", ROOT / "compose.postgresql.yaml"]


def test_compose_demands_each_variable_that_it_uses():
    text = "".join(file.read_text() for file in COMPOSE)
    used, demanded = set(re.findall(r"\$\{(\w+)", text)), set(re.findall(r"\$\{(\w+):\?", text))
    assert used == demanded
    assert all(name in (ROOT / "docs" / "deploy.md").read_text() for name in used)


def test_of_the_containers_the_proxy_alone_can_be_reached_from_outside():
    services = re.split(r"^  (\w+):$", "".join(file.read_text() for file in COMPOSE), flags=re.MULTILINE)
    assert [name for name, text in zip(services[1::2], services[2::2], strict=True) if "ports:" in text] == ["proxy"]


def test_every_volume_of_the_containers_is_declared():
    for file in COMPOSE:
        head, _, declared = file.read_text().rpartition("\nvolumes:\n")
        used = set(re.findall(r"^      - (\w+):/", head, re.MULTILINE))
        assert used == set(re.findall(r"^  (\w+):$", declared, re.MULTILINE))


def test_the_way_back_names_the_copy_as_it_is_written():
    (name,) = set(re.findall(r"shopmcp\.sqlite3(\S*?)\d{8}T\d{6}Z", (ROOT / "docs" / "deploy.md").read_text()))
    assert name == copies.MARK
