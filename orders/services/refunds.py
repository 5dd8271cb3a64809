"""Paying back through the provider that took the money.

The row of a refund is written before the provider is asked, with its key: a crash or a lost answer between the two
leaves a row that the reconciler asks about, and the same key pays back once.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.utils import timezone, translation
from django.utils.translation import gettext

from catalog.language.text import clean
from orders.models import OnlinePayment, Order, OrderEvent, Refund
from orders.models.payments import plain_amount
from orders.payments import provider_named
from orders.payments.provider import PaidBack, ProviderFault, RefundTold
from orders.refusals import InvalidDetails, NotTaken
from orders.services.states import SYSTEM, Change, Who, changing, left_to_pay_back, payment_state
from orders.sums import is_amount
from shopmcp.errors import NotFound

_State = Refund.State
FIRST_LOOK: Final = timedelta(minutes=1)
# Providers keep idempotency keys for a day: a refund that they do not know by then is not asked for again.
_KEY_HOLDS: Final = timedelta(hours=23)


def refund(
    number: str, who: Who, amount: Decimal, reason: str = "", *, payment: int, version: int | None = None
) -> Refund:
    """Pay back a part of an online payment, or all of it.

    Args:
        number: The order's number.
        who: Who pays back.
        amount: In the payment's currency.
        reason: For the order's history; the provider does not get it.
        payment: The key of the payment.
        version: That of the page on which it was asked for.

    Raises:
        InvalidDetails: If the amount is not above 0, or more than can be paid back of this payment.
        NotFound, WrongState: As `changing`, or if there is no such payment.
        NotTaken: If the provider has refused it. If it does not answer, nothing is raised: the refund is pending.
    """
    with changing(number, who, version=version) as change:
        row = _written(change, payment, amount, clean(reason, 300))
        change.save()
    return ask_for(row)


def ask_for(row: Refund) -> Refund:
    """Ask the provider for a refund that is pending, and settle what it says.

    Raises:
        NotTaken: If the provider has refused it.
    """
    try:
        told = _asked(row)
    except ProviderFault as fault:
        if not fault.final:
            Refund.objects.filter(pk=row.pk).update(fault=str(fault))
            row.fault = str(fault)
            return row
        settle_refund(row, PaidBack.FAILED, reason=str(fault))
        raise NotTaken(
            gettext("The payment provider has refused to pay back: %(why)s") % {"why": fault},
            fix=gettext("Look at the payment in the provider's own pages, or pay back in another way."),
        ) from None
    return settle_refund(row, told.state, told)


def settle_refund(row: Refund, state: PaidBack, told: RefundTold | None = None, *, reason: str = "") -> Refund:
    """Keep what a provider says of a refund, and count it for its order. The same again changes nothing.

    A refund that succeeded may still fail, when the buyer's bank gives it back. One that failed stays so.
    """
    with changing(row.order.number, SYSTEM) as change:
        row = Refund.objects.select_related("payment").get(pk=row.pk)
        # Given up here before the provider had told of it, it may have been paid back all the same.
        was_unknown = not row.reference
        if told is not None and was_unknown:
            row.reference = told.reference
            row.save(update_fields=["reference"])
        before, after = _State(row.state), _State(state.value)
        if after in (before, _State.PENDING) or (before == _State.FAILED and not (was_unknown and told)):
            return row
        if told is not None:
            row.amount, row.currency = told.amount, told.currency
        row.state, row.settled_at, row.fault = after.value, timezone.now(), reason or (told.reason if told else "")
        row.save()
        _count(change, row, before)
        return row


def take_refund(payment: OnlinePayment, told: RefundTold) -> Refund:
    """Settle a refund of which the provider tells by itself; one that was made in its own pages gets a row first."""
    with changing(payment.order.number, SYSTEM):
        row = Refund.objects.filter(payment=payment, key=told.key).first() if told.key else None
        row = row or Refund.objects.filter(payment=payment, reference=told.reference).first()
        row = row or Refund.objects.create(
            order=payment.order,
            payment=payment,
            reference=told.reference,
            amount=told.amount,
            currency=told.currency,
            next_look_at=timezone.now() + FIRST_LOOK,
        )
    return settle_refund(row, told.state, told)


def _written(change: Change, payment: int, amount: Decimal, reason: str) -> Refund:
    order = change.order
    row = OnlinePayment.objects.paid().filter(order=order, pk=payment).exclude(reference="").first()
    if row is None:
        raise NotFound(gettext("There is no such payment."), fix=gettext("Look at the order as it is now."))
    if not is_amount(amount, row.received_currency) or not amount:
        raise InvalidDetails("amount", gettext("Write an amount above 0, in whole parts of the currency."))
    left = min(row.left, left_to_pay_back(order)) if row.is_counted else row.left
    if amount > left:
        raise InvalidDetails("amount", gettext("That is more than was paid."))
    now = timezone.now()
    return Refund.objects.create(
        order=order,
        payment=row,
        amount=amount,
        currency=row.received_currency,
        reason=reason,
        who=change.who.name[:150],
        asked_at=now,
        next_look_at=now + FIRST_LOOK,
    )


def _asked(row: Refund) -> RefundTold:
    """Ask once more only what may be asked: a key that the provider has forgotten would pay back twice."""
    payment, provider = row.payment, provider_named(row.payment.provider)
    if row.looks or row.reference:
        if (told := provider.find_refund(payment.reference, row.key)) is not None:
            return told
        if row.reference or not _may_ask_again(row, timezone.now()):
            raise ProviderFault(gettext("The provider knows nothing of it."), final=not row.reference)
    return provider.refund(payment.reference, row.amount, row.currency, row.key)


def _may_ask_again(row: Refund, now: datetime) -> bool:
    return now < row.asked_at + _KEY_HOLDS


def _count(change: Change, row: Refund, before: str) -> None:
    order = change.order
    sign = 1 if row.state == _State.SUCCEEDED else -1 if before == _State.SUCCEEDED else 0
    if row.payment.is_counted and sign:
        order.refunded += sign * row.amount
        change.fields = {"refunded", "payment_state"}
        if sign < 0 and order.refunded < order.paid:
            # The one step back there is: the money has come back.
            order.payment_state = Order.PaymentState.UNPAID.value
        order.payment_state = payment_state(order)
    change.who = Who(Order.Actor.OWNER, row.who) if row.who else SYSTEM
    if row.state == _State.SUCCEEDED:
        change.note(OrderEvent.Kind.REFUNDED, clean(f"{plain_amount(row.amount, row.currency)} {row.reason}", 500))
    else:
        change.who = SYSTEM
        with translation.override(order.store.language):
            text = f"{row.shown}, {row.payment.get_provider_display()} {row.reference}".strip()
            change.note(OrderEvent.Kind.NOT_REFUNDED, f"{text}: {row.fault}" if row.fault else text)
