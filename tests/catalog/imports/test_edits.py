"""What the owner edits beside an import counts, and the import's own changes too."""

from decimal import Decimal

import pytest
from django.urls import reverse

from catalog.imports import staging
from catalog.models import Product, Store
from catalog.search.index import stage_entries
from catalog.search.query import Search
from catalog.search.references import named
from catalog.search.rows import glance
from catalog.search.searching import search
from catalog.services.products import save_product
from tests.catalog.imports.files import HEAD, NEW, OLD, RICE, RYE


@pytest.mark.parametrize("hidden", [True, False])
def test_an_edit_beside_an_import_loses_neither_the_owners_name_nor_the_imports_price(load, beside, edit, hidden):
    load(OLD)

    def look():
        assert edit(Product.objects.get(sku="a"), hidden=hidden)(name="Rice of the house").status_code == 302
        assert (named("rice of the house").price, glance("short brown rice").exact) == (Decimal(20), [])

    beside(NEW, look)

    product = named("rice of the house")
    assert (product.price, product.url, product.stock) == (Decimal(99), "https://x.example.com/brown", 0)
    assert [found.sku for found in search(Search("house")).products] == ["a"]


def test_a_form_that_was_open_while_an_import_was_published_changes_what_the_owner_changed(load, edit, admin_client):
    load(OLD)
    send = edit(Product.objects.get(sku="a"))
    load(NEW)

    answer = send(name="Rice of the house", available="on", **{"initial-available": "True"})

    assert answer.status_code == 302
    product = Product.objects.get(sku="a")
    assert (product.name, product.price, product.stock) == ("Rice of the house", Decimal(99), 0)
    history = admin_client.get(reverse("admin:catalog_product_history", args=[product.identity_id]))
    assert [entry.object_id for entry in history.context["action_list"]] == [str(product.identity_id)]


def test_an_edit_of_a_product_that_an_import_has_compared_and_not_written_yet_is_kept(load, monkeypatch):
    load(OLD)
    monkeypatch.setattr("shopmcp.db.batches.FIRST", 1)
    monkeypatch.setattr("shopmcp.db.batches.MOST", 1)
    edits = iter(["a", "b"])

    def editing(pks):
        stage_entries(pks)
        for sku in edits:
            product = Product.objects.get(sku=sku)
            product.name, product.stock = f"By hand {sku}", 8
            save_product(product, ["name", "stock"])

    monkeypatch.setattr(staging, "stage_entries", editing)
    load(HEAD + "c,First,1,,,,\na,Red rice,21,4,,,\nb,Rye,11,,,,\n")

    assert [(row.name, row.price, row.stock) for row in Product.objects.order_by("sku")] == [
        ("By hand a", Decimal(21), 7),  # five were shown and eight wanted: three came, and the file counted four
        ("By hand b", Decimal(11), 8),
        ("First", Decimal(1), None),
    ]


@pytest.mark.parametrize("row", ["a,Short brown rice,99,4,,,Cereals\n", RICE], ids=["changed", "as it was"])
def test_an_edit_of_a_product_that_a_running_import_has_not_compared_yet_is_kept(load, edit, row):
    load(OLD)

    def watching(steps, what, total=None):
        for number, step in enumerate(steps):
            if what == "Reading" and not number:
                edit(Product.objects.get(sku="a"))(name="Rice of the house", price="33", stock="8")
            yield step

    load(HEAD + row + RYE, progress=watching)

    product = Product.objects.get(sku="a")
    assert (product.name, product.price, product.stock) == ("Rice of the house", Decimal(33), 8)
    assert product.category == row.strip().rpartition(",")[2]
    # The next import has the last word, as the form says.
    load(HEAD + row + RYE)
    assert Product.objects.get(sku="a").name == row.split(",")[1]


def test_the_largest_stock_may_be_counted_and_set_by_hand_again_and_again(load, edit):
    text = "sku,name,price,stock\na,Rice,1,2147483647\n"
    for _ in range(3):
        load(text)
        assert edit(Product.objects.get(sku="a"))(stock="0").status_code == 302
        assert Product.objects.get(sku="a").stock == 0
    load(text)

    assert Product.objects.get(sku="a").stock == 2147483647


def test_a_store_that_never_had_a_product_may_take_another_currency(load):
    Store.objects.create(slug="shop", name="Shop", currency="USD")

    load(OLD, currency="ILS")

    assert Store.objects.get().currency == "ILS"
    assert set(Product.objects.values_list("currency", flat=True)) == {"ILS"}


@pytest.mark.parametrize(
    ("counts", "edited", "left"),
    [
        (("5", "4"), 8, 7),
        (("5", "4"), 0, 0),
        (("5", "4"), None, None),
        (("", "4"), 8, 8),
        (("5", ""), 8, 8),
        (("", ""), 8, 8),
    ],
)
def test_a_stock_that_was_set_beside_an_import_is_a_move(load, beside, edit, counts, edited, left):
    load(f"sku,name,price,stock\na,Rice,1,{counts[0]}\n")

    def look():
        edit(Product.objects.get(sku="a"))(stock="" if edited is None else edited)
        assert Product.objects.get(sku="a").stock == edited

    beside(f"sku,name,price,stock\na,Rice,2,{counts[1]}\n", look)

    assert Product.objects.get(sku="a").stock == left
    report = load(f"sku,name,price,stock\na,Rice,2,{counts[1]}\n")
    assert Product.objects.get(sku="a").stock == (int(counts[1]) if counts[1] else None)
    assert report.changed + report.unchanged == 1
