"""A shop from before products had versions, upgraded while an import was running: carts, prices and look-ups."""

import shutil
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from mcp.client import Client

from catalog.imports.importing import import_products
from catalog.models import Entry, ImportRun, Product, ProductIdentity
from catalog.search.query import Search
from catalog.search.rebuild import is_outdated
from catalog.search.references import named
from catalog.search.searching import search
from shopmcp.composition import endpoint
from shopmcp.errors import NotFound

# A shop as the last version without versions of products left it on SQLite, in the middle of an import: see `OLD`.
DUMP = Path(__file__).parents[1] / "fixtures" / "before_versions.sql"
BEFORE = [("catalog", "0007_products_without_category_index"), ("carts", "0003_settled_warnings")]
AFTER = [("catalog", "0010_versions_of_products"), ("carts", "0004_lines_of_identities")]
# What the running import reads: rice and honey say something else, rye goes, the jar returns, dates are new.
THIRD = """sku,name,price,stock,url,barcode,category,description,group_id,size
honey,Wild flower honey,88,5,https://x.example.com/honey,7290000000015,Sweets,From the hills.,,
tea,Green tea,11.50,,https://x.example.com/tea,7290000000022,Drinks,,,
rice,Short brown rice,99,1,https://x.example.com/brown,7290000000046,Cereals,New.,,
gone,Glass jar,77,3,,,Kitchen,,,
shirt-s,Linen shirt S,90,2,,,Shirts,,shirt,S
shirt-m,Linen shirt M,95,0,,,Shirts,,shirt,M
kinoa,קינואה אדומה,21.90,,,,Grains,,,
free,Unpriced mug,,,,,Kitchen,,,
new,Dried pitted dates,40,,,,Fruit,,,
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Where the shop is kept that the first test upgrades."""
    return tmp_path_factory.mktemp("upgraded") / "shop.sqlite3"


@pytest.fixture
def upgraded(another_database, kept):
    if connection.vendor != "sqlite":
        pytest.skip("the dump is one of SQLite")
    if kept.exists():
        shutil.copy(kept, another_database)
        return
    with sqlite3.connect(another_database) as shop:
        shop.executescript(DUMP.read_text(encoding="utf-8"))
    shop.close()
    call_command("migrate", verbosity=0)
    assert is_outdated()
    call_command("rebuild_search", verbosity=0)  # as `serve` does for an index of another layout
    with closing(sqlite3.connect(kept)) as copy:
        connection.connection.backup(copy)


@async_to_sync
async def call(chat, name, **arguments):
    meta: Any = {"openai/session": chat}
    async with Client(endpoint.server, mode="2026-07-28") as client:
        answer = await client.call_tool(name, arguments, meta=meta)
        assert not answer.is_error, answer
        return answer.structured_content


def lines(cart):
    return [(line["product_id"], line["quantity"], (line["unit_price"] or {}).get("amount")) for line in cart["lines"]]


def test_every_cart_keeps_its_lines_its_history_and_its_undo(upgraded):
    first, second, third = (call(f"chat-{n}", "view_cart") for n in (1, 2, 3))

    assert (first["version"], lines(first)) == (4, [("shop:tea", 3, "11.50"), ("shop:rice", 4, "12.00")])
    assert lines(second) == [("shop:gone", 1, "7.00"), ("shop:rye", 2, "15.00")]
    assert lines(third) == [("other:mug", 2, "8.00")]
    assert [notice["code"] for notice in first["notices"]] == ["price_changed"]
    assert [notice["text"] for notice in second["notices"]] == [
        "Glass jar can no longer be bought; remove it from the cart."
    ]
    assert lines(call("chat-4", "undo_cart_change")) == [("shop:shirt-s", 1, "90.00")]
    assert lines(call("chat-1", "undo_cart_change", version=1)) == [
        ("shop:tea", 1, "11.50"),
        ("shop:honey", 2, "20.00"),
    ]
    assert lines(call("chat-2", "add_to_cart", product_id="shop:honey"))[-1] == ("shop:honey", 1, "20.00")


def test_every_price_and_look_up_is_what_it_was_before_the_import_that_was_running(upgraded):
    prices = {"shop:honey": 20, "Green tea": Decimal("11.5"), "long red rice": 12, "rye": 15, "other:pan": 30}
    assert {name: named(name).price for name in prices} == prices
    for reference in ("https://x.example.com/rice", "7290000000039"):
        assert (named(reference).sku, named(reference).stock) == ("rice", 8)
    for reference in ("Short brown rice", "https://x.example.com/brown", "7290000000046", "shop:new"):
        with pytest.raises(NotFound):
            named(reference)
    assert named("shop:gone").withdrawn_at is not None
    assert [product.sku for product in search(Search("red rice")).products] == ["rice"]
    assert [product.sku for product in search(Search("קינואה")).products] == ["kinoa"]
    assert [search(Search(words)).total for words in ("brown", "dates", "jar", "rye", "linen")] == [0, 0, 0, 1, 1]
    assert {variant.sku for variant in named("shop:shirt-s").siblings()} == {"shirt-m"}
    assert (search(Search()).total, is_outdated()) == (9, False)


