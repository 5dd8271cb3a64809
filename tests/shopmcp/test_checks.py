import subprocess
import sys

import pytest

from shopmcp.checks import files_are_private, no_password_is_guessed_at_once, passwords_are_checked, templates_parse
from shopmcp.data_dir import SQLITE
from tests.live import ROOT, clean_env


def test_every_template_of_the_project_parses():
    assert templates_parse() == []


def test_a_template_that_does_not_parse_is_named(settings, tmp_path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "broken.html").write_text("{% if %}")
    settings.BASE_DIR = tmp_path

    (fault,) = templates_parse()
    assert fault.msg.startswith("templates/broken.html: ")


def test_a_database_that_others_can_open_is_named(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    assert files_are_private() == []
    (tmp_path / "secret_key").touch(0o600)
    assert files_are_private() == []
    (tmp_path / "secret_key").chmod(0o640)

    (fault,) = files_are_private()
    assert fault.id == "shopmcp.E002"
    assert str(tmp_path / "secret_key") in fault.msg
    assert fault.hint == f"chmod 600 '{tmp_path / 'secret_key'}'"


def test_the_files_beside_an_open_database_are_not_named_beside_it(tmp_path, settings, monkeypatch):
    settings.DATA_DIR = tmp_path
    monkeypatch.setitem(settings.DATABASES, "default", {"ENGINE": SQLITE, "NAME": tmp_path / "shop.sqlite3"})
    for name in ("shop.sqlite3", "shop.sqlite3-wal", "shop.sqlite3-shm", "secret_key"):
        (tmp_path / name).touch(0o644)

    assert [message.msg.split("/")[-1] for message in files_are_private()] == ["secret_key.", "shop.sqlite3."]

    (tmp_path / "shop.sqlite3").chmod(0o600)
    assert "shop.sqlite3-wal" in str(files_are_private())


def test_a_password_that_is_guessed_at_once_is_refused_and_a_policy_without_rules_is_told(settings):
    assert passwords_are_checked() == []
    settings.AUTH_PASSWORD_VALIDATORS = []

    (fault,) = passwords_are_checked()
    assert fault.id == "shopmcp.E003"


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["owner", "admin", "1"])
def test_a_superuser_whose_password_is_guessed_at_once_is_named(django_user_model, password):
    users = django_user_model.objects
    users.create_superuser("owner", password=password)
    users.create_superuser("careful", password="long and of her own")
    users.create_superuser("linked")
    users.create_user("clerk", password="clerk", is_staff=True)

    (fault,) = no_password_is_guessed_at_once()

    assert (fault.id, fault.msg) == ("shopmcp.E004", "The password of owner is guessed at once.")


@pytest.mark.no_database
def test_the_checks_look_at_every_page_of_the_admin_though_it_is_loaded_late(tmp_path):
    code = """import django; django.setup()
from django.contrib import admin
from django.core.checks import run_checks
before = len(admin.site._registry)
run_checks(tags=["admin"])
print(before, "carts_session" in {model._meta.db_table for model in admin.site._registry})"""
    env = clean_env(SHOPMCP_DATA_DIR=str(tmp_path), DATABASE_URL="", DJANGO_SETTINGS_MODULE="shopmcp.settings")
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=True
    )

    assert found.stdout.split() == ["0", "True"]
