"""What the shop changes about an order before it is ready: missing goods, another weight, a substitute."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext

from carts.cart import MAX_QUANTITY
from catalog.language.text import clean
from catalog.services.stock import return_stock, take_stock
from orders.models import Order, OrderEvent, OrderLine
from orders.refusals import InvalidDetails, WrongState
from orders.services.states import Change, Who, changing, payment_state
from orders.sums import Tax, is_amount, sum_up
from shopmcp.errors import NotForSale


@dataclass(frozen=True, slots=True)
class LineEdit:
    """What a line is to be. The price may change with the weight or the substitute, which `remark` names."""

    position: int
    quantity: int
    unit_price: Decimal
    remark: str = ""


def change_lines(number: str, who: Who, edits: Sequence[LineEdit], why: str, *, version: int | None = None) -> Order:
    """Change lines of an order that is not ready, and tell the buyer what it costs now.

    Discount and delivery stay as they were bought; the discount only falls with the goods.

    Raises:
        InvalidDetails: If a quantity, a price or the reason is none, or nothing would be left: cancel the order then.
        WrongState: If the order is ready, or was changed since that version.
        NotForSale: If more is wanted of a product than there is.
    """
    why = clean(why, 500)
    if not why:
        raise InvalidDetails("why", gettext("Write why: the buyer reads it."))
    with changing(number, who, version=version) as change:
        if not change.order.can_be_changed:
            raise WrongState(
                gettext("The order is %(state)s, so it cannot be changed.")
                % {"state": change.order.get_state_display()},
                fix=gettext("Look at it as it is now."),
            )
        before = change.pieces
        lines = {line.position: line for line in change.lines}
        for edit in edits:
            _apply(edit, lines.get(edit.position), change.order)
        if not change.pieces:
            raise InvalidDetails("quantity", gettext("Nothing would be left: cancel the order instead."))
        _move_stock(change, before)
        _sum_up(change)
        OrderLine.objects.bulk_update(change.lines, ["quantity", "unit_price", "remark", "total", "discount", "tax"])
        change.note(OrderEvent.Kind.CHANGED, why)
        return change.order


def _apply(edit: LineEdit, line: OrderLine | None, order: Order) -> None:
    if line is None or not 0 <= edit.quantity <= MAX_QUANTITY:
        raise InvalidDetails("quantity", gettext("A quantity is from 0 to %(most)s.") % {"most": MAX_QUANTITY})
    if not is_amount(edit.unit_price, order.currency):
        raise InvalidDetails("unit_price", gettext("Write a price of 0 or more, in whole parts of the currency."))
    line.quantity, line.unit_price, line.remark = edit.quantity, edit.unit_price, clean(edit.remark, 300)


def _move_stock(change: Change, before: dict[int, int]) -> None:
    after, number = change.pieces, change.order.number
    more = {key: pieces - before.get(key, 0) for key, pieces in after.items() if pieces > before.get(key, 0)}
    less = {key: pieces - after.get(key, 0) for key, pieces in before.items() if pieces > after.get(key, 0)}
    if more and (short := take_stock(more, reference=number)) is not None:
        name = next(line.name for line in change.lines if line.product_id == short)
        raise NotForSale(
            gettext("There is not so much of %(name)s left.") % {"name": name}, fix=gettext("Write a smaller quantity.")
        )
    if less:
        return_stock(less, reference=number)


def _sum_up(change: Change) -> None:
    order = change.order
    sums = sum_up(
        [(line.unit_price, line.quantity) for line in change.lines],
        order.currency,
        Tax(order.tax_rate, order.tax_included),
        delivery=order.delivery_price,
        discount=order.discount,
        discounted=[bool(line.discount) for line in change.lines] if order.discount else (),
    )
    if not sums.fit:
        raise InvalidDetails("quantity", gettext("This is more than an order can cost: write less."))
    for line, total, discount, tax in zip(change.lines, sums.lines, sums.discounts, sums.taxes, strict=True):
        line.total, line.discount, line.tax = total, discount, tax
    order.goods, order.discount, order.tax = sums.goods, sums.discount, sums.tax
    order.delivery_tax, order.total = sums.delivery_tax, sums.total
    # What was paid in part may be all of it now.
    order.payment_state = payment_state(order)
    change.fields = {"goods", "discount", "tax", "delivery_tax", "total", "payment_state"}
