"""Asking providers what became of payments of which they have not told: a message may be lost, or never have been sent.

`serve` does it in the background and `cleanup_sessions` once. Whoever looks at a row first puts off its next look, so
several processes do not ask the same at once; if they do, the same answer changes nothing.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from orders.models import Capture, OnlinePayment, Order, OrderState, ProviderEvent, Refund
from orders.payments import provider_named
from orders.payments.provider import Paid, ProviderFault, Told
from orders.refusals import NotTaken
from orders.services import captures, refunds
from orders.services.ending import tell_if_ending
from orders.services.online import settle
from orders.services.states import cancel_unpaid

logger = logging.getLogger(__name__)
# Seconds between two looks in the background.
EVERY: Final = 10.0
_MOST: Final = 100
# A provider that does not answer cannot say that an order was paid after all: so long the order is kept for it.
PATIENCE: Final = timedelta(minutes=10)
_LONGEST_WAIT: Final = timedelta(hours=1)
# Nothing is expected to happen to what is authorised for days.
_WAIT_AUTHORISED: Final = timedelta(hours=6)
# Stripe repeats a message for three days.
_KEEP_EVENTS: Final = timedelta(days=30)
_State = OnlinePayment.State


def _never() -> bool:
    return False


def reconcile(stopping: Callable[[], bool] = _never) -> int:
    """Ask what is to be asked now, and cancel the orders that were not paid in time; return how many those were."""
    for payment in OnlinePayment.objects.to_look_at(timezone.now()).select_related("order")[:_MOST]:
        if stopping():
            return 0
        if _is_mine(payment):
            look_at(payment)
    for capture in Capture.objects.to_look_at(timezone.now()).select_related("order", "payment")[:_MOST]:
        if stopping():
            return 0
        if _is_mine(capture):
            _look_at_capture(capture)
    for refund in Refund.objects.to_look_at(timezone.now()).select_related("order", "payment")[:_MOST]:
        if stopping():
            return 0
        if _is_mine(refund):
            _look_at_refund(refund)
    late = Order.objects.unpaid_in_time(timezone.now())[:_MOST]
    return sum(release(order) for order in late if not stopping())


def drop_old_events() -> int:
    """Delete messages of providers that are too old to come again; return how many."""
    return ProviderEvent.objects.filter(at__lt=timezone.now() - _KEEP_EVENTS).delete()[0]


def look_at(payment: OnlinePayment) -> OnlinePayment:
    """Ask the provider how far a payment is, and settle what it says."""
    now = timezone.now()
    # Others may have been looked at meanwhile, each for seconds.
    payment.refresh_from_db()
    if payment.captures.pending().exists():
        return payment  # its capture is looked at, and tells what became of both
    if not payment.session:
        # Nobody was sent to a page whose address never came here, so nobody pays there.
        is_over = payment.expires_at + PATIENCE <= now
        return settle(payment, Told("", Paid.EXPIRED)) if is_over else payment
    provider = provider_named(payment.provider)
    try:
        told = provider.ask(payment.session) if _is_wanted(payment) else provider.close(payment.session)
    except ProviderFault as fault:
        logger.warning("the provider of payment %s of order %s: %s", payment.pk, payment.order.number, fault)
        OnlinePayment.objects.filter(pk=payment.pk).update(fault=str(fault))
        return payment
    payment = settle(payment, told)
    tell_if_ending(payment)
    return payment


def _is_wanted(payment: OnlinePayment) -> bool:
    """Whether it is to be paid, or kept authorised: an order that was cancelled, or is paid, is not paid once more."""
    if payment.state == _State.AUTHORISED:
        return payment.release_asked_at is None
    return payment.order.state != OrderState.CANCELLED and payment.order.awaits_payment


def release(order: Order) -> bool:
    """Cancel an order that was not paid in time, once its provider says so; return whether it was.

    One whose payment turns out to have come is placed instead.
    """
    sure = True
    for payment in order.online_payments.live():
        try:
            if payment.session:
                settle(payment, provider_named(payment.provider).close(payment.session))
        except ProviderFault as fault:
            logger.warning("the provider of payment %s of order %s: %s", payment.pk, order.number, fault)
            sure = False
    is_overdue = order.hold_until is not None and order.hold_until + PATIENCE <= timezone.now()
    return cancel_unpaid(order.number) if sure or is_overdue else False


def _look_at_refund(refund: Refund) -> None:
    refund.looks += 1
    try:
        refunds.ask_for(refund)
    except NotTaken as why:  # the owner is told by mail
        logger.warning("a refund of order %s: %s", refund.order.number, why)


def _look_at_capture(capture: Capture) -> None:
    capture.looks += 1
    try:
        captures.ask_for(capture)
    except NotTaken as why:  # as above
        logger.warning("a payment of order %s that was to be taken: %s", capture.order.number, why)


def _is_mine(row: OnlinePayment | Refund | Capture) -> bool:
    """Put off the next look, and return whether nobody else did."""
    looks, now = min(row.looks + 1, 30_000), timezone.now()
    following = next_look(now, looks)
    if isinstance(row, OnlinePayment) and row.state == _State.AUTHORISED and row.release_asked_at is None:
        following = now + _WAIT_AUTHORISED
        if row.capture_before is not None and row.capture_before > now:
            following = min(following, row.capture_before + timedelta(minutes=1))
    rows = type(row).objects.filter(pk=row.pk, next_look_at=row.next_look_at)
    return bool(rows.update(next_look_at=following, looks=looks))


def next_look(now: datetime, looks: int) -> datetime:
    """Return when to ask again after so many times: after one minute, two, four, up to an hour."""
    return now + min(timedelta(minutes=2 ** min(looks - 1, 6)), _LONGEST_WAIT)
