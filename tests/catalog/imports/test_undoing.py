"""An import that is undone: what counted before counts again."""

from decimal import Decimal

import pytest
from django.urls import reverse

from carts.models import Cart, Line
from catalog.imports import staging
from catalog.imports.lock import ImportRunning
from catalog.imports.publishing import undo_import
from catalog.models import FeedAddress, ImportRun, Product
from catalog.search.query import Search
from catalog.search.references import named
from catalog.search.searching import search
from shopmcp.errors import InvalidArguments
from tests.catalog.imports.files import NEW, NEW_NAMES, OLD, OLD_NAMES, fails


def newest():
    return ImportRun.objects.latest("id")


def test_an_import_is_undone_at_once_and_everything_is_as_it_was(load, call_tool):
    load(OLD)
    call_tool("add_to_cart", items=[{"product_id": "shop:a"}, {"product_id": "shop:b"}])
    load(NEW)
    assert named("short brown rice").price == Decimal(99)

    undo_import(newest())

    assert newest().state == "undone"
    assert {named(name).price for name in OLD_NAMES} == {Decimal(20)}
    assert all(map(fails, NEW_NAMES))
    assert [p.sku for p in search(Search()).products] == ["a", "b"]
    assert not search(Search("dates")).products
    assert call_tool("view_cart").structured_content["total"]["amount"] == "30.00"
    report = load(NEW)
    assert (report.created, report.changed, report.withdrawn) == (1, 1, 1)
    assert [p.sku for p in search(Search()).products] == ["a", "d"]


def test_stock_that_moved_and_edits_outlast_an_undo(load, edit):
    load(OLD)
    load(OLD.replace(",20,5,", ",22,9,"))
    edit(Product.objects.get(sku="a"))(name="Rice of the house", stock=7)

    undo_import(newest())

    product = Product.objects.get(sku="a")
    assert (product.name, product.price, product.stock) == ("Rice of the house", Decimal(20), 3)


def test_what_an_undone_import_brought_stays_in_carts_as_withdrawn(load, call_tool, admin_client):
    load(OLD)
    load(OLD + "d,Dates,40,,,,\n")
    call_tool("add_to_cart", items=[{"product_id": "shop:d", "quantity": 2}, {"product_id": "shop:b"}])

    def held():
        shown = call_tool("view_cart").structured_content
        assert [(line["name"], line["quantity"]) for line in shown["lines"]] == [("Dates", 2), ("Rye bread loaf", 1)]
        assert [notice["code"] for notice in shown["notices"]] == ["withdrawn"]
        page = admin_client.get(reverse("dashboard"))
        assert "Dates" in page.content.decode()
        listed = admin_client.get(f"/api/carts/{shown_id}").json()["lines"]
        assert [shown_line.items() <= line.items() for shown_line, line in zip(shown["lines"], listed, strict=True)]
        return True

    shown_id = Cart.objects.get().public_id
    undo_import(newest())
    assert held()
    load(OLD.replace("Long", "Longer"))
    assert held()
    assert named("shop:d").withdrawn_at is not None
    call_tool("clear_cart")
    restored = call_tool("undo_cart_change").structured_content
    assert [line["quantity"] for line in restored["lines"]] == [2, 1]
    load(OLD + "d,Dates,40,,,,\n")
    assert call_tool("view_cart").structured_content["total"]["amount"] == "90.00"


def test_a_line_whose_product_no_version_shows_is_put_back_by_an_undo(load, call_tool):
    load(OLD)
    load(OLD + "d,Dates,40,,,,\n")
    call_tool("add_to_cart", product_id="shop:d", quantity=2)
    call_tool("clear_cart")

    undo_import(newest())

    restored = call_tool("undo_cart_change").structured_content
    assert [(line["product_id"], line["quantity"]) for line in restored["lines"]] == [("shop:d", 2)]
    assert Line.objects.get().shown.withdrawn_at is not None


@pytest.mark.parametrize("later", ["the same", "failed", "running"])
def test_an_import_cannot_be_undone_after_another_began(load, later):
    load(OLD)
    load(NEW)
    run = newest()
    if later == "the same":
        load(NEW)
    elif later == "failed":
        with pytest.raises(staging.TooManyGone):
            load("sku,name,price\nx,Tea,1\n")
    else:
        ImportRun.objects.create(slug="shop")
    before = list(ImportRun.objects.order_by("id").values())

    with pytest.raises(ImportRunning if later == "running" else InvalidArguments) as refusal:
        undo_import(run)

    assert refusal.value.fix
    assert list(ImportRun.objects.order_by("id").values()) == before
    assert named("shop:a").price == Decimal(99)


def test_an_address_that_held_nothing_new_leaves_the_import_before_to_be_undone(load):
    load(OLD)
    load(NEW)
    run = newest()
    ImportRun.objects.create(slug="shop", state=ImportRun.State.UNCHANGED, hidden=False)

    undo_import(run)

    assert named("shop:a").price == Decimal(20)
    with pytest.raises(InvalidArguments):
        undo_import(run)
    assert not FeedAddress.objects.exists()
