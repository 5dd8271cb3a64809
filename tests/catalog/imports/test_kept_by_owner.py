"""What the owner hides or keeps as it is, through imports."""

from decimal import Decimal

import pytest

from catalog.imports import staging
from catalog.imports.publishing import undo_last_import
from catalog.models import FeedAddress, ImportRun, Product
from catalog.search.index import stage_entries
from catalog.search.query import Search
from catalog.search.searching import search
from catalog.services.products import hide_product, save_product, show_product
from tests.catalog.imports.files import HEAD, NEW, OLD, RYE


def rice():
    return Product.objects.select_related("store").get(sku="a")


def found():
    return [product.sku for product in search(Search()).products]


def keep_price(price):
    product = rice()
    product.price = Decimal(price)
    save_product(product, ["price"], ["price"])


def test_a_hidden_product_leaves_chats_and_stays_away_through_imports(load, call_tool):
    load(OLD)
    hide_product(rice())
    assert found() == ["b"]
    assert call_tool("add_to_cart", product_id="shop:a").is_error

    report = load(NEW + RYE)

    assert (report.changed, report.withdrawn) == (1, 0)
    assert (rice().price, rice().for_sale) == (Decimal(99), False)
    assert "a" not in found()
    assert load(NEW + RYE).unchanged == 3


def test_a_product_that_is_shown_again_has_the_values_of_the_last_import(load):
    load(OLD)
    hide_product(rice())
    load(NEW + RYE)

    show_product(rice())

    assert (rice().price, rice().for_sale) == (Decimal(99), True)
    assert "a" in found()


def test_a_hidden_product_that_its_file_no_longer_has_does_not_come_back_when_it_is_shown(load):
    load(OLD)
    hide_product(rice())
    report = load(HEAD + RYE)
    assert report.withdrawn == 0

    show_product(rice())

    assert found() == ["b"]
    load(OLD)
    assert found() == ["a", "b"]


def test_a_hidden_product_counts_for_no_share_of_what_an_import_withdraws(load):
    load(OLD)
    hide_product(rice())

    with pytest.raises(staging.TooManyGone):
        load(HEAD + "c,Beans,3,,,,\n")

    assert ImportRun.objects.latest("id").state == "failed"
    assert found() == ["b"]


def test_hiding_outlasts_an_undo(load):
    load(OLD)
    load(NEW)
    hide_product(rice())

    undo_last_import("shop")

    assert (rice().price, rice().for_sale) == (Decimal(20), False)
    assert found() == ["b"]


def test_hiding_twice_and_showing_what_is_shown_change_nothing(load):
    load(OLD)
    show_product(rice())
    hide_product(rice())
    since = rice().identity.hidden_at

    hide_product(rice())

    assert rice().identity.hidden_at == rice().withdrawn_at == since


def test_a_kept_price_outlasts_imports_and_everything_else_changes(load):
    load(OLD)
    keep_price("17.50")

    load(NEW)

    assert (rice().name, rice().price) == ("Short brown rice", Decimal("17.50"))
    undo_last_import("shop")
    assert (rice().name, rice().price) == ("Long red rice", Decimal("17.50"))


def test_a_price_that_is_kept_no_more_is_that_of_the_next_import_even_from_an_address_without_news(load):
    load(OLD)
    keep_price("17.50")
    FeedAddress.objects.create(slug="shop", url="https://example.com/feed", etag="1")

    save_product(rice(), [], [])

    assert not FeedAddress.objects.exists()
    load(OLD)
    assert (rice().price, rice().identity.kept) == (Decimal(20), None)


def test_what_is_hidden_and_kept_between_the_look_of_an_import_and_its_write_stays(load, monkeypatch):
    load(OLD)
    monkeypatch.setattr("shopmcp.db.batches.FIRST", 1)
    monkeypatch.setattr("shopmcp.db.batches.MOST", 1)
    done = list[int]()

    def beside(pks):
        stage_entries(pks)
        if not done:
            done.append(1)
            save_product(rice(), [], ["price"])  # at its price of now
            hide_product(rice())

    monkeypatch.setattr(staging, "stage_entries", beside)
    load(HEAD + "c,First,1,,,,\na,Red rice,21,4,,,\n" + RYE)

    assert (rice().name, rice().price, rice().for_sale) == ("Red rice", Decimal(20), False)
    show_product(rice())
    assert found() == ["a", "b", "c"]
