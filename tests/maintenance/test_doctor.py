"""`manage.py doctor`: each kind of damage, made by hand, is found and nothing else, and mended where that is safe."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from mcp.client import Client

from analytics.services import catch_up
from carts.models import CallRecord, Change, Line, Session
from catalog.imports.importing import import_products
from maintenance.checks import examine, mend
from shopmcp.composition import endpoint
from tests.databases import connected_to, drop_database, make_database
from tests.live import GOODS
from tests.maintenance.damage import (
    DAMAGE,
    HOUR,
    first_cart,
    gap,
    open_key,
    other_store,
    run,
    second_cart,
    store_left,
    store_missing,
    version_ahead,
    wrong_item_count,
)


def quietly(steps, what, total=None):
    return steps


def codes():
    return [finding.code for finding in examine(quietly)]


@async_to_sync
async def call(chat, name, **arguments):
    meta: Any = {"openai/session": chat}
    async with Client(endpoint.server, mode="2026-07-28") as client:
        answer = await client.call_tool(name, arguments, meta=meta)
        assert not answer.is_error, answer
        return answer.structured_content


@pytest.fixture(scope="module")
def whole(django_db_setup, django_db_blocker, tmp_path_factory):
    """The name of a database with a shop that has everything; SQLite's is in no use any more, so it can be copied."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "goods.csv").write_text(GOODS)
    with django_db_blocker.unblock():
        name = make_database(folder, "whole")
        with connected_to(name):
            call_command("migrate", verbosity=0)
            import_products(folder / "goods.csv", slug="shop", currency="ILS")
            (folder / "goods.csv").write_text(GOODS.replace("24.90", "26.90"))
            import_products(folder / "goods.csv", slug="shop", currency="ILS")
            for n in range(3):
                for piece in range(4):
                    call(f"chat-{n}", "add_to_cart", product_id="shop:honey", quantity=n + piece + 1)
                call(f"chat-{n}", "add_to_cart", product_id="shop:tahini")
            call("chat-2", "clear_cart")
            then = timezone.now() - 30 * HOUR
            sessions = list(Session.objects.order_by("pk"))
            for n in range(60):
                fields = {
                    "session": sessions[n % 3],
                    "client": "c" if n % 2 else "d",
                    "tool": "view_cart",
                    "outcome": "ok",
                }
                source = "cart_id" if n % 5 == 0 else "openai/session"
                at = then + timedelta(minutes=20 * n)
                CallRecord.objects.create(at=at, milliseconds=3, source=source, **fields)
            catch_up()
        yield name
        drop_database(name)


@pytest.fixture
def shop(whole, django_db_blocker, tmp_path, settings):
    """A copy of that shop in place of the tests' own database."""
    settings.DATA_DIR, settings.KEY_FILE = tmp_path, tmp_path / "secret_key"
    with django_db_blocker.unblock():
        name = make_database(tmp_path, "copy", whole)
        with connected_to(name):
            yield tmp_path
        drop_database(name)


def test_a_whole_shop_has_nothing_wrong(shop):
    out = StringIO()

    call_command("doctor", stdout=out)

    assert out.getvalue() == "Nothing is wrong.\n"


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_each_kind_of_damage_is_found_alone_and_mended_if_that_is_safe(shop, damage):
    code, can_be_mended = DAMAGE[damage]
    damage()

    assert set(codes()) == {code}

    mended, left = mend(quietly)
    if can_be_mended:
        assert left == [], left
        assert {finding.code for finding in mended} >= {code}
        assert codes() == []
    else:
        assert {finding.code for finding in left} == {code}
        assert not mended


@pytest.mark.parametrize("damage", [wrong_item_count, version_ahead, gap, store_missing, store_left, other_store])
def test_mending_a_cart_changes_no_line_and_the_cart_goes_on(shop, damage):
    lines = list(Line.objects.order_by("pk").values())
    damage()

    mend(quietly)

    assert list(Line.objects.order_by("pk").values()) == lines
    before = call("chat-0", "view_cart")
    after = call("chat-0", "add_to_cart", product_id="shop:honey")
    assert after["version"] == before["version"] + 1
    assert after["item_count"] == before["item_count"] + 1
    assert codes() == []


def test_a_gap_at_the_beginning_of_a_history_is_fine(shop):
    Change.objects.filter(version__lte=2).delete()

    assert codes() == []


def test_files_that_others_can_open_are_found_and_closed(shop, settings):
    open_key(shop)
    settings.SECRET_KEY_FALLBACKS = ["x" * 50]
    assert codes() == ["readable_files"]

    assert mend(quietly)[1] == []
    assert not (shop / "secret_key").stat().st_mode & 0o077


def test_a_generated_key_beside_another_one_is_found(shop, settings):
    open_key(shop)
    (shop / "secret_key").chmod(0o600)

    assert codes() == ["another_key"]
    settings.SECRET_KEY_FALLBACKS = ["x" * 50]
    assert codes() == []


def test_keys_that_the_database_would_give_again_are_found(shop):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite looks at the rows")
    run("SELECT setval(pg_get_serial_sequence('carts_session', 'id'), 1)")

    assert codes() == ["keys_behind"]
    assert mend(quietly)[1] == []
    call("chat-new", "add_to_cart", product_id="shop:honey")


def test_a_damaged_file_is_found_and_nothing_is_mended(shop):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL checks its own files")
    wrong_item_count()
    connection.close()
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as file, file:
        file.execute("PRAGMA writable_schema=ON")
        file.execute("UPDATE sqlite_master SET rootpage = 3 WHERE name = 'session_last_seen'")

    assert codes() == ["damaged_file"]
    mended, left = mend(quietly)
    assert not mended
    assert "restore the newest backup" in left[0].fix


def test_the_exit_code_and_the_words_say_what_is_wrong_and_what_was_mended(shop):
    wrong_item_count()
    second_cart()
    out = StringIO()

    with pytest.raises(CommandError, match=r"2 things are wrong\."):
        call_command("doctor", stdout=out)
    assert "Wrong: [item_count] The number of items is not the sum of the lines" in out.getvalue()
    assert first_cart().public_id in out.getvalue()

    out = StringIO()
    with pytest.raises(CommandError, match=r"1 thing is wrong\."):
        call_command("doctor", "--fix", stdout=out)
    assert "Mended: [item_count]" in out.getvalue()
    assert "Wrong: [two_open_carts]" in out.getvalue()


def test_examining_changes_nothing_and_takes_no_lock(shop):
    wrong_item_count()
    held = first_cart().item_count
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            assert codes() == ["item_count"]
            writer.execute("ROLLBACK")
    assert codes() == ["item_count"]
    assert first_cart().item_count == held


def test_without_a_shop_nothing_is_said_to_be_right(another_database):
    with pytest.raises(CommandError, match="There is no shop in the database"):
        call_command("doctor")
    assert connection.introspection.table_names() == []
