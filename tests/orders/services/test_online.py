"""Payments at an online provider: what it says is counted once, in any order, and nothing that came is lost."""

from decimal import Decimal

import pytest

from offers.models import Coupon
from orders.models import OnlinePayment, Order, ProviderEvent
from orders.payments.provider import Paid, Told
from orders.refusals import NotTaken, WrongState
from orders.services.online import settle, start_payment
from orders.services.states import SHOPPER, Who, cancel, note_payment
from outbox.services.endpoints import make_endpoint
from tests.carts.answers import cart
from tests.orders.online import awaiting, dummy, found, kinds, payment, stock, told

__all__ = ["awaiting", "dummy", "payment"]
pytestmark = pytest.mark.django_db
OWNER = Who(Order.Actor.OWNER, "owner")
SUM = Decimal("19.80")


@pytest.fixture(autouse=True)
def systems(store):
    """The owner, and a system that hears of everything."""
    store.orders_email = "owner@example.com"
    store.save()
    return make_endpoint("https://example.com/hook", ["order.placed", "order.changed", "payment.changed"])


def word(payment, state=Paid.PAID, amount=SUM, currency="ILS", session=""):
    paid = {"amount": amount, "currency": currency, "reference": "pi_1"} if state == Paid.PAID else {}
    return Told(session or payment.session, state, **paid)


def test_an_order_that_awaits_its_payment_holds_its_goods_and_is_not_told_to_the_shop(awaiting, call_tool):
    assert (awaiting.state, awaiting.payment_state, stock()) == ("awaiting", "unpaid", 3)
    assert awaiting.hold_until is not None
    assert kinds(awaiting) == ["awaiting"]
    assert told() == []
    assert "has not paid yet" in call_tool("view_cart").content[0].text


def test_an_order_that_costs_nothing_awaits_no_payment(dummy, make_product, fill, order):
    make_product("Gift", "0.00")

    placed = order(fill(gift=1), payment="dummy")

    assert (placed.state, placed.hold_until, kinds(placed)) == ("placed", None, ["placed"])


def test_a_payment_places_its_order_and_then_the_shop_and_the_buyer_are_told(payment, call_tool):
    settle(payment, word(payment))

    order = Order.objects.get()
    assert (order.state, order.payment_state, order.paid, order.hold_until) == ("placed", "paid", SUM, None)
    assert kinds(order) == ["awaiting", "paid", "placed"]
    assert [(kind, where) for kind, where in told() if "@" in where] == [
        ("order.placed", "Dana@Example.com"),
        ("order.placed", "owner@example.com"),
    ]
    assert [kind for kind, where in told() if "@" not in where] == ["order.placed"]
    assert "placed and paid" in call_tool("view_cart").content[0].text


def test_the_same_word_again_changes_nothing(payment):
    settle(payment, word(payment), event="evt_1")
    before, messages = found(payment.order), len(told())

    settle(payment, word(payment), event="evt_1")
    settle(payment, word(payment), event="evt_2")

    assert (found(payment.order).version, len(told())) == (before.version, messages)
    assert sorted(ProviderEvent.objects.values_list("event", flat=True)) == ["evt_1", "evt_2"]


@pytest.mark.parametrize("late", [Paid.OPEN, Paid.PROCESSING, Paid.FAILED, Paid.EXPIRED])
def test_nothing_that_is_said_later_undoes_a_payment(payment, late):
    settle(payment, word(payment))

    settle(payment, word(payment, late))

    assert OnlinePayment.objects.get().state == "paid"
    assert found(payment.order).payment_state == "paid"


@pytest.mark.parametrize("early", [Paid.PROCESSING, Paid.FAILED, Paid.EXPIRED])
def test_a_payment_counts_whatever_was_said_before(payment, early):
    settle(payment, word(payment, early))
    assert found(payment.order).state == "awaiting"

    settle(payment, word(payment))

    assert found(payment.order).state == "placed"


