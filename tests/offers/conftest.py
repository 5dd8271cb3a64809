"""A store with ways of delivery."""

import pytest

from catalog.models import Store
from offers.models import Coupon, DeliveryOption
from offers.services.coupons import save_coupon
from offers.services.delivery import save_option


@pytest.fixture
def store(db):
    return Store.objects.create(slug="shop", name="The Shop", currency="ILS", language="en")


@pytest.fixture
def make_option(store):
    """Make a delivery option of the store."""

    def make(name="Courier", price="20", **fields):
        return save_option(DeliveryOption(store=fields.pop("of", store), name=name, price=price, **fields))

    return make


@pytest.fixture
def make_coupon(store):
    """Make a coupon of the store: of ten percent, unless the fields say otherwise."""

    def make(code="SAVE", **fields):
        used = fields.pop("used", 0)
        coupon = save_coupon(Coupon(store=fields.pop("of", store), code=code, **{"value": "10", **fields}))
        Coupon.objects.filter(pk=coupon.pk).update(used=used)
        return coupon

    return make
