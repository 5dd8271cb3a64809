"""`manage.py doctor`: each kind of damage, made by hand, is found and nothing else, and mended where that is safe."""

import sqlite3
from contextlib import closing, contextmanager
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction
from django.utils import timezone
from mcp.client import Client

from analytics.models import Checkpoint, Tally
from analytics.services import catch_up
from carts.cart import MAX_LINES
from carts.models import CallRecord, Cart, Change, Line, Session, SessionWarning, Tombstone
from catalog.imports.importing import import_products
from catalog.models import Entry, ImportRun, Product, ProductIdentity, Store
from catalog.search.engines import engine
from catalog.search.index import reindex
from catalog.services import create_product
from maintenance.checks import examine, mend
from shopmcp.composition import endpoint
from tests.live import GOODS
from tests.maintenance.conftest import connected_to, drop_database, make_database

HOUR = timedelta(hours=1)


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


@contextmanager
def without_rules(*checks, indexes=()):
    """Take what the database would refuse: foreign keys, these checks of values, these indexes."""
    sqlite = connection.vendor == "sqlite"
    if sqlite:
        run("PRAGMA foreign_keys=OFF")
        run("PRAGMA ignore_check_constraints=ON")
    else:
        run("SET session_replication_role = replica")
        for table, name in checks:
            run(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name in indexes:
        run(f"DROP INDEX {name}")
    yield
    run("PRAGMA foreign_keys=ON" if sqlite else "SET session_replication_role = origin")
    if sqlite:
        run("PRAGMA ignore_check_constraints=OFF")


def run(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def first_cart():
    return Cart.objects.order_by("pk").first()


def honey():
    return Product.objects.get(sku="honey")


def delete_session():
    with without_rules():
        run("DELETE FROM carts_session WHERE id = %s", first_cart().session_id)


def delete_cart():
    with without_rules():
        run("DELETE FROM carts_cart WHERE id = %s", first_cart().pk)


def delete_product():
    sold = ProductIdentity.objects.get(sku="tahini").pk
    engine().remove(list(Entry.objects.filter(product=sold).values_list("key", flat=True)))
    with without_rules():
        run("DELETE FROM catalog_product WHERE identity_id = %s", sold)
        run("DELETE FROM catalog_productidentity WHERE id = %s", sold)


def delete_identity():
    """Of a product that no cart holds; its versions stay."""
    engine().remove(list(Entry.objects.filter(product__sku="gone").values_list("key", flat=True)))
    with without_rules():
        run("DELETE FROM catalog_productidentity WHERE sku = 'gone'")


def wrong_item_count():
    run("UPDATE carts_cart SET item_count = item_count + 1 WHERE id = %s", first_cart().pk)


def version_behind():
    run("UPDATE carts_cart SET version = version - 1 WHERE id = %s", first_cart().pk)


def version_ahead():
    run("UPDATE carts_cart SET version = version + 2 WHERE id = %s", first_cart().pk)


def gap():
    run("DELETE FROM carts_change WHERE cart_id = %s AND version = 2", first_cart().pk)


def store_missing():
    run("UPDATE carts_cart SET store_id = NULL, currency = '' WHERE id = %s", first_cart().pk)


def store_left():
    run("UPDATE carts_cart SET store_id = %s, currency = 'ILS' WHERE item_count = 0", Store.objects.get().pk)


def other_store():
    other = Store.objects.create(slug="other", name="Other", currency="EUR")
    run("UPDATE carts_cart SET store_id = %s, currency = 'EUR' WHERE id = %s", other.pk, first_cart().pk)
    Tombstone.objects.create(public_id="s_x")


def too_small():
    with without_rules(("carts_line", "quantity_from_1_to_999")):
        line = Line.objects.filter(cart=first_cart()).latest("pk")
        run("UPDATE carts_line SET quantity = 0 WHERE id = %s", line.pk)
        run("UPDATE carts_cart SET item_count = item_count - %s WHERE id = %s", line.quantity, line.cart_id)


def too_many():
    with without_rules(("carts_line", "quantity_from_1_to_999")):
        line = Line.objects.filter(cart=first_cart()).latest("pk")
        run("UPDATE carts_line SET quantity = 1200 WHERE id = %s", line.pk)
        run("UPDATE carts_cart SET item_count = item_count + %s WHERE id = %s", 1200 - line.quantity, line.cart_id)


def many_lines():
    store, cart = Store.objects.get(), first_cart()
    for n in range(MAX_LINES):
        product = create_product(store, sku=f"p{n}", name=f"Product {n}", price="1")
        Line.objects.create(
            cart=cart, product=product.identity, quantity=1, price_when_added=1, price_told=1, stock_told=None
        )
    Cart.objects.filter(pk=cart.pk).update(item_count=cart.item_count + MAX_LINES)


def second_cart():
    with without_rules(indexes=["one_open_cart_per_session"]):
        Cart.objects.create(public_id="c_second", session=first_cart().session)


def doubled_digest():
    loose = models.CharField(max_length=43, null=True)
    loose.set_attributes_from_name("digest")
    loose.model = Session
    with connection.schema_editor() as editor:
        editor.alter_field(Session, Session._meta.get_field("digest"), loose)
    one, two = Session.objects.order_by("pk")[:2]
    run("UPDATE carts_session SET digest = %s WHERE id = %s", one.digest, two.pk)


def seen_tomorrow():
    Session.objects.filter(pk=first_cart().session_id).update(last_seen_at=timezone.now() + timedelta(days=1))


def strange_warning():
    now = timezone.now()
    SessionWarning.objects.create(kind="from_elsewhere", first_at=now, last_at=now)


def renamed_product():
    run("UPDATE catalog_product SET public_id = 'shop:honig' WHERE id = %s", honey().pk)


def product_of_another_store():
    other = Store.objects.create(slug="other", name="Other", currency="EUR")
    run("UPDATE catalog_product SET store_id = %s WHERE sku = 'gone'", other.pk)
    reindex(ProductIdentity.objects.filter(sku="gone").values_list("pk", flat=True))


def two_versions():
    version = Product.objects.get(sku="tahini")
    with without_rules(indexes=["one_version_stays"]):
        version.pk = None
        version.save(force_insert=True)


def negative_price():
    with without_rules(("catalog_product", "price_not_negative")):
        run("UPDATE catalog_product SET price = -1 WHERE sku = 'unpriced'")
    reindex(ProductIdentity.objects.filter(sku="unpriced").values_list("pk", flat=True))


def more_went():
    run("UPDATE catalog_productidentity SET stock_moved = -5 WHERE sku = 'last'")
    reindex(ProductIdentity.objects.filter(sku="last").values_list("pk", flat=True))


def import_that_died():
    ImportRun.objects.create(slug="shop", alive_at=timezone.now() - HOUR)


def import_from_the_future():
    ImportRun.objects.create(slug="shop", alive_at=timezone.now() + timedelta(days=2))


def entry_missing():
    Entry.objects.filter(product=honey().identity_id).delete()


def entry_with_another_price():
    run("UPDATE catalog_entry SET price = 5, digest = %s WHERE product_id = %s", b"x" * 16, honey().identity_id)


def entry_without_text():
    if connection.vendor == "sqlite":
        run("DELETE FROM catalog_entry_text WHERE rowid IN (SELECT key FROM catalog_entry WHERE category = 'Pantry')")
    else:
        run("UPDATE catalog_entry SET terms = NULL WHERE category = 'Pantry'")


def stale_search_text():
    run("UPDATE catalog_product SET name_key = ' other ' WHERE id = %s", honey().pk)


def day_that_is_no_sum():
    day = Tally.objects.filter(everybody=True, grain="day", kind="calls").earliest("start")
    run("UPDATE analytics_tally SET count = count + 3 WHERE id = %s", day.pk)


def hour_miscounted():
    hour = Tally.objects.filter(everybody=False, grain="hour", kind="calls").order_by("start")[3]
    at = {"everybody": False, "kind": "calls", "client": hour.client}
    with transaction.atomic():
        for found in (
            Tally.objects.filter(grain="hour", start=hour.start, **at),
            Tally.objects.filter(grain="hour", start=hour.start, everybody=True, kind="calls"),
            Tally.objects.filter(grain="day", start=hour.start.replace(hour=0), **at),
            Tally.objects.filter(grain="day", start=hour.start.replace(hour=0), everybody=True, kind="calls"),
        ):
            found.update(count=models.F("count") + 2)


def counted_into_the_future():
    Checkpoint.objects.update(call=10_000)


def open_key(folder):
    (folder / "secret_key").write_text("x" * 50)
    (folder / "secret_key").chmod(0o644)


# Each with the code that is found, and whether it can be mended.
DAMAGE = {
    delete_session: ("orphans", True),
    delete_cart: ("orphans", True),
    delete_product: ("orphans", True),
    delete_identity: ("orphans", True),
    wrong_item_count: ("item_count", True),
    version_behind: ("version", True),
    version_ahead: ("version", True),
    gap: ("history_gap", True),
    store_missing: ("cart_store", True),
    store_left: ("cart_store", True),
    other_store: ("cart_store", True),
    too_small: ("quantity", True),
    too_many: ("quantity", True),
    many_lines: ("too_many_lines", False),
    second_cart: ("two_open_carts", False),
    doubled_digest: ("duplicate_digest", False),
    seen_tomorrow: ("session_from_future", False),
    strange_warning: ("unknown_warning", True),
    renamed_product: ("product_identity", True),
    product_of_another_store: ("product_identity", True),
    two_versions: ("two_versions", False),
    negative_price: ("negative_price", False),
    more_went: ("stock", True),
    import_that_died: ("import_left", True),
    import_from_the_future: ("import_left", True),
    entry_missing: ("search_index", True),
    entry_with_another_price: ("search_index", True),
    entry_without_text: ("search_index", True),
    stale_search_text: ("search_index", True),
    day_that_is_no_sum: ("tally_sum", True),
    hour_miscounted: ("tally_records", True),
    counted_into_the_future: ("checkpoint", True),
}


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


def test_without_a_shop_nothing_is_said_to_be_right(own_database):
    with pytest.raises(CommandError, match="There is no shop in the database"):
        call_command("doctor")
    assert connection.introspection.table_names() == []
