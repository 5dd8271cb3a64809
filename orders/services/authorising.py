"""What an authorisation does to its order: it begins, is taken or ends. Callers lock the order and save the payment.

An order whose sum is authorised goes on as a paid one does. What is authorised is no money yet.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from django.utils import timezone, translation
from django.utils.translation import gettext

from orders.models import Capture, OnlinePayment, Order, OrderEvent, PaymentReport
from orders.payments.provider import Told
from orders.services.states import SYSTEM, Change, Who, payment_state, place_if_paid

_Kind = OrderEvent.Kind
# As long as cards hold money for a shop at Stripe, which says the exact time when it is asked.
HOLDS: Final = timedelta(days=7)
_FIRST_LOOK: Final = timedelta(minutes=1)


def begin(change: Change, row: OnlinePayment, told: Told, outcome: PaymentReport.Outcome) -> None:
    """Keep what is authorised, and count it for the order. What is for nothing is let go at once."""
    order, now = change.order, timezone.now()
    row.authorised, row.received_currency, row.outcome = told.amount or Decimal(0), told.currency, outcome.value
    row.authorised_at, row.capture_before = now, told.capture_before or now + HOLDS
    # It is asked for soon: a message does not say until when it can be taken.
    row.looks, row.next_look_at = 0, now + _FIRST_LOOK
    if row.is_held:
        order.authorised += row.authorised
    else:
        row.release_asked_at, row.next_look_at = now, now
    order.payment_state, change.fields = payment_state(order), {"authorised", "payment_state"}
    is_odd = outcome in (PaymentReport.Outcome.AMOUNT, PaymentReport.Outcome.CURRENCY)
    with translation.override(order.store.language):
        text = _text(row)
        if outcome != PaymentReport.Outcome.COUNTED:
            text = f"{text}: {outcome.label}"
        if is_odd:
            text = gettext("authorised: %(what)s") % {"what": text}
        change.note(_Kind.REPORTED if is_odd else _Kind.AUTHORISED, text)
    place_if_paid(change)


def end(change: Change, row: OnlinePayment) -> None:
    """Take what was authorised off the order; `row` has its new state already. The caller says what became of it."""
    order = change.order
    if row.outcome in OnlinePayment.HELD:
        order.authorised -= row.authorised or Decimal(0)
    if order.payment_state == Order.PaymentState.AUTHORISED and not order.authorised:
        order.payment_state = Order.PaymentState.UNPAID.value
    order.payment_state, change.fields = payment_state(order), {"authorised", "payment_state"}


def tell_end(change: Change, row: OnlinePayment) -> None:
    """Tell that what was authorised was not taken; captures that wait for an answer have failed."""
    with translation.override(change.order.store.language):
        why = gettext("The authorisation has ended.")
        row.captures.pending().update(state=Capture.State.FAILED, settled_at=timezone.now(), fault=why)
        change.note(_Kind.EXPIRED if row.release_asked_at is None else _Kind.RELEASED, _text(row))


def taken(row: OnlinePayment, received: Decimal) -> Capture | None:
    """Settle the capture by which this was taken, and return it; None if the shop did not ask for it."""
    capture = row.captures.pending().first()
    if capture is not None:
        capture.state, capture.settled_at, capture.fault = Capture.State.SUCCEEDED.value, timezone.now(), ""
        if received != capture.amount:
            capture.fault = gettext("The provider took %(sum)s.") % {"sum": f"{received} {row.received_currency}"}
        capture.save()
    return capture


def refuse(change: Change, capture: Capture, why: str) -> None:
    """Keep that the provider did not take it; what is authorised stays so."""
    capture.state, capture.settled_at, capture.fault = Capture.State.FAILED.value, timezone.now(), why
    capture.save()
    change.who = Who(Order.Actor.OWNER, capture.who) if capture.who else SYSTEM
    with translation.override(change.order.store.language):
        change.note(_Kind.NOT_TAKEN, f"{capture.shown}, {capture.payment.get_provider_display()}: {why}")


def _text(row: OnlinePayment) -> str:
    """What is held, for the shop; in the active language."""
    return f"{row.shown_authorised}, {row.get_provider_display()} {row.reference}".strip()