def test_identities_have_the_keys_of_their_products_and_the_running_import_failed(upgraded):
    assert list(Product.versions.values_list("pk", flat=True)) == list(
        Product.versions.values_list("identity", flat=True)
    )
    assert Product.versions.count() == Product.objects.count() == ProductIdentity.objects.count() == 11
    assert not Product.versions.exclude(arriving=None, leaving=None).exists()
    assert Entry.objects.count() == 10
    states = ImportRun.objects.order_by("id").values_list("state", "hidden")
    assert list(states) == [("published", False)] * 3 + [("failed", False)]


def test_the_same_import_begins_anew_after_the_upgrade(upgraded, tmp_path):
    file = tmp_path / "third.csv"
    file.write_text(THIRD, encoding="utf-8")

    report = import_products(file, slug="shop")

    assert (report.created, report.changed, report.unchanged, report.withdrawn) == (1, 3, 5, 1)
    assert lines(call("chat-1", "view_cart")) == [("shop:tea", 3, "11.50"), ("shop:rice", 4, "99.00")]
    assert lines(call("chat-2", "view_cart")) == [("shop:gone", 1, "77.00"), ("shop:rye", 2, "15.00")]
    assert ProductIdentity.objects.get(sku="new").pk > ProductIdentity.objects.get(sku="pan").pk


def left_behind(over, running, now):
    """The fields of products that a finished import and a running one have left."""
    return {
        # What a finished import left to be tidied up.
        "changed": {"staged": over, "previous": {"price": "1"}, "price": 2},
        "going": {"leaving": over},
        # What the running one has written.
        "staged": {
            "staged": running,
            "previous": {"price": None, "former_price": "3", "name": "Before"},
            "price": 9,
        },
        "back": {"staged": running, "previous": {"withdrawn_at": now}, "arriving": True},
        "leaving": {"leaving": running},
        "new": {"staged": running, "arriving": True},
        "held": {"staged": running, "arriving": True},
        "plain": {"stock": 4},
    }


def test_an_upgrade_settles_what_imports_left_on_either_database(another_database):
    executor = MigrationExecutor(connection)
    executor.migrate(BEFORE)
    apps = executor.loader.project_state(BEFORE).apps
    store = apps.get_model("catalog", "Store").objects.create(slug="shop", name="Shop", currency="ILS")
    Run, Cart = apps.get_model("catalog", "ImportRun"), apps.get_model("carts", "Cart")
    over = Run.objects.create(slug="shop", state="switched")
    running = Run.objects.create(slug="shop")
    facts = left_behind(over.pk, running.pk, timezone.now().isoformat())
    Product, Entry = apps.get_model("catalog", "Product"), apps.get_model("catalog", "Entry")
    rows = {
        sku: Product.objects.create(
            store=store, public_id=f"shop:{sku}", sku=sku, name=sku.title(), currency="ILS", **values
        )
        for sku, values in facts.items()
    }
    cart = Cart.objects.create(public_id="c", session=apps.get_model("carts", "Session").objects.create(public_id="s"))
    apps.get_model("carts", "Line").objects.create(
        cart=cart, product=rows["held"], quantity=1, price_when_added=1, price_told=1
    )
    bounds = [
        ("plain", over.pk, None),
        ("leaving", None, running.pk),
        ("going", None, over.pk),
        ("new", running.pk, None),
    ]
    for key, (sku, arriving, leaving) in enumerate(bounds):
        Entry.objects.create(key=key, product=rows[sku], store=store, digest=b"", arriving=arriving, leaving=leaving)

    executor = MigrationExecutor(connection)
    executor.migrate(AFTER)

    after = executor.loader.project_state(AFTER).apps
    found = {product.sku: product for product in after.get_model("catalog", "Product").objects.all()}
    assert {sku: product.identity_id for sku, product in found.items()} == {
        sku: row.pk for sku, row in rows.items() if sku != "new"
    }
    assert {sku for sku, product in found.items() if product.withdrawn_at} == {"going", "back", "held"}
    assert (found["changed"].price, found["leaving"].price, found["plain"].counted) == (2, None, 4)
    staged = found["staged"]
    assert (staged.name, staged.price, staged.former_price, staged.name_key) == ("Before", None, Decimal(3), " before ")
    assert set(after.get_model("catalog", "Entry").objects.values_list("key", "leaving")) == {(0, None), (1, None)}
    runs = after.get_model("catalog", "ImportRun").objects
    assert set(runs.values_list("state", "hidden")) == {("published", False), ("failed", False)}
    identities = after.get_model("catalog", "ProductIdentity").objects
    assert identities.create(store_id=store.pk, sku="next").pk > max(row.pk for row in rows.values())
