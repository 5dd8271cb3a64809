"""A small shop, and products to put into carts."""

from decimal import Decimal

import pytest

from catalog.models import Product, Store
from catalog.search.index import reindex
from tests.carts.answers import cart


@pytest.fixture
def store(db):
    return Store.objects.create(slug="shop", name="The Shop", currency="ILS", language="en")


@pytest.fixture
def make_product(store):
    """Make a product; its SKU is its name in small letters."""

    def make(name="Honey", price="20.00", **fields):
        sku = fields.pop("sku", name.lower().replace(" ", "-"))
        of = fields.pop("store", store)
        product = Product(
            store=of,
            sku=sku,
            public_id=f"{of.slug}:{sku}",
            name=name,
            price=None if price is None else Decimal(price),
            currency=fields.pop("currency", of.currency),
            **fields,
        )
        product.index()
        product.save()
        reindex([product.pk])
        return product

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
