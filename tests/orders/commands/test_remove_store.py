"""`manage.py remove_store`."""

from typing import Any

import pytest
from django.core.management import CommandError

from carts.models import Cart, Line, Session
from catalog.imports.lock import begin
from catalog.models import Entry, ImportRun, Product, ProductIdentity, Store
from catalog.services.products import create_product
from maintenance.checks import examine
from offers.models import Coupon, DeliveryOption, Merchant
from orders.models import CheckoutLink, Order


@pytest.fixture
def other(db):
    other = Store.objects.create(slug="other", name="Other", currency="ILS")
    create_product(other, sku="soap", name="Soap", price="5.00")
    return other


def everything():
    models: tuple[Any, ...] = (
        Store,
        Product.versions,
        ProductIdentity,
        Cart,
        Line,
        DeliveryOption,
        Merchant,
        ImportRun,
    )
    return [list(getattr(model, "objects", model).order_by("pk").values()) for model in models]


def quiet(steps, *_arguments):
    return iter(steps)


def test_a_store_that_never_sold_is_removed_with_all_that_is_its_own(
    fill, call_tool, store, honey, tea, pickup, other, manage
):
    fill("chat-1", honey=2, tea=1)
    call_tool("get_checkout_link", session="chat-1")
    call_tool("add_to_cart", session="chat-2", product_id="other:soap")
    Coupon.objects.create(store=store, code="TEN", code_key="ten", kind="percent", value=10)

    said = manage("remove_store", "shop")

    assert said == "Store shop was removed: products: 2, carts: 1.\n"
    assert list(Store.objects.values_list("slug", flat=True)) == ["other"]
    assert list(ProductIdentity.objects.values_list("sku", flat=True)) == ["soap"]
    assert Entry.objects.count() == 1
    assert Line.objects.count() == Cart.objects.count() == 1
    for model in (DeliveryOption, Merchant, Coupon, CheckoutLink, ImportRun):
        assert not model.objects.exists()
    assert [finding.code for finding in examine(quiet)] == []


def test_the_chat_whose_cart_held_its_products_is_told_and_goes_on(fill, call_tool, honey, other, manage):
    fill("chat-1", honey=2)
    assert call_tool("search_products", session="chat-1", query="honey").structured_content["total"] == 1

    manage("remove_store", "shop")

    seen = call_tool("view_cart", session="chat-1")
    assert seen.structured_content["item_count"] == 0
    assert "was closed" in str(seen.structured_content["notices"])
    assert call_tool("search_products", session="chat-1", query="honey").structured_content["total"] == 0
    assert [found["slug"] for found in call_tool("list_stores").structured_content["stores"]] == ["other"]
    added = call_tool("add_to_cart", session="chat-1", product_id="other:soap")
    assert added.structured_content["item_count"] == 1
    assert Session.objects.filter(carts__lines__product__sku="soap").count() == 1


def test_a_store_that_sold_is_paused_and_keeps_everything(buy, store, fill, manage):
    buy()
    fill("chat-x", honey=1)
    before = everything()

    said = manage("remove_store", "shop")

    assert said == "Store shop has sold (orders: 1), so it is paused and keeps them.\n"
    store.refresh_from_db()
    assert store.paused == "this store is closed."
    Store.objects.update(paused="")
    assert everything() == before
    assert Order.objects.count() == 1


def test_a_sentence_that_says_why_it_is_paused_is_kept(buy, store, manage):
    buy()
    Store.objects.update(paused="Back in spring.")

    manage("remove_store", "shop")

    store.refresh_from_db()
    assert store.paused == "Back in spring."


def test_an_unknown_store_is_refused_with_those_there_are(store, honey, other, manage):
    before = everything()

    with pytest.raises(CommandError, match=r"There is no store “shp”. Stores: other, shop\."):
        manage("remove_store", "shp")

    assert everything() == before


def test_nothing_is_removed_while_an_import_runs(store, honey, manage):
    begin("shop")
    before = everything()

    with pytest.raises(CommandError, match="Another import into the store shop is running"):
        manage("remove_store", "shop")

    assert everything() == before
