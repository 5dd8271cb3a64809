"""What happens to an order after it was placed.

Each change locks the order's session and then the order, and checks what it found: two people at once, or one with an
old page, change nothing twice.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone, translation
from django.utils.translation import get_language, gettext

from carts.services.ordering import lock_session
from catalog.language.text import clean
from catalog.services.stock import hand_over, return_stock
from offers.services.coupons import give_back
from orders.models import OPEN, OnlinePayment, Order, OrderEvent, OrderLine, OrderState
from orders.models.payments import plain_amount
from orders.refusals import InvalidDetails, WrongState
from orders.services.held import release
from orders.services.messages import announce
from orders.sums import is_amount
from shopmcp.errors import NotFound
from shopmcp.money import money

_Kind = OrderEvent.Kind
_LONGEST_REASON: Final = 500
# From which states an order comes into each.
FROM: Final = {
    OrderState.CONFIRMED: (OrderState.PLACED,),
    OrderState.READY: (OrderState.PLACED, OrderState.CONFIRMED),
    OrderState.COMPLETED: OPEN,
    OrderState.CANCELLED: (OrderState.AWAITING, *OPEN),
}


@dataclass(frozen=True, slots=True)
class Who:
    """Who changes an order; `name` is that of a member of staff or of a script's key."""

    actor: Order.Actor
    name: str = ""


SHOPPER: Final = Who(Order.Actor.SHOPPER)
SYSTEM: Final = Who(Order.Actor.SYSTEM)


@dataclass
class Change:
    """An order that is locked, with its lines, and what is said about the change."""

    order: Order
    lines: list[OrderLine]
    who: Who
    fields: set[str] = field(default_factory=set)

    @property
    def pieces(self) -> dict[int, int]:
        """How many the order holds of each product."""
        held = dict[int, int]()
        for line in self.lines:
            held[line.product_id] = held.get(line.product_id, 0) + line.quantity
        return {key: pieces for key, pieces in held.items() if pieces}

    def save(self) -> None:
        """Save the order as changed: whoever has an older page of it is refused."""
        order = self.order
        order.changed_at, order.version = timezone.now(), order.version + 1
        order.save(update_fields={*self.fields, "changed_at", "version"})

    def note(self, kind: OrderEvent.Kind, text: str = "") -> OrderEvent:
        """Save the order, record what happened, and write who is told."""
        self.save()
        order = self.order
        event = OrderEvent.objects.create(
            order=order, kind=kind, actor=self.who.actor, who=self.who.name[:150], text=text[:1000], at=order.changed_at
        )
        announce(order, event, self.lines)
        return event


@contextmanager
def changing(number: str, who: Who, *, version: int | None = None) -> Iterator[Change]:
    """Lock an order in one transaction, and yield it to be changed.

    Args:
        number: The order's number.
        who: Who changes it.
        version: That of the page which the change was made on; None if it does not matter.

    Raises:
        NotFound: If there is no such order.
        WrongState: If it was changed since that page was shown.
    """
    session = Order.objects.filter(number=number).values_list("session", flat=True).first()
    if session is None:
        raise NotFound(gettext("There is no such order."), fix=gettext("Check its number."))
    with transaction.atomic():
        lock_session(session)
        order = Order.objects.select_for_update(of=("self",)).select_related("store").get(number=number)
        if version is not None and version != order.version:
            raise WrongState(
                gettext("Somebody has changed this order since you opened the page."),
                fix=gettext("Look at it as it is now, then try again."),
            )
        yield Change(order, list(order.lines.all()), who)


def advance(number: str, state: OrderState, who: Who, *, version: int | None = None) -> Order:
    """Bring an order on: confirmed, ready or completed.

    Raises:
        NotFound, WrongState: As `changing`, or if the order is not in a state from which it comes there.
    """
    with changing(number, who, version=version) as change:
        _come_from(change.order, state)
        change.order.state, change.fields = state.value, {"state"}
        if state == OrderState.COMPLETED:
            hand_over(change.pieces)
        change.note(_Kind(state.value))
        return change.order


def cancel(number: str, who: Who, reason: str, *, version: int | None = None) -> Order:
    """Cancel an order: its pieces go back on sale. A shopper may while it is only placed.

    Raises:
        InvalidDetails: If the shop gives no reason.
        NotFound, WrongState: As `advance`.
    """
    reason = clean(reason, _LONGEST_REASON)
    if not reason and who.actor == Order.Actor.OWNER:
        raise InvalidDetails("reason", gettext("Write why: the buyer reads it."))
    with changing(number, who, version=version) as change:
        order = change.order
        if who.actor == Order.Actor.SHOPPER and not order.can_be_cancelled_by_shopper:
            raise WrongState(
                gettext("The shop is already working on this order, so it can no longer be cancelled here."),
                fix=gettext("Call the shop, or withdraw from the order on this page."),
            )
        _cancel(change, reason or gettext("The shopper changed their mind."))
        return order


def withdraw(number: str) -> Order:
    """Record that the shopper withdraws from the purchase; the mail that confirms it is the dated receipt.

    An order that is only placed is cancelled with it. What becomes of another, the shop decides by its terms.

    Raises:
        WrongState: If they have withdrawn already, or the order was cancelled.
    """
    with changing(number, SHOPPER) as change:
        order = change.order
        if not order.can_be_withdrawn:
            raise WrongState(
                gettext("This order was cancelled, or you have withdrawn from it before."),
                fix=gettext("This page says what became of it."),
            )
        order.withdrawn_at, change.fields = timezone.now(), {"withdrawn_at"}
        change.note(_Kind.WITHDRAWN)
        if order.can_be_cancelled_by_shopper:
            _cancel(change, gettext("The shopper withdrew."))
        return order


