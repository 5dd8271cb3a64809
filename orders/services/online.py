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
from orders.models import Capture, OnlinePayment, Order, OrderEvent, OrderState, PaymentReport, ProviderEvent
from orders.payments import provider_named
from orders.payments.provider import Notice, Paid, ProviderFault, Told, Wanted
from orders.refusals import NotTaken, WrongState
from orders.services import authorising
from orders.services.refunds import take_refund
from orders.services.states import SYSTEM, Change, Who, changing, payment_state, place_if_paid

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
    _State.AUTHORISED: 4,
    # What went back may yet have been taken: a provider that says so later is believed.
    _State.RELEASED: 5,
    _State.PAID: 6,
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
        take_later=payment.take_later,
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
    an order that was cancelled, is then to be paid back. Money in another currency is kept, and not counted. What is
    authorised for nothing, or in another currency, is let go.

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
        if _is_elsewhere(row, told):
            if not told.session or (
                told.state != Paid.PAID and not (row.take_later and told.state in (Paid.PROCESSING, Paid.AUTHORISED))
            ):
                return row
            # The provider opened two pages for one question; money that came by either is kept.
            row = _another(row, told)
        before, state = _State(row.state), _State(told.state.value)
        if told.capture_before and state == before == _State.AUTHORISED:
            row.capture_before = told.capture_before
            row.save(update_fields=["capture_before"])
        if _RANK[state] <= _RANK[before] and not (before == _State.OPENING and state == _State.OPEN):
            return row
        row.state, row.session = state.value, row.session or told.session
        row.reference = row.reference or told.reference
        row.address = row.address or told.address if row.is_live and state != _State.AUTHORISED else ""
        if before == _State.AUTHORISED:
            authorising.end(change, row)
        if state == _State.AUTHORISED:
            authorising.begin(change, row, told, _outcome(change.order, row, told))
        elif state == _State.PAID:
            _count(change, row, told)
        elif before == _State.AUTHORISED:
            authorising.tell_end(change, row)
        row.save()
        return row


def take_notice(provider: str, notice: Notice) -> bool:
    """Act on a message of a provider whose signature fits; return whether it is about a payment of this shop."""
    rows = OnlinePayment.objects.select_related("order").filter(provider=provider)
    if (told := notice.payment) is not None:
        by = [{"session": told.session}, {"reference": told.reference}, {"key": told.key}]
        # One after the other: an event of the money alone may name a page that was opened twice by its key.
        found = next((row for each in by if all(each.values()) and (row := rows.filter(**each).first())), None)
        if found is None or (not told.session and not _is_about(found, told)):
            return False
        # A page does not say what is authorised, or how much of that was taken: the provider is asked.
        is_vague = bool(told.session and found.take_later)
        if not is_vague or told.state != Paid.PAID:
            settle(found, told, event=notice.event, kind=notice.kind)
        if is_vague:
            look_soon(found.order)
        return True
    if (back := notice.refund) is not None and back.payment:
        found = rows.filter(reference=back.payment, state=_State.PAID).first()
        if found is not None and (back.is_money or back.key or not found.take_later):
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
        open_now = rows.filter(state__in=(_State.OPENING, _State.OPEN), expires_at__gt=now)
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
        take_later=_is_taken_later(order),
    )


def _is_taken_later(order: Order) -> bool:
    """Whether a payment that is begun now is authorised first; not what is paid beside another, or for ready goods."""
    is_first = not order.authorised and not order.paid
    may_change = order.can_be_changed or order.state == OrderState.AWAITING
    return order.take_later and is_first and may_change and provider_named(order.payment).can_take_later


def look_soon(order: Order) -> None:
    """Have the reconciler ask for the order's payments at its next turn."""
    order.online_payments.live().filter(looks__lt=10).update(next_look_at=timezone.now())


def _is_elsewhere(row: OnlinePayment, told: Told) -> bool:
    """Whether the provider tells of another page than that of the row, or of other money."""
    if row.take_later and row.reference and told.reference:
        return told.reference != row.reference
    return bool(told.session and row.session and told.session != row.session)


def _is_about(row: OnlinePayment, told: Told) -> bool:
    """Whether an event of the money alone is about a row that was found for it.

    The row of a page that is not known yet learns it first, by an event of the page: by it the provider is asked.
    """
    return row.take_later and bool(row.session) and row.reference in ("", told.reference)


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
            "take_later": row.take_later,
        },
    )[0]


def _count(change: Change, row: OnlinePayment, told: Told) -> None:
    order = change.order
    row.received, row.received_currency = told.amount or Decimal(0), told.currency
    row.reference, row.paid_at = told.reference, timezone.now()
    taken = authorising.taken(row, row.received)
    row.outcome = _outcome(order, row, told, taken).value
    if row.is_counted:
        order.paid += row.received
    order.payment_state, change.fields = payment_state(order), {"authorised", "paid", "payment_state"}
    if taken is not None and taken.who:
        change.who = Who(Order.Actor.OWNER, taken.who)
    # The shop reads it.
    with translation.override(order.store.language):
        # The names of what the shop took are in the row alone: this text outlives what the buyer may have forgotten.
        text = f"{row.shown}, {row.get_provider_display()} {'' if taken else row.reference}".strip()
        if row.outcome == _Outcome.COUNTED:
            change.note(OrderEvent.Kind.PAID, text)
        else:
            change.note(OrderEvent.Kind.REPORTED, f"{text}: {row.get_outcome_display()}")
    place_if_paid(change)


def _outcome(order: Order, row: OnlinePayment, told: Told, taken: Capture | None = None) -> PaymentReport.Outcome:
    """Whether what came, or is authorised, is what was due; `taken` is how the shop asked for it."""
    if told.currency != order.currency:
        return _Outcome.CURRENCY
    if order.state == OrderState.CANCELLED:
        return _Outcome.CANCELLED
    if taken is not None:
        return _Outcome.COUNTED if told.amount == taken.amount else _Outcome.AMOUNT
    if not order.awaits_payment:
        return _Outcome.NOT_DUE
    # What was authorised may have been taken in the provider's own pages, in part as well.
    wanted = order.due if row.authorised_at is not None else row.amount
    return _Outcome.COUNTED if told.amount == order.due == wanted else _Outcome.AMOUNT
