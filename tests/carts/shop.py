"""A small shop, and products to put into carts."""

from datetime import timedelta

import pytest
from django.utils import timezone

from carts.models import Cart, Change, Line, Session, SessionWarning
from catalog.models import Store
from catalog.services.products import create_product
from tests.carts.answers import cart, quantities


@pytest.fixture
def store(db):
    return Store.objects.create(slug="shop", name="The Shop", currency="ILS", language="en")


@pytest.fixture
def make_product(store):
    """Make a product; its SKU is its name in small letters."""

    def make(name="Honey", price="20.00", **fields):
        sku = fields.pop("sku", name.lower().replace(" ", "-"))
        of = fields.pop("store", store)
        return create_product(of, sku=sku, name=name, price=price, **fields)

    return make


@pytest.fixture
def honey(make_product):
    return make_product("Honey", "20.00")


@pytest.fixture
def tea(make_product):
    return make_product("Tea", "9.90")


@pytest.fixture
def ask(call_tool):
    """Call a tool with exactly this `_meta`."""

    def ask(name, meta, **arguments):
        return call_tool(name, session=None, meta=meta, **arguments)

    return ask


@pytest.fixture
def handle(ask, honey):
    """The cart_id of a chat without an id, which holds one honey."""
    return cart(ask("add_to_cart", {}, product_id="shop:honey"))["cart_id"]


@pytest.fixture
def kept(call_tool, honey):
    """A cart that holds two of honey; afterwards nothing must have changed."""
    call_tool("add_to_cart", product_id="shop:honey", quantity=2)
    yield
    assert list(Line.objects.values_list("product__versions__public_id", "quantity")) == [("shop:honey", 2)]
    assert Change.objects.count() == Session.objects.count() == 1
    assert Cart.objects.get().version == 1
    assert quantities(call_tool("view_cart")) == {"shop:honey": 2}


@pytest.fixture
def make_warnings(db):
    def make(count, **fields):
        now = timezone.now()
        return [
            SessionWarning.objects.create(
                kind="unkeyed", client=f"client-{n}", first_at=now, last_at=now + timedelta(seconds=n // 2), **fields
            )
            for n in range(count)
        ]

    return make