def note_payment(number: str, who: Who, amount: Decimal, *, version: int | None = None) -> Order:
    """Note what the buyer has paid. An amount that is not what was due is kept, and said beside it.

    Raises:
        InvalidDetails: If the amount is not above 0.
        NotFound, WrongState: As `changing`, or if nothing is due.
    """
    with changing(number, who, version=version) as change:
        order = change.order
        _check_due(order)
        told = money(_above_nothing(order, amount), order.currency, get_language() or order.language).formatted
        if amount != order.due:
            due = money(order.due, order.currency, get_language() or order.language).formatted
            told = gettext("%(paid)s, while %(due)s was due") % {"paid": told, "due": due}
        order.paid += amount
        order.payment_state, change.fields = payment_state(order), {"paid", "payment_state"}
        change.note(_Kind.PAID, told)
        place_if_paid(change)
        return order


def place_if_paid(change: Change) -> None:
    """Place an order that awaited its payment, once all of it has come."""
    order = change.order
    if order.state != OrderState.AWAITING or order.awaits_payment:
        return
    order.state, order.hold_until, change.fields = OrderState.PLACED.value, None, {"state", "hold_until"}
    change.note(_Kind.PLACED)


def cancel_unpaid(number: str) -> bool:
    """Cancel an order that was not paid in time; return whether it was. One whose payment is on its way is kept."""
    with changing(number, SYSTEM) as change:
        order = change.order
        is_late = order.hold_until is not None and order.hold_until <= timezone.now()
        on_its_way = order.online_payments.filter(state=OnlinePayment.State.PROCESSING)
        place_if_paid(change)
        if order.state != OrderState.AWAITING or not is_late or on_its_way.exists():
            return False
        with translation.override(order.language):
            _cancel(change, gettext("It was not paid in time."))
        return True


def note_refund(number: str, who: Who, amount: Decimal, reason: str, *, version: int | None = None) -> Order:
    """Note what was paid back to the buyer.

    Raises:
        InvalidDetails: If the amount is not above 0, or more than was paid.
        NotFound, WrongState: As `changing`.
    """
    with changing(number, who, version=version) as change:
        order = change.order
        if _above_nothing(order, amount) > left_to_pay_back(order):
            raise InvalidDetails("amount", gettext("That is more than was paid."))
        order.refunded += amount
        order.payment_state, change.fields = payment_state(order), {"refunded", "payment_state"}
        change.note(_Kind.REFUNDED, clean(f"{plain_amount(amount, order.currency)} {reason}", _LONGEST_REASON))
        return order


def left_to_pay_back(order: Order) -> Decimal:
    """Return what can still be paid back: what is on its way back at a provider cannot be once more."""
    on_its_way = order.refunds.pending().exclude(payment__outcome="currency").aggregate(n=Sum("amount"))["n"]
    left: Decimal = order.paid - order.refunded - (on_its_way or 0)
    return left


def _cancel(change: Change, reason: str) -> None:
    order = change.order
    _come_from(order, OrderState.CANCELLED)
    order.state, order.cancelled_by = OrderState.CANCELLED.value, change.who.actor
    order.cancel_reason, change.fields = reason, {"state", "cancelled_by", "cancel_reason"}
    return_stock(change.pieces, reference=order.number)
    if order.coupon_use is not None:
        give_back(order.coupon_use)
    release(order.online_payments.all())
    change.note(_Kind.CANCELLED, reason)


def _come_from(order: Order, state: OrderState) -> None:
    if order.state not in FROM[state]:
        raise WrongState(
            gettext("The order is %(state)s, so this cannot be done.") % {"state": order.get_state_display()},
            fix=gettext("Look at it as it is now."),
        )


def _above_nothing(order: Order, amount: Decimal) -> Decimal:
    if not is_amount(amount, order.currency) or not amount:
        raise InvalidDetails("amount", gettext("Write an amount above 0, in whole parts of the currency."))
    return amount


def _check_due(order: Order) -> None:
    """Refuse a payment for which nothing is due."""
    if order.state == OrderState.CANCELLED:
        raise WrongState(
            gettext("The order was cancelled, so it is not marked as paid."),
            fix=gettext("If money came for it, pay it back."),
        )
    if order.payment_state == Order.PaymentState.REFUNDED:
        raise WrongState(
            gettext("The payment of this order was paid back, so it is not marked as paid again."),
            fix=gettext("Let the buyer order again."),
        )
    if order.authorised and not order.awaits_payment:
        raise WrongState(
            gettext("The payment of this order is authorised, so it is not marked as paid."),
            fix=gettext("Take the payment. If it was paid in another way, let go what is authorised first."),
        )
    if not order.awaits_payment:
        raise WrongState(gettext("The order is paid already."), fix=gettext("Look at it as it is now."))


def payment_state(order: Order) -> str:
    """Return the state of the payment by its amounts. It moves only forward: not paid, authorised, paid, paid back.

    An authorisation that ends without being taken is the caller's.
    """
    if order.payment_state == Order.PaymentState.REFUNDED or (order.refunded and order.refunded >= order.paid):
        return Order.PaymentState.REFUNDED.value
    if order.paid and order.paid - order.refunded >= order.total:
        return Order.PaymentState.PAID.value
    if order.payment_state == Order.PaymentState.UNPAID and order.authorised and order.due <= 0:
        return Order.PaymentState.AUTHORISED.value
    return order.payment_state
