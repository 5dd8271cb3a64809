"""`manage.py doctor` about coupons: each kind of damage, made by hand, is found and mended."""

import pytest

from carts.models import Cart
from catalog.models import Store
from catalog.services.products import create_product
from maintenance.checks.offers import CHECKS
from offers.buyers import Buyer
from offers.models import Coupon
from offers.services.coupons import give_back, save_coupon, take_use
from tests.carts.answers import cart


@pytest.fixture
def coupon(db):
    store = Store.objects.create(slug="shop", name="The Shop", currency="ILS", language="en")
    create_product(store, sku="honey", name="Honey", price="20")
    made = save_coupon(Coupon(store=store, code="SAVE", value="10", uses=2))
    give_back(take_use(made, Buyer("noa@example.com")))
    take_use(made, Buyer("dana@example.com"))
    return made


def findings():
    return [finding for check in CHECKS for finding in check()]


def test_a_whole_shop_has_nothing_to_find(coupon, call_tool):
    call_tool("add_to_cart", product_id="shop:honey")
    call_tool("apply_coupon", code="SAVE")

    assert findings() == []


@pytest.mark.parametrize("counted", [0, 2])
def test_uses_are_counted_anew(coupon, counted):
    Coupon.objects.update(used=counted)

    (found,) = findings()
    assert (found.code, "SAVE" in found.text) == ("coupon_uses", True)
    found.mend()

    assert Coupon.objects.get().used == 1
    assert findings() == []


def test_a_coupon_of_another_store_is_taken_off(coupon, call_tool):
    call_tool("add_to_cart", product_id="shop:honey")
    call_tool("apply_coupon", code="SAVE")
    Coupon.objects.update(store=Store.objects.create(slug="other", name="Other", currency="ILS"))

    (found,) = findings()
    assert found.code == "foreign_coupon"
    found.mend()

    assert Cart.objects.get().coupon is None
    assert cart(call_tool("view_cart"))["item_count"] == 1
