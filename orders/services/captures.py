"""Taking what was authorised, once, and letting it go.

The row of a capture is written before the provider is asked, with its key. An authorisation can be taken once, whatever
the key: after a crash or a lost answer the provider is asked what became of it before it is asked to take it again.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext

from orders.models import Capture, OnlinePayment
from orders.payments import provider_named
from orders.payments.provider import Paid, ProviderFault, Told
from orders.refusals import NotTaken
from orders.services import authorising
from orders.services.held import Held, release
from orders.services.online import settle
from orders.services.states import SYSTEM, Change, Who, changing

_State = Capture.State
FIRST_LOOK: Final = timedelta(minutes=1)


def take_payment(number: str, who: Who, *, version: int | None = None) -> list[Capture]:
    """Take what the order costs now of what is authorised for it, and let go what is more.

    Args:
        number: The order's number.
        who: Who takes it.
        version: That of the page on which it was asked for.

    Raises:
        NotFound, WrongState: As `changing`, or if nothing can be taken (`held.Held`).
        NotTaken: If the provider has refused it. If it does not answer, nothing is raised: the capture is pending.
    """
    with changing(number, who, version=version) as change:
        rows = _written(change)
        change.save()
    return _all_asked(rows)


def let_go(number: str, who: Who, *, version: int | None = None) -> int:
    """Let what is authorised for an order go back to the buyer, who then has to pay again; return how many payments.

    Raises:
        NotFound, WrongState: As `changing`, or if nothing can be let go (`held.Held`).
    """
    with changing(number, who, version=version) as change:
        held = Held.of(change.order)
        held.check_can_be_let_go()
        release(change.order.online_payments.all())
        change.save()
    for row in held.payments:
        close(row)
    return len(held.payments)


def close(row: OnlinePayment) -> OnlinePayment:
    """Ask the provider to end a payment, and settle what it says; the reconciler asks again if it does not answer."""
    try:
        return settle(row, provider_named(row.provider).close(row.session))
    except ProviderFault as fault:
        OnlinePayment.objects.filter(pk=row.pk).update(fault=str(fault))
        return row


def ask_for(row: Capture) -> Capture:
    """Ask the provider to take what a pending capture says, and settle what it answers.

    Raises:
        NotTaken: If it was not taken.
    """
    try:
        told, why = _asked(row)
    except ProviderFault as fault:
        Capture.objects.filter(pk=row.pk, state=_State.PENDING).update(fault=str(fault))
        row.fault = str(fault)
        return row
    if told is not None:
        settle(row.payment, told)
    with changing(row.order.number, SYSTEM) as change:
        row = Capture.objects.select_related("payment").get(pk=row.pk)
        if why and row.state == _State.PENDING:
            authorising.refuse(change, row, why)
    if row.state == _State.FAILED:
        raise NotTaken(
            gettext("The payment was not taken: %(why)s") % {"why": row.fault},
            fix=gettext("Look at the payment in the provider's own pages. The buyer may have to pay again."),
        )
    return row


def _written(change: Change) -> list[Capture]:
    order, now = change.order, timezone.now()
    left, rows = order.to_take, []
    for payment in Held.of(order).check_takeable():
        amount = min(left, payment.authorised or Decimal(0))
        if not amount:
            release(order.online_payments.filter(pk=payment.pk))
            continue
        left -= amount
        rows.append(
            Capture.objects.create(
                order=order,
                payment=payment,
                amount=amount,
                currency=payment.received_currency,
                who=change.who.name[:150],
                asked_at=now,
                next_look_at=now + FIRST_LOOK,
            )
        )
    return rows


def _all_asked(rows: Sequence[Capture]) -> list[Capture]:
    """Ask for each, also after one that was refused; then tell of that."""
    done, refusal = [], None
    for row in rows:
        try:
            done.append(ask_for(row))
        except NotTaken as why:
            refusal = why
    if refusal is not None:
        raise refusal
    return done


def _asked(row: Capture) -> tuple[Told | None, str]:
    """Return what the provider tells of the payment, and why it did not take it; one of them, or both.

    Raises:
        ProviderFault: If it is not known what became of it.
    """
    payment = row.payment
    provider = provider_named(payment.provider)
    if row.looks:
        told = provider.ask(payment.session)
        if told.state != Paid.AUTHORISED:
            return told, ""
        if not OnlinePayment.objects.filter(pk=payment.pk, release_asked_at=None).exists():
            return None, gettext("The order was cancelled.")
    try:
        return provider.capture(payment.reference, row.amount, row.currency, row.key), ""
    except ProviderFault as fault:
        if not fault.final:
            raise
        # It may have been taken before, or have ended.
        told = provider.ask(payment.session)
        return told, str(fault) if told.state == Paid.AUTHORISED else ""
