"""Which tables a backup holds, and how it writes their rows."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import connection

from carts.models import CallRecord, Session
from catalog.models import ImportRun, Store, Word
from catalog.services.products import create_product
from maintenance.tables import DERIVED, LEFT_OUT, Sum, Table, tables_of

# Of Django itself, and of the full-text index of SQLite, which is derived.
NO_MODELS = {"django_migrations", "catalog_entry_text"}


def test_every_table_of_the_database_is_stored_or_named_as_derived_or_left_out(db):
    stored = {table.model._meta.db_table for table in tables_of(apps)}
    named = {apps.get_model(label)._meta.db_table for label in DERIVED | LEFT_OUT}
    found = {name for name in connection.introspection.table_names() if not name.startswith("catalog_entry_text_")}

    assert stored | named == found - NO_MODELS
    assert not stored & named
    assert {"auth_user_groups", "django_admin_log", "django_content_type", "carts_line"} <= stored


def test_no_table_that_is_left_out_is_pointed_at_by_one_that_is_stored():
    for table in tables_of(apps):
        for field in table.model._meta.local_concrete_fields:
            if field.related_model is not None:
                assert field.related_model._meta.label_lower not in DERIVED | LEFT_OUT, field


@pytest.mark.parametrize("label", ["catalog.Product", "catalog.ImportRun", "carts.CallRecord", "catalog.Entry"])
def test_a_row_is_one_line_of_json_and_comes_back_as_it_was(db, label):
    store = Store.objects.create(slug="shop", name="Shop", currency="ILS")
    options = {"b": "1", "a": "\u2028"}
    create_product(store, sku="x", name='שוק "אחד"\nשני', price=Decimal("1234567.125"), stock=7, options=options)
    session = Session.objects.create(public_id="s_1", source="x")
    ImportRun.objects.create(slug="shop", details={"b": [1, None, {"z": 1.5, "a": True}], "a": {}})
    CallRecord.objects.create(session=session, at=datetime(2026, 1, 2, 3, 4, 5, 678, UTC), tool="t", milliseconds=0.1)
    model = apps.get_model(label)
    table, row = Table(model), model._base_manager.values().get()
    (line,) = table.lines(connection)

    table.clear()
    assert not model._base_manager.exists()
    table.load([line])

    assert model._base_manager.values().get() == row
    assert len(json.loads(line)) == len(table.columns)
    assert line.count(b"\n") == 1


def test_a_key_that_was_given_to_a_deleted_row_is_not_given_again(db):
    table = Table(Session)
    gone = Session.objects.create(public_id="s_gone", source="x").pk
    Session.objects.all().delete()

    assert table.last_key(connection) == gone
    table.go_on_after(gone + 40)

    assert table.last_key(connection) == gone + 40
    assert Session.objects.create(public_id="s_new", source="x").pk == gone + 41


def test_a_table_that_the_database_does_not_number_has_no_last_key(db):
    Word.objects.create(text="word")

    assert Table(Word).last_key(connection) == 0


def test_a_sum_is_the_same_in_any_order_and_another_one_for_other_rows():
    def sum_of(*lines):
        total = Sum()
        assert list(total.over(lines)) == list(lines)
        return total

    assert sum_of(b"a", b"b") == sum_of(b"b", b"a") == Sum(2, sum_of(b"a", b"b").digest)
    assert sum_of(b"a", b"b") != sum_of(b"a", b"c")
    assert sum_of(b"a") != sum_of(b"a", b"a")
    assert sum_of() == Sum()
