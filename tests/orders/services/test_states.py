"""What happens to an order after it was placed."""

from decimal import Decimal

import pytest

from catalog.models import Product, ProductIdentity, StockMove, Store
from orders.models import Order, OrderState
from orders.refusals import InvalidDetails, WrongState
from orders.services import states
from orders.services.changing import LineEdit, change_lines
from orders.services.states import SHOPPER, Who, advance, cancel, note_payment, note_refund, withdraw
from outbox.models import Message
from shopmcp.errors import NotForSale, NotFound
from tests.carts.answers import cart, codes

pytestmark = pytest.mark.django_db
OWNER = Who(Order.Actor.OWNER, "owner")


@pytest.fixture
def placed(make_product, honey, fill, order):
    make_product("Figs", "10.00", stock=5)
    return order(fill(figs=3, honey=1))


def stock():
    return Product.objects.get(sku="figs").stock


def on_order():
    return ProductIdentity.objects.get(sku="figs").on_order


def mails(kind):
    return list(Message.objects.filter(kind=f"order.{kind}").order_by("pk").values_list("destination", flat=True))


def unchanged(order):
    found = Order.objects.get(pk=order.pk)
    return found.state == order.state and found.version == order.version


def test_an_order_goes_its_way_and_each_step_says_who_and_when(placed):
    for state in (OrderState.CONFIRMED, OrderState.READY, OrderState.COMPLETED):
        advance(placed.number, state, OWNER)

    found = Order.objects.get()
    events = [(event.kind, event.actor, event.who) for event in found.events.all()]
    assert events[1:] == [(kind, "owner", "owner") for kind in ("confirmed", "ready", "completed")]
    assert (found.state, found.version, stock(), on_order()) == ("completed", 4, 2, 0)


@pytest.mark.parametrize("state", [OrderState.CONFIRMED, OrderState.READY])
def test_an_order_never_goes_back(state, placed):
    advance(placed.number, OrderState.READY, OWNER)
    before = Order.objects.get()

    with pytest.raises(WrongState):
        advance(placed.number, state, OWNER)

    assert unchanged(before)


def test_a_cancelled_order_gives_its_pieces_back(placed):
    cancel(placed.number, OWNER, "The figs went bad.")

    found = Order.objects.get()
    assert (found.state, found.cancelled_by, found.cancel_reason) == ("cancelled", "owner", "The figs went bad.")
    assert (stock(), on_order(), found.due) == (5, 0, 0)
    assert list(StockMove.objects.filter(product__sku="figs").order_by("pk").values_list("pieces", flat=True)) == [
        -3,
        3,
    ]
    with pytest.raises(WrongState):
        cancel(placed.number, OWNER, "again")
    assert stock() == 5


def test_the_shop_gives_a_reason(placed):
    with pytest.raises(InvalidDetails):
        cancel(placed.number, OWNER, " \u200f ")

    assert unchanged(placed)


def test_a_shopper_cancels_only_what_nobody_works_on(placed):
    advance(placed.number, OrderState.CONFIRMED, OWNER)
    before = Order.objects.get()

    with pytest.raises(WrongState, match="already working"):
        cancel(placed.number, SHOPPER, "")

    assert unchanged(before)
    assert stock() == 2


def test_the_shop_hears_of_a_cancelled_order(placed):
    Store.objects.update(orders_email="shop@example.com")

    cancel(placed.number, SHOPPER, "")

    assert mails("cancelled") == ["Dana@Example.com", "shop@example.com"]


def test_a_withdrawal_is_dated_and_cancels_what_is_only_placed(placed):
    withdraw(placed.number)

    found = Order.objects.get()
    assert (found.state, stock()) == ("cancelled", 5)
    assert found.withdrawn_at is not None
    mail = Message.objects.get(kind="order.withdrawn", destination="Dana@Example.com")
    assert "received on" in mail.payload["text"]


