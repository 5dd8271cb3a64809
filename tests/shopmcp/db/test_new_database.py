"""A new database has the tables that migrations would make, one after the other."""

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from shopmcp.commands import migrate
from shopmcp.db.new_database import make_tables
from tests.shopmcp.db.schema import rows_of, schema_of

# As an earlier version left it: nothing of offers.
EARLIER = [("catalog", "0010_versions_of_products"), ("carts", "0008_news_for_chats")]
# PostgreSQL keeps these names when a table gets another one, and Django names what it adds to a table otherwise than
# what a table begins with. No statement of the shop uses them.
RENAMED = {
    "analytics_progress_": "analytics_checkpoint_",
    "token_checksum_85319a26_uniq": "token_checksum_key",
}


@pytest.fixture
def emptied(another_database):
    """Empty the database in place of the tests' own."""

    def empty():
        if connection.vendor == "sqlite":
            connection.close()
            another_database.unlink(missing_ok=True)
        else:
            with connection.cursor() as cursor:
                cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    return empty


def tables():
    return set(connection.introspection.table_names())


def names():
    """The migrations that the database says it has."""
    return sorted(MigrationRecorder(connection).applied_migrations())


def all_names():
    return sorted(MigrationExecutor(connection).loader.disk_migrations)


def text(schema):
    """The schema, with the names that it would have if its tables had had their names from the start."""
    return {name: {renamed(repr(row)) for row in rows} for name, rows in schema.items()}


def renamed(row):
    for before, after in RENAMED.items():
        row = row.replace(before, after)
    return row


def test_a_new_database_is_what_an_earlier_one_becomes_by_its_migrations(emptied):
    executor = MigrationExecutor(connection)
    executor.migrate(EARLIER)
    assert not {name for name in tables() if name.startswith("offers_")}
    call_command("migrate", verbosity=0)
    by_migrations, rows, applied = text(schema_of(connection)), rows_of(connection), names()

    emptied()
    call_command("migrate", verbosity=0)

    made = text(schema_of(connection))
    assert {name: made[name] ^ by_migrations[name] for name in made} == {name: set() for name in by_migrations}
    assert (rows_of(connection), names()) == (rows, applied)
    assert rows["auth_permission"] and rows["catalog_store"] == 0
    assert applied == all_names()


def test_a_new_database_lacks_nothing_and_goes_on_like_any_other(another_database):
    migrate()

    call_command("migrate", check_unapplied=True, verbosity=0)
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
    # Back and forth again, one step at a time.
    before = schema_of(connection)
    call_command("migrate", "orders", "0012", verbosity=0)
    assert "orders_ordercode" not in tables()
    call_command("migrate", verbosity=0)
    assert schema_of(connection) == before


@pytest.mark.parametrize("first", [("auth", None), ("catalog", "0001")])
def test_a_database_that_has_any_tables_is_left_to_its_migrations(another_database, first):
    call_command("migrate", *filter(None, first), verbosity=0)
    before = schema_of(connection), names()

    assert make_tables(connection) is False

    assert (schema_of(connection), names()) == before


def test_a_table_of_the_same_name_is_no_part_of_a_new_database(another_database):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE carts_cart (id integer)")

    assert make_tables(connection) is False

    assert (tables(), names()) == ({"carts_cart"}, [])


def test_asking_what_is_missing_makes_nothing(another_database, capsys):
    call_command("migrate", plan=True)
    with pytest.raises(SystemExit):
        call_command("migrate", check_unapplied=True)

    assert "catalog.0001_stores_and_products" in capsys.readouterr().out
    assert tables() == set()


def test_a_start_that_fails_halfway_leaves_nothing_and_the_next_one_makes_all(another_database, monkeypatch):
    catalog = apps.get_app_config("catalog")
    monkeypatch.setattr(catalog, "complete_tables", lambda editor: editor.execute("nonsense"))
    with pytest.raises(DatabaseError, match="nonsense"):
        migrate()
    assert tables() == set()
    monkeypatch.undo()

    migrate()

    assert names() == all_names()


def test_a_new_database_is_told_of(another_database, capsys):
    call_command("migrate")

    assert "The tables of a new shop were made at once." in capsys.readouterr().out
