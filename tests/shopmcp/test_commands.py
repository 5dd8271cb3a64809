"""Commands that need the shop's tables, before the shop was ever started."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Permission

from shopmcp.commands import migrate
from tests.live import clean_env, manage

# A process with a database of its own takes as long as a server does.
live = pytest.mark.live
on_sqlite = pytest.mark.no_database
COMMANDS = {
    "sign_in_link": "/sign-in/",
    "cleanup_sessions": "Sessions deleted: 0",
    "create_api_key": "",
}


@pytest.fixture
def env(tmp_path):
    return clean_env(SHOPMCP_DATA_DIR=str(tmp_path / "data"))


@live
@on_sqlite
@pytest.mark.parametrize("command", COMMANDS)
def test_a_new_database_gets_its_tables_from_the_first_command(env, command):
    result = manage(command, *(["script"] if command == "create_api_key" else []), env=env)

    assert result.returncode == 0, result.stderr
    assert COMMANDS[command] in result.stdout
    assert "migrat" not in result.stdout + result.stderr


@live
@on_sqlite
def test_several_first_commands_at_once_work(env):
    with ThreadPoolExecutor() as pool:
        results = list(pool.map(lambda _: manage("cleanup_sessions", env=env), range(4)))

    assert [result.returncode for result in results] == [0] * 4, [result.stderr for result in results]


@live
@on_sqlite
def test_products_can_be_imported_before_the_first_start(env, tmp_path):
    file = tmp_path / "products.csv"
    file.write_text("sku,name,price\n1,Bread,12\n")

    result = manage("import_products", str(file), "--store", "bakery", env=env)

    assert result.returncode == 0, result.stderr
    assert "bakery: 1 created" in result.stdout


@live
@on_sqlite
def test_a_database_of_an_earlier_version_is_left_as_it_is(env):
    manage("migrate", "auth", env=env)
    before = manage("showmigrations", env=env).stdout

    result = manage("sign_in_link", env=env)

    assert result.returncode == 1
    assert "The database is of an earlier version. Start the shop once with manage.py serve" in result.stderr
    assert "Traceback" not in result.stderr
    assert manage("showmigrations", env=env).stdout == before


@live
@on_sqlite
def test_a_database_that_is_none_is_told_in_one_line(env, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "shopmcp.sqlite3").write_text("by no means a database " * 100)

    result = manage("cleanup_sessions", env=env)

    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "The database that SHOPMCP_DATA_DIR names cannot be used: file is not a database" in result.stderr


def test_a_database_that_lacks_nothing_is_asked_for_its_migrations_and_left(db, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):  # whether there are migrations, which, and the permissions
        migrate()


def test_what_a_crash_kept_a_migration_from_completing_is_made_at_the_next_start(db):
    Permission.objects.filter(content_type__app_label="orders").delete()

    migrate()

    assert Permission.objects.filter(content_type__app_label="orders", codename="view_order").exists()