def test_a_crash_in_a_withdrawal_leaves_no_half_of_it(placed, monkeypatch):
    def crash(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(states, "return_stock", crash)
    with pytest.raises(ZeroDivisionError):
        withdraw(placed.number)

    assert unchanged(placed)
    assert Order.objects.get().withdrawn_at is None
    assert mails("withdrawn") == []


def test_a_withdrawal_from_an_order_that_is_ready_waits_for_the_shop(placed):
    advance(placed.number, OrderState.READY, OWNER)

    withdraw(placed.number)

    assert Order.objects.get().state == "ready"
    with pytest.raises(WrongState):
        withdraw(placed.number)
    assert len(mails("withdrawn")) == 1


def test_a_page_that_is_behind_changes_nothing(placed):
    advance(placed.number, OrderState.CONFIRMED, OWNER, version=placed.version)
    before = Order.objects.get()

    with pytest.raises(WrongState, match="since you opened"):
        cancel(placed.number, OWNER, "too late", version=placed.version)

    assert unchanged(before)


def test_an_unknown_number_is_refused():
    with pytest.raises(NotFound):
        cancel("000000000", OWNER, "why")


def test_the_chat_hears_of_each_change_once(placed, call_tool):
    call_tool("add_to_cart", product_id="shop:honey")
    advance(placed.number, OrderState.CONFIRMED, OWNER)

    told = cart(call_tool("view_cart"))["notices"]
    assert [(notice["code"], placed.shown_number in notice["text"]) for notice in told] == [("order_confirmed", True)]
    assert codes(call_tool("view_cart")) == []
    assert codes(call_tool("view_cart", session="another")) == []


def test_goods_that_are_missing_are_taken_out_and_the_difference_is_told(placed):
    change_lines(placed.number, OWNER, [LineEdit(0, 1, Decimal(10), "the others were bruised")], "Too few figs.")

    found = Order.objects.get()
    line = found.lines.get(position=0)
    assert (line.quantity, line.first_quantity, line.total) == (1, 3, Decimal(10))
    assert (found.total, found.first_total, found.due) == (30, 50, 30)
    assert (stock(), on_order()) == (4, 1)
    text = Message.objects.get(kind="order.changed").payload["text"]
    assert "Too few figs." in text
    assert "1 instead of 3" in text
    assert "20.00 less" in text


def test_a_weight_changes_the_price_and_no_stock(placed):
    change_lines(placed.number, OWNER, [LineEdit(0, 3, Decimal("10.55"))], "They weigh more.")

    assert (Order.objects.get().total, stock()) == (Decimal("51.65"), 2)


def test_a_sum_beyond_what_an_order_can_keep_is_refused_and_nothing_changed(placed):
    with pytest.raises(InvalidDetails, match="more than an order can cost"):
        change_lines(placed.number, OWNER, [LineEdit(1, 999, Decimal(999_999_999))], "Gold.")

    assert unchanged(placed)


def test_more_than_there_is_is_refused_and_nothing_changed(placed):
    with pytest.raises(NotForSale):
        change_lines(placed.number, OWNER, [LineEdit(1, 0, Decimal(20)), LineEdit(0, 6, Decimal(10))], "More figs.")

    assert unchanged(placed)
    assert (stock(), on_order()) == (2, 3)
    assert [line.quantity for line in placed.lines.all()] == [3, 1]


@pytest.mark.parametrize(
    "edits",
    [
        [LineEdit(0, 0, Decimal(1)), LineEdit(1, 0, Decimal(1))],
        [LineEdit(0, -1, Decimal(1))],
        [LineEdit(0, 1, Decimal(-1))],
        [LineEdit(0, 1, Decimal("1.001"))],
        [LineEdit(0, 1, Decimal("NaN"))],
        [LineEdit(7, 1, Decimal(1))],
    ],
)
def test_a_change_that_makes_no_sense_is_refused(edits, placed):
    with pytest.raises(InvalidDetails):
        change_lines(placed.number, OWNER, edits, "why")

    assert unchanged(placed)
    assert stock() == 2


def test_an_order_that_is_ready_is_not_changed(placed):
    advance(placed.number, OrderState.READY, OWNER)

    with pytest.raises(WrongState):
        change_lines(placed.number, OWNER, [LineEdit(0, 1, Decimal(10))], "why")

    assert Order.objects.get().total == 50


def test_what_was_paid_and_paid_back_is_noted(placed):
    note_payment(placed.number, OWNER, Decimal(50))
    assert Order.objects.get().payment_state == "paid"

    change_lines(placed.number, OWNER, [LineEdit(0, 2, Decimal(10))], "One was missing.")
    assert Order.objects.get().due == -10
    with pytest.raises(InvalidDetails):
        note_refund(placed.number, OWNER, Decimal("50.01"), "")
    note_refund(placed.number, OWNER, Decimal(10), "for the missing one")

    found = Order.objects.get()
    assert (found.due, found.payment_state, found.refunded) == (0, "paid", 10)
    note_refund(placed.number, OWNER, Decimal(40), "")
    assert Order.objects.get().payment_state == "refunded"


def test_an_order_that_is_paid_is_not_marked_again(placed):
    note_payment(placed.number, OWNER, Decimal(50))

    with pytest.raises(WrongState, match="paid already"):
        note_payment(placed.number, OWNER, Decimal(50))

    found = Order.objects.get()
    assert (found.paid, found.events.filter(kind="paid").count()) == (50, 1)


def test_an_order_that_was_cancelled_is_not_marked_as_paid(placed):
    cancel(placed.number, OWNER, "Sold out.")

    with pytest.raises(WrongState, match="was cancelled"):
        note_payment(placed.number, OWNER, Decimal(50))

    assert (Order.objects.get().paid, Order.objects.get().payment_state) == (0, "unpaid")


def test_an_order_that_was_paid_back_is_not_marked_as_paid_again(placed):
    note_payment(placed.number, OWNER, Decimal(50))
    note_refund(placed.number, OWNER, Decimal(50), "")

    with pytest.raises(WrongState, match="paid back"):
        note_payment(placed.number, OWNER, Decimal(50))

    assert (Order.objects.get().paid, Order.objects.get().payment_state) == (50, "refunded")


def test_a_payment_says_who_noted_it_and_when(placed):
    note_payment(placed.number, OWNER, Decimal(50))

    event = Order.objects.get().events.last()
    assert (event.kind, event.actor, event.who) == ("paid", "owner", OWNER.name)
    assert event.at == Order.objects.get().changed_at


@pytest.mark.parametrize("amount", ["0", "-5", "0.001", "NaN", "Infinity"])
def test_an_amount_that_is_none_is_refused(amount, placed):
    with pytest.raises(InvalidDetails):
        note_payment(placed.number, OWNER, Decimal(amount))

    assert unchanged(placed)