def test_a_payment_of_less_is_kept_and_shown_and_the_rest_is_due(payment):
    settle(payment, word(payment, amount=Decimal("0.01")))

    order = found(payment.order)
    assert (order.state, order.payment_state, order.paid) == ("awaiting", "unpaid", Decimal("0.01"))
    assert OnlinePayment.objects.get().outcome == "amount"
    assert kinds(order) == ["awaiting", "reported"]
    assert ("order.reported", "owner@example.com") in told()


def test_a_payment_of_more_places_the_order_and_the_rest_is_to_be_paid_back(payment):
    settle(payment, word(payment, amount=Decimal(20)))

    order = found(payment.order)
    assert (order.state, order.payment_state, order.due) == ("placed", "paid", Decimal("-0.20"))
    assert OnlinePayment.objects.get().outcome == "amount"


def test_a_payment_in_another_currency_is_kept_and_not_counted(payment):
    settle(payment, word(payment, currency="USD"))

    order = found(payment.order)
    assert (order.state, order.paid, order.payment_state) == ("awaiting", 0, "unpaid")
    assert [row.shown for row in order.online_payments.to_be_checked()] == ["$19.80"]


def test_a_payment_that_comes_twice_is_to_be_paid_back(payment):
    settle(payment, word(payment))
    settle(payment, word(payment, session="another"))

    order = found(payment.order)
    assert (order.paid, order.due) == (2 * SUM, -SUM)
    assert list(order.online_payments.order_by("id").values_list("outcome", flat=True)) == ["counted", "not_due"]


def test_a_payment_for_an_order_that_was_cancelled_is_kept_and_the_order_stays_so(payment):
    cancel(payment.order.number, SHOPPER, "")

    settle(payment, word(payment))

    order = found(payment.order)
    assert (order.state, order.paid, order.due, stock()) == ("cancelled", SUM, -SUM, 5)
    assert OnlinePayment.objects.get().outcome == "cancelled"
    assert [kind for kind, where in told() if where == "owner@example.com"] == ["order.reported"]
    assert not Order.objects.over().exists()


def test_the_way_to_the_payment_stays_the_same_while_it_can_be_used(payment):
    first = start_payment(payment.order.number)

    assert start_payment(payment.order.number) == first == payment.address
    settle(payment, word(payment, Paid.FAILED))
    assert start_payment(payment.order.number) != first


def test_nothing_is_begun_for_an_order_that_is_paid_or_whose_time_is_over(payment):
    settle(payment, word(payment))

    with pytest.raises(WrongState):
        start_payment(payment.order.number)
    assert OnlinePayment.objects.count() == 1


def test_a_provider_that_was_switched_off_takes_nothing(awaiting, settings):
    settings.SHOPMCP_PAYMENTS = []

    with pytest.raises(NotTaken, match="takes no payments online now"):
        start_payment(awaiting.number)
    assert not OnlinePayment.objects.exists()


def test_the_owner_marks_as_paid_what_came_in_another_way_and_the_order_is_placed(awaiting):
    note_payment(awaiting.number, OWNER, SUM)

    assert kinds(awaiting) == ["awaiting", "paid", "placed"]
    assert found(awaiting).state == "placed"


def test_a_shopper_who_cancels_before_paying_is_heard_by_nobody_else(awaiting):
    cancel(awaiting.number, SHOPPER, "")

    assert [where for _kind, where in told()] == ["Dana@Example.com"]
    assert stock() == 5


def test_a_coupon_is_held_and_given_back(dummy, tea, fill, order, call_tool, store):
    coupon = Coupon.objects.create(store=store, code="TEA", code_key="tea", kind="percent", value=50, uses=1)
    filled = fill(tea=2)
    assert cart(call_tool("apply_coupon", code="TEA"))["coupon"]
    placed = order(filled, payment="dummy")
    coupon.refresh_from_db()
    assert coupon.used == 1

    cancel(placed.number, SHOPPER, "")

    coupon.refresh_from_db()
    assert coupon.used == 0


def test_orders_of_the_dummy_are_tests(awaiting):
    assert awaiting.is_test
    assert not Order.objects.real().exists()


def test_list_orders_tells_that_it_is_not_paid(awaiting, call_tool):
    text = call_tool("list_orders").content[0].text

    assert "awaiting payment" in text
    assert "Not paid yet: ₪19.80" in text
