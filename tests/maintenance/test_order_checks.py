"""`manage.py doctor` on orders: each kind of damage, made by hand, is found and nothing else."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from carts.models import Cart
from catalog.models import ProductIdentity, StockMove
from maintenance.checks import orders as checks
from orders.models import Order, OrderLine, OrderState, PaymentReport
from orders.services.changing import LineEdit, change_lines
from orders.services.states import Who, advance, cancel
from tests.carts.shop import honey, make_product, store, tea
from tests.orders.ordering import courier, details, fill, order, pickup, to_haifa

__all__ = ["courier", "details", "fill", "honey", "make_product", "order", "pickup", "store", "tea", "to_haifa"]
OWNER = Who(Order.Actor.OWNER, "owner")


@pytest.fixture
def shop(honey, tea, fill, order):
    """One order in each state, and one that was changed."""
    made = [order(fill(f"chat-{n}", honey=2, tea=1), key=str(n)) for n in range(5)]
    for placed, state in zip(made, ("confirmed", "ready", "completed"), strict=False):
        advance(placed.number, OrderState(state), OWNER)
    cancel(made[3].number, OWNER, "why")
    change_lines(made[4].number, OWNER, [LineEdit(0, 1, made[4].lines.all()[0].unit_price)], "why")
    return made


def found():
    return [finding for check in checks.CHECKS for finding in check()]


def test_whole_orders_have_nothing_wrong(shop):
    assert found() == []


def sum_is_wrong(order):
    Order.objects.filter(pk=order.pk).update(goods=F("goods") + 1)


def total_is_wrong(order):
    Order.objects.filter(pk=order.pk).update(total=1)


def tax_is_wrong(order):
    OrderLine.objects.filter(order=order).update(tax=1)


def move_is_missing(order):
    StockMove.objects.filter(reference=order.number).first().delete()


def miscounted(order):
    ProductIdentity.objects.filter(sku="honey").update(on_order=99)


def cart_is_open(order):
    Cart.objects.filter(order=order).update(ordered_at=None)


def state_by_hand(order):
    Order.objects.filter(pk=order.pk).update(state="ready", changed_at=timezone.now() - timedelta(days=1))


def paid_by_hand(order):
    Order.objects.filter(pk=order.pk).update(payment_state="paid")


def payment_is_missing(order):
    told = {"reference": "tx-1", "amount": 1, "currency": order.currency, "outcome": "counted"}
    PaymentReport.objects.create(store=order.store, order=order, **told)


DAMAGE = {
    sum_is_wrong: ("order_sum", False),
    total_is_wrong: ("order_sum", False),
    tax_is_wrong: ("order_sum", False),
    move_is_missing: ("order_stock", False),
    miscounted: ("on_order", True),
    cart_is_open: ("ordered_cart", True),
    state_by_hand: ("order_state", False),
    paid_by_hand: ("order_payment", False),
    payment_is_missing: ("order_payment", False),
}


def test_amounts_that_a_database_of_binary_fractions_adds_up_inexactly_are_not_wrong(fill, order, make_product):
    for name, price in (("A", "0.10"), ("B", "0.20"), ("C", "4.90"), ("D", "2.90"), ("E", "1.10")):
        make_product(name, price)

    for n, products in enumerate(({"a": 1, "b": 1}, {"c": 1, "d": 1, "e": 2}, {"a": 3, "c": 7, "d": 9})):
        order(fill(f"chat-{n}", **products), key=str(n))

    assert found() == []


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_each_kind_of_damage_is_found_alone_and_mended_if_that_is_safe(shop, damage):
    code, can_be_mended = DAMAGE[damage]
    damage(shop[0])

    (finding,) = found()

    assert finding.code == code
    assert (finding.mend is not None) is can_be_mended
    if finding.mend:
        finding.mend()
        assert found() == []
