"""Payments by a provider that takes them online: begun here, settled by what the provider says.

A provider is never called within a transaction. What it says comes by its messages and by the reconciler's questions,
late, twice or out of turn: each is settled under the lock of its order, and undoes nothing that was paid.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.utils import timezone, translation
from django.utils.translation import gettext

from offers.online import takes_payments
from orders.links import link_of
from orders.models import OnlinePayment, Order, OrderEvent, OrderState, PaymentReport, ProviderEvent
from orders.payments import provider_named
from orders.payments.provider import Notice, Paid, ProviderFault, Told, Wanted
from orders.refusals import NotTaken, WrongState
from orders.services.refunds import take_refund
from orders.services.states import SYSTEM, Change, changing, payment_state, place_if_paid

_Outcome = PaymentReport.Outcome
_State = OnlinePayment.State
# Providers keep a page open for half an hour at the least; a little more, as their clocks may differ.
LEAST_OPEN: Final = timedelta(minutes=31)
# The reconciler asks first when a message should have come.
FIRST_LOOK: Final = timedelta(minutes=1)
# What a provider says moves a payment forward only.
_RANK: Final = {
    _State.OPENING: 0,
    _State.OPEN: 1,
    _State.PROCESSING: 2,
    _State.FAILED: 3,
    _State.EXPIRED: 3,
    _State.PAID: 4,
}


def start_payment(number: str) -> str:
    """Return the address at which the order is paid; the same while that can be used.

    Raises:
        NotFound: If there is no such order.
        WrongState: If nothing is due, or its time to be paid is over.
        NotTaken: If the provider does not take the payment now.
    """
    payment, name, language = _begun(number)
    if payment.address:
        return payment.address
    provider = provider_named(payment.provider)
    page = link_of(number, full=False)
    wanted = Wanted(
        payment.key,
        payment.amount,
        payment.currency,
        name,
        language,
        back=page.replace("/orders/", "/payments/return/"),
        instead=page,
        expires_at=payment.expires_at,
    )
    try:
        told = provider.open(wanted)
    except ProviderFault as fault:
        OnlinePayment.objects.filter(pk=payment.pk).update(
            fault=str(fault), **({"state": _State.FAILED} if fault.final else {})
        )
        if fault.final:
            raise NotTaken(
                gettext("The payment provider does not take this payment."),
                fix=gettext("Cancel the order and pay another way, or ask the shop."),
            ) from None
        raise NotTaken(
            gettext("The payment provider does not answer as it should."),
            fix=gettext("Try again in a minute. The order is kept for you until then."),
        ) from None
    OnlinePayment.objects.filter(pk=payment.pk, state=_State.OPENING).update(
        state=_State.OPEN, session=told.session, address=told.address, fault=""
    )
    return told.address


def settle(payment: OnlinePayment, told: Told, *, event: str = "", kind: str = "") -> OnlinePayment:
    """Keep what a provider says of a payment, and count for its order what has come. The same again changes nothing.

    Money in the order's currency is counted whatever its amount, and whenever it comes: what is too much, or came for
    an order that was cancelled, is then to be paid back. Money in another currency is kept, and not counted.

    Args:
        payment: The row that the message is about.
        told: What the provider says.
        event: The provider's name of the message, if it was one.
        kind: The kind of that message.
    """
    with changing(payment.order.number, SYSTEM) as change:
        row = OnlinePayment.objects.get(pk=payment.pk)
        if event and not _is_new(row, event, kind):
            return row
        if told.session and row.session and told.session != row.session:
            if told.state != Paid.PAID:
                return row
            # The provider opened two pages for one question; money that came by either is kept.
            row = _another(row, told)
        state = _State(told.state.value)
        if _RANK[state] <= _RANK[_State(row.state)] and not (row.state == _State.OPENING and state == _State.OPEN):
            return row
        row.state, row.session = state.value, row.session or told.session
        row.address = "" if not row.is_live else row.address or told.address
        if state == _State.PAID:
            _count(change, row, told)
        row.save()
        return row


def take_notice(provider: str, notice: Notice) -> bool:
    """Act on a message of a provider whose signature fits; return whether it is about a payment of this shop."""
    rows = OnlinePayment.objects.select_related("order").filter(provider=provider)
    if (told := notice.payment) is not None:
        found = rows.filter(session=told.session).first() or (rows.filter(key=told.key).first() if told.key else None)
        if found is not None:
            settle(found, told, event=notice.event, kind=notice.kind)
        return found is not None
    if (back := notice.refund) is not None and back.payment:
        found = rows.filter(reference=back.payment, state=_State.PAID).first()
        if found is not None:
            take_refund(found, back)
            _is_new(found, notice.event, notice.kind)
        return found is not None
    return False


def _begun(number: str) -> tuple[OnlinePayment, str, str]:
    """Return the order's payment that can be used now, made if there is none; what it is for; the buyer's language."""
    with changing(number, SYSTEM) as change:
        order, now = change.order, timezone.now()
        if order.state == OrderState.CANCELLED or (order.hold_until is not None and order.hold_until <= now):
            raise WrongState(
                gettext("The time to pay for this order is over."),
                fix=gettext("Let the chat order the same again."),
            )
        if not order.is_online or not order.awaits_payment:
            raise WrongState(gettext("Nothing is to be paid here."), fix=gettext("Look at the order as it is now."))
        if not takes_payments(order.payment, order.store):
            raise NotTaken(gettext("The shop takes no payments online now."), fix=gettext("Ask it how to pay."))
        name = f"{order.shown_number} · {order.store.name}"
        rows = order.online_payments.live().filter(provider=order.payment, amount=order.due, currency=order.currency)
        open_now = rows.exclude(state=_State.PROCESSING).filter(expires_at__gt=now)
        payment = open_now.order_by("-id").first() or _new(order, now)
        return payment, name, order.language


def _new(order: Order, now: datetime) -> OnlinePayment:
    return OnlinePayment.objects.create(
        order=order,
        provider=order.payment,
        amount=order.due,
        currency=order.currency,
        begun_at=now,
        expires_at=max(order.hold_until or now, now + LEAST_OPEN),
        next_look_at=now + FIRST_LOOK,
    )


def _is_new(row: OnlinePayment, event: str, kind: str) -> bool:
    return ProviderEvent.objects.get_or_create(
        provider=row.provider, event=event[:255], defaults={"payment": row, "kind": kind[:60]}
    )[1]


def _another(row: OnlinePayment, told: Told) -> OnlinePayment:
    """Return the row of another page for the same question."""
    return OnlinePayment.objects.get_or_create(
        provider=row.provider,
        session=told.session,
        defaults={
            "order": row.order,
            "amount": row.amount,
            "currency": row.currency,
            "state": _State.OPEN,
            "expires_at": row.expires_at,
            "next_look_at": timezone.now(),
        },
    )[0]


def _count(change: Change, row: OnlinePayment, told: Told) -> None:
    order = change.order
    row.received, row.received_currency = told.amount or Decimal(0), told.currency
    row.reference, row.paid_at = told.reference, timezone.now()
    row.outcome = _outcome(order, row).value
    if row.is_counted:
        order.paid += row.received
        order.payment_state, change.fields = payment_state(order), {"paid", "payment_state"}
    # The shop reads it.
    with translation.override(order.store.language):
        text = f"{row.shown}, {row.get_provider_display()} {row.reference}"
        if row.outcome == _Outcome.COUNTED:
            change.note(OrderEvent.Kind.PAID, text)
        else:
            change.note(OrderEvent.Kind.REPORTED, f"{text}: {row.get_outcome_display()}")
    place_if_paid(change)


def _outcome(order: Order, row: OnlinePayment) -> PaymentReport.Outcome:
    if row.received_currency != order.currency:
        return _Outcome.CURRENCY
    if order.state == OrderState.CANCELLED:
        return _Outcome.CANCELLED
    if not order.awaits_payment:
        return _Outcome.NOT_DUE
    return _Outcome.COUNTED if row.received == order.due == row.amount else _Outcome.AMOUNT
