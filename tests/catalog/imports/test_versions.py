"""What an import has written and not published is seen nowhere; what counted before the last one can count again."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from carts.models import Cart
from catalog.imports import staging
from catalog.imports.lock import ImportRunning
from catalog.imports.publishing import publish
from catalog.models import Entry, ImportRun, Product, ProductIdentity
from catalog.search.index import stage_entries
from catalog.search.query import Search
from catalog.search.references import named
from catalog.search.rows import glance
from catalog.search.searching import search
from tests.catalog.imports.files import HEAD, NEW, NEW_NAMES, OLD, OLD_NAMES, RYE, fails


def test_an_import_that_is_not_published_is_seen_by_no_name_address_code_or_search(load, beside):
    load(OLD)

    def look():
        assert {named(name).price for name in OLD_NAMES} == {Decimal(20)}
        assert all(map(fails, NEW_NAMES))
        identity = Product.objects.get(sku="a").identity_id
        assert [glance(name).exact for name in OLD_NAMES] == [[identity]] * 5
        assert [glance(name).exact for name in NEW_NAMES] == [[]] * 5
        assert [product.price for product in search(Search("red rice")).products] == [Decimal(20)]
        assert not search(Search("dates")).products
        assert [p.sku for p in search(Search()).products] == ["a", "b"]
        assert search(Search()).facets.categories == [("Bakery", 1), ("Grains", 1)]

    beside(NEW, look)

    assert {named(name).sku for name in NEW_NAMES} == {"a", "d"}
    assert all(map(fails, OLD_NAMES[:3]))
    assert named("shop:b").withdrawn_at is not None


def test_the_owners_pages_and_the_api_show_what_counts(load, beside, admin_client, call_tool):
    load(OLD)
    call_tool("add_to_cart", items=[{"product_id": "shop:a", "quantity": 2}, {"product_id": "shop:b"}])
    cart = Cart.objects.get().public_id

    def look():
        product = Product.objects.get(sku="a")
        page = admin_client.get(reverse("dashboard"))
        assert page.context["now"].values == [("ILS", 50)]
        assert [str(row.value) for row in page.context["rows"]] == ["50.000"]
        assert "Long red rice" in page.content.decode()
        catalogue = admin_client.get(reverse("dashboard-products"))
        assert catalogue.context["stores"][0].counts == {
            "": 2, "withdrawn": 0, "hidden": 0, "unpriced": 0, "imageless": 2, "sold_out": 0,
        }  # fmt: skip
        assert [(row.sku, row.stock) for row in catalogue.context["rows"]] == [("b", None), ("a", 5)]
        assert not admin_client.get(reverse("dashboard-products"), {"q": "brown"}).context["rows"]
        assert [row["name"] for row in admin_client.get("/api/products").json()["products"]] == [
            "Long red rice",
            "Rye bread loaf",
        ]
        assert admin_client.get("/api/products/shop:a").json()["stock"] == 5
        assert admin_client.get("/api/products/shop:d").status_code == 404
        assert admin_client.get(f"/api/carts/{cart}").json()["total"]["amount"] == "50.00"
        listed = admin_client.get(reverse("admin:catalog_product_changelist"))
        assert {row.name for row in listed.context["cl"].result_list} == {"Long red rice", "Rye bread loaf"}
        form = admin_client.get(reverse("admin:catalog_product_change", args=[product.identity_id]))
        assert (form.context["original"].name, form.context["original"].stock) == ("Long red rice", 5)

    beside(NEW, look)

    # One product is sold out now, and the other withdrawn: neither can be bought.
    assert admin_client.get(reverse("dashboard")).context["now"].values == []
    assert admin_client.get(reverse("dashboard-products")).context["stores"][0].counts["sold_out"] == 1


def test_a_price_in_another_currency_counts_nothing_on_the_owners_pages(load, admin_client, call_tool):
    load(OLD)
    call_tool("add_to_cart", items=[{"product_id": "shop:a"}, {"product_id": "shop:b"}])
    Product.objects.filter(sku="a").update(currency="USD")

    page = admin_client.get(reverse("dashboard"))

    assert page.context["now"].values == [("ILS", 10)]
    assert [str(row.value) for row in page.context["rows"]] == ["10.000"]


def test_a_cart_is_filled_beside_an_import_with_what_counts(load, beside, call_tool):
    load(OLD)
    call_tool("add_to_cart", product_id="shop:a")

    def look():
        added = call_tool("add_to_cart", product_id="shop:a", quantity=4).structured_content
        assert (added["total"]["amount"], added["item_count"]) == ("100.00", 5)
        assert call_tool("add_to_cart", product_id="shop:d").is_error
        assert call_tool("remove_from_cart", product_id="Long red rice").structured_content["lines"] == []
        assert call_tool("undo_cart_change").structured_content["item_count"] == 5

    beside(NEW, look)

    shown = call_tool("view_cart").structured_content
    assert shown["lines"][0]["name"] == "Short brown rice"
    assert [notice["code"] for notice in shown["notices"]] == ["price_changed", "stock"]


def test_publishing_and_undoing_are_an_update_of_one_row_and_a_token(load, monkeypatch):
    load(OLD)
    queries = list[str]()

    def counted(*args, **kwargs):
        with CaptureQueriesContext(connection) as captured:
            publish(*args, **kwargs)
        queries.extend(query["sql"] for query in captured if not query["sql"].startswith(("SAVEPOINT", "RELEASE")))

    monkeypatch.setattr("catalog.imports.importing.publish", counted)
    load(NEW)

    assert [sql.split()[:3] for sql in queries] == [
        ["UPDATE", '"catalog_importrun"', "SET"],
        ["INSERT", "INTO", "catalog_revision"],
    ]


def test_of_two_imports_of_a_store_that_interleave_the_one_that_was_taken_for_dead_changes_nothing(load, monkeypatch):
    load(OLD)
    monkeypatch.setattr("shopmcp.db.batches.FIRST", 1)
    monkeypatch.setattr("shopmcp.db.batches.MOST", 1)
    turns = iter([True])

    def sleeping(pks):
        stage_entries(pks)
        if next(turns, False):
            ImportRun.objects.running().update(alive_at=timezone.now() - timedelta(hours=1))
            load(HEAD + "a,Wild rice,30,7,,,\nb,Rye bread loaf,10,,,,\n", name="second.csv")

    monkeypatch.setattr(staging, "stage_entries", sleeping)
    with pytest.raises(ImportRunning):
        load(NEW)

    assert [(row.sku, row.name, row.price, row.stock) for row in Product.objects.order_by("sku")] == [
        ("a", "Wild rice", Decimal(30), 7),
        ("b", "Rye bread loaf", Decimal(10), None),
    ]
    assert [run.state for run in ImportRun.objects.order_by("id")] == ["published", "failed", "published"]
    assert not ImportRun.objects.hidden().exists()
    assert [p.name for p in search(Search()).products] == ["Wild rice", "Rye bread loaf"]
    load(NEW)
    assert named("short brown rice").price == Decimal(99)
    assert Entry.objects.count() == 4  # two of rice, the bread that is withdrawn now, dates


def test_two_imports_take_turns_even_where_the_first_comes_back_after_the_second_began(load, beside):
    """Each has written everything when the other one goes on."""
    load(OLD)
    seen = []

    def second():
        ImportRun.objects.running().update(alive_at=timezone.now() - timedelta(hours=1))
        beside(HEAD + "a,Wild rice,30,7,,,\n" + RYE, lambda: seen.append(named("shop:a").name), name="second.csv")

    with pytest.raises(ImportRunning):
        beside(NEW, second)

    assert seen == ["Long red rice"]
    assert [p.name for p in search(Search()).products] == ["Wild rice", "Rye bread loaf"]
    assert not ProductIdentity.objects.filter(sku="d").exists()
