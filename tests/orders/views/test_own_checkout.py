"""Going on from the page of a cart to the store's own checkout, and coming back."""

import re

import pytest

from carts.models import Cart
from carts.services.abandoned import AbandonedCarts
from catalog.models import Product
from offers.models import Merchant
from offers.own_checkouts import System
from orders.models import Order
from outbox.models import Message
from outbox.services.endpoints import make_endpoint
from tests.carts.answers import quantities, text
from tests.orders.ordering import ready

SHOP = "https://shop.example.com"


@pytest.fixture
def own(store):
    """The store orders at Shopify, which knows the honey and not the tea."""
    ready(store, own_checkout=System.SHOPIFY, own_checkout_address=SHOP)


@pytest.fixture
def known(full):
    Product.objects.filter(sku="honey").update(external_id="111")


def press(client, path, **changes):
    found = re.search(r'name="version" value="(\d+)"', client.get(path).text)
    return client.post(path, {"version": found[1], "do": "leave"} | changes)


def test_the_page_leads_on_and_orders_nothing_here(client, path, own, known):
    page = client.get(path)

    assert "You order in the shop's own checkout" in page.text
    assert 'value="order"' not in page.text
    assert "These cannot be taken along" in page.text
    assert f"form-action 'self' {SHOP}" in page["Content-Security-Policy"]
    answer = press(client, path)
    assert (answer.status_code, answer["Location"]) == (303, f"{SHOP}/cart/111:2")
    assert Cart.objects.get().left_at is not None
    assert not Order.objects.exists()


def test_a_cart_of_which_nothing_goes_along_leads_to_the_shop(client, path, own, full):
    page = client.get(path).text

    assert "These cannot be taken along" in page
    assert f'<a class="button" href="{SHOP}"' in page
    assert 'value="leave"' not in page


def test_the_chat_hears_of_it_and_coming_back_opens_the_cart_again(client, path, own, known, call_tool):
    press(client, path)

    seen = call_tool("view_cart")
    assert "went to the shop's own checkout" in text(seen)
    assert quantities(seen) == {"shop:honey": 2, "shop:tea": 1}
    assert Cart.objects.get().left_at is not None
    assert "It is open again" in client.get(path).text
    assert Cart.objects.get().left_at is None
    assert "It is open again" not in client.get(path).text


def test_a_change_in_the_chat_opens_it_again(client, path, own, known, call_tool):
    press(client, path)

    call_tool("add_to_cart", product_id="shop:tea")

    assert Cart.objects.get().left_at is None


def test_a_page_that_is_behind_leads_nowhere(client, path, own, known, call_tool):
    form = {"version": "1", "do": "leave"}
    call_tool("add_to_cart", product_id="shop:tea")

    answer = client.post(path, form)

    assert answer.status_code == 409
    assert Cart.objects.get().left_at is None


@pytest.mark.parametrize("why", ["paused", "unknown", "without"])
def test_a_cart_that_cannot_go_there_stays(client, path, own, full, store, why):
    if why == "paused":
        type(store).objects.update(paused="we are away.")
    if why == "without":
        Merchant.objects.update(own_checkout="")

    assert press(client, path).status_code == 409
    assert Cart.objects.get().left_at is None


def test_opencart_shows_the_pages_of_the_products(client, path, own, known):
    Merchant.objects.update(own_checkout=System.OPENCART)

    answer = press(client, path)

    assert answer.status_code == 200
    assert f"{SHOP}/index.php?route=product/product&amp;product_id=111" in answer.text
    assert Cart.objects.get().left_at is not None


def test_the_owner_sees_it_as_a_state_of_its_own_and_it_is_not_abandoned(
    client, path, own, known, admin_client, settings
):
    press(client, path)
    session = Cart.objects.get().session

    assert session.public_id in admin_client.get("/dashboard/sessions/", {"state": "left"}).text
    assert "at the store's checkout" in admin_client.get(f"/dashboard/sessions/{session.public_id}/").text
    assert session.public_id not in admin_client.get("/dashboard/sessions/", {"state": "abandoned"}).text
    make_endpoint("https://erp.example.com", ["cart.abandoned"])
    settings.SHOPMCP_ABANDONED_AFTER *= 0
    assert AbandonedCarts().look() == 0
    assert not Message.objects.exists()


def test_no_order_is_placed_in_a_store_with_its_own_checkout(fill, order, honey, pickup):
    cart = fill(honey=1)
    Merchant.objects.update(own_checkout=System.SHOPIFY, own_checkout_address=SHOP)

    with pytest.raises(Exception, match="takes orders in its own checkout"):
        order(cart)

    assert not Order.objects.exists()
