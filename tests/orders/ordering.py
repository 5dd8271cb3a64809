"""A shop that delivers, and shoppers with carts."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.utils import timezone

from carts.models import Cart
from carts.services.saving import load_cart
from carts.services.sessions import find_by_public_id
from offers.models import DeliveryOption, Merchant
from orders.services.details import Details
from orders.services.placing import Seen, place_order
from orders.services.quoting import quote


def ready(store, **fields):
    """Say who sells in the store, so that it takes orders."""
    told = {"legal_name": "Shop Ltd", "registration_number": "51", "address": "5 Harbour St", "phone": "04-1"}
    Merchant.objects.create(store=store, pages_confirmed_at=timezone.now(), **told | fields)


@pytest.fixture
def courier(store):
    return DeliveryOption.objects.create(
        store=store, name="Courier", price=Decimal(25), free_above=Decimal(200), cities="Haifa, Akko"
    )


@pytest.fixture
def pickup(store):
    ready(store)
    return DeliveryOption.objects.create(
        store=store, name="Pick-up", kind="pickup", pickup_place="5 Harbour St", pickup_hours="9 to 17"
    )


@pytest.fixture
def details(pickup):
    """What a shopper types who comes for the goods."""
    return Details(name="Dana Levi", phone="050-2345678", email="Dana@Example.com", delivery=pickup.pk)


@pytest.fixture
def to_haifa(details, courier):
    """What a shopper types who has them brought."""
    return replace(
        details, delivery=courier.pk, street="12 Herzl St", street_more="floor 2", city="Haifa", postal_code="3303101"
    )


@pytest.fixture
def fill(call_tool):
    """Put products into the cart of a conversation; return the cart."""

    def fill(session="chat-1", **products):
        items = [{"product_id": f"shop:{sku}", "quantity": quantity} for sku, quantity in products.items()]
        assert not call_tool("add_to_cart", session=session, items=items or [{"product_id": "shop:honey"}]).is_error
        return Cart.objects.filter(ordered_at=None).latest("updated_at")

    return fill


def seen(cart, delivery):
    """What the page of the cart shows for that delivery option."""
    row = find_by_public_id(cart.session.public_id)
    assert row is not None
    state = load_cart(row, timezone.now())
    option = DeliveryOption.objects.get(pk=delivery)
    return Seen(state.version, quote(state, cart.store, option).sums.total)


@pytest.fixture
def order(details):
    """Order a cart as its page does."""

    def order(cart, *, key="key-1", network="", **changes):
        typed = replace(details, **changes)
        return place_order(cart.public_id, typed, key=key, seen=seen(cart, typed.delivery), network=network).order

    return order
