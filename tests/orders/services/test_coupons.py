"""Orders with a coupon."""

from decimal import Decimal

import pytest

from carts.models import Cart
from catalog.models import StockMove
from offers.models import Coupon
from offers.services.coupons import save_coupon
from orders.models import Order
from orders.refusals import OrderChanged
from orders.services.placing import place_order
from orders.services.states import Who, cancel
from outbox.models import Message
from shopmcp.errors import CouponRefused
from tests.orders.ordering import seen

pytestmark = pytest.mark.django_db
OWNER = Who(Order.Actor.OWNER, "owner")


@pytest.fixture
def applied(store):
    """Make a coupon; the carts that `fill` gives have it."""

    def apply(**fields):
        return save_coupon(Coupon(store=store, **{"code": "SAVE", "kind": "percent", "value": 10} | fields))

    return apply


@pytest.fixture
def filled(fill, call_tool):
    """Fill a cart and apply the coupon in its chat."""

    def filled(session="chat-1", **products):
        fill(session, **products)
        assert not call_tool("apply_coupon", session=session, code="save").is_error
        return Cart.objects.filter(ordered_at=None).latest("updated_at")

    return filled


def used(coupon):
    return Coupon.objects.get(pk=coupon.pk).used


def test_a_discount_is_kept_and_shared_out_and_its_use_counted(applied, honey, tea, filled, order):
    coupon = applied()

    found = order(filled(honey=2, tea=1))

    assert (found.goods, found.discount, found.total) == (Decimal("49.90"), Decimal("4.99"), Decimal("44.91"))
    assert [line.discount for line in found.lines.all()] == [4, Decimal("0.99")]
    assert (found.coupon_code, used(coupon)) == ("SAVE", 1)
    assert "Coupon SAVE: −4.99" in Message.objects.get(destination="Dana@Example.com").payload["text"].replace("₪", "")


def test_a_coupon_for_free_delivery_takes_nothing_off_the_goods(applied, honey, filled, order, to_haifa):
    applied(kind="free_delivery", value=None)

    found = order(filled(honey=1), **{name: getattr(to_haifa, name) for name in to_haifa.__slots__})

    assert (found.discount, found.delivery_price, found.total, found.coupon_code) == (0, 0, 20, "SAVE")


def test_a_coupon_that_does_nothing_is_not_used(applied, honey, filled, order):
    coupon = applied(minimum=100)

    assert (order(filled(honey=1)).total, used(coupon)) == (20, 0)


def test_a_coupon_that_is_used_up_meanwhile_is_told_and_nothing_ordered(applied, honey, filled, details):
    coupon = applied(uses=1)
    cart = filled(honey=1)
    then = seen(cart, details.delivery)
    Coupon.objects.update(used=1)

    with pytest.raises(OrderChanged, match="sum has changed"):
        place_order(cart.public_id, details, key="k", seen=then)

    assert not Order.objects.exists()
    assert used(coupon) == 1


def test_a_buyer_uses_a_coupon_as_often_as_it_says(applied, honey, filled, order, details):
    coupon = applied(uses_each=1)
    order(filled("chat-1", honey=1), key="1")
    cart = filled("chat-2", honey=1)

    with pytest.raises(CouponRefused, match="used the coupon"):
        place_order(cart.public_id, details, key="2", seen=seen(cart, details.delivery))

    assert (Order.objects.count(), used(coupon), StockMove.objects.count()) == (1, 1, 1)
    assert Cart.objects.get(pk=cart.pk).ordered_at is None


def test_a_cancelled_order_gives_its_use_back_once(applied, honey, filled, order):
    coupon = applied(uses_each=1)
    first = order(filled("chat-1", honey=1), key="1")

    cancel(first.number, OWNER, "why")

    assert used(coupon) == 0
    assert order(filled("chat-2", honey=1), key="2").discount == 2
