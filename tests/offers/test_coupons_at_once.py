"""Many orders that use a coupon at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from offers.buyers import Buyer
from offers.models import Coupon, CouponUse
from offers.services.coupons import give_back, take_use
from shopmcp.errors import CouponRefused, InvalidArguments


def taken(coupon, buyers):
    """Take a use for each buyer on threads of their own; return the uses that were taken."""

    def take(buyer):
        try:
            return take_use(coupon, buyer)
        except CouponRefused:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        return list(filter(None, pool.map(take, buyers)))


@pytest.fixture
def make_shared(shared_database, make_coupon):
    return make_coupon


def test_a_hundred_orders_on_ten_uses_take_exactly_ten(make_shared):
    coupon = make_shared(uses=10)

    uses = taken(coupon, [Buyer(f"buyer{n}@example.com") for n in range(100)])

    assert len(uses) == CouponUse.objects.count() == Coupon.objects.get().used == 10


def test_one_buyer_at_once_uses_it_once(make_shared):
    coupon = make_shared(uses_each=1)

    uses = taken(coupon, [Buyer("dana@example.com")] * 20)

    assert len(uses) == CouponUse.objects.count() == Coupon.objects.get().used == 1


def test_a_use_given_back_by_many_at_once_comes_back_once(make_shared):
    coupon = make_shared(uses=5)
    take_use(coupon, Buyer("noa@example.com"))
    use = take_use(coupon, Buyer("dana@example.com"))

    def back(_):
        try:
            return give_back(use)
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        given = list(pool.map(back, range(10)))

    assert given.count(True) == 1
    assert Coupon.objects.get().used == 1


def test_one_code_that_many_save_at_once_makes_one_coupon(make_shared, store):
    def save(_):
        try:
            return make_shared("SAVE")
        except InvalidArguments as refusal:
            return refusal.message
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        made = list(pool.map(save, range(10)))

    assert Coupon.objects.count() == 1
    assert sum("another coupon with this code" in str(each) for each in made) == 9
