"""Payments of which a provider tells, in any order and as often as it likes: none undoes another."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils import translation
from django.utils.translation import gettext

from catalog.models import Store
from orders.models import Order, OrderEvent, OrderState, PaymentReport
from orders.refusals import WrongState
from orders.services.states import SYSTEM, changing, payment_state
from shopmcp.errors import NotFound

_Outcome = PaymentReport.Outcome


@dataclass(frozen=True, slots=True)
class Reported:
    """A payment as its provider tells of it.

    Attributes:
        number: The order's, as it is stored.
        amount: Above 0, with three decimals at the most.
        currency: A code of three letters.
        reference: The provider's own name of the payment.
    """

    number: str
    amount: Decimal
    currency: str
    reference: str


def receive_payment(store: Store, reported: Reported) -> PaymentReport:
    """Keep a payment, and count it for its order if it is what is due. The same again changes nothing.

    Raises:
        NotFound: If the store has no such order.
        WrongState: If the reference has named another payment before.
    """
    with changing(reported.number, SYSTEM) as change:
        order = change.order
        if order.store_id != store.pk:
            raise NotFound(gettext("There is no such order."), fix=gettext("Check its number."))
        report, is_new = PaymentReport.objects.get_or_create(
            store=store,
            reference=reported.reference,
            defaults={
                "order": order,
                "amount": reported.amount,
                "currency": reported.currency,
                "outcome": _outcome(order, reported),
            },
        )
        if not is_new:
            if (report.order_id, report.amount, report.currency) != (order.pk, reported.amount, reported.currency):
                raise WrongState(
                    gettext("This reference has named another payment before."),
                    fix=gettext("Send each payment with a reference of its own."),
                )
            return report
        # The shop reads it; the provider has no language.
        with translation.override(store.language):
            told = gettext("%(sum)s, reference %(reference)s") % {"sum": report.shown, "reference": report.reference}
            if report.outcome == _Outcome.COUNTED:
                order.paid += report.amount
                order.payment_state, change.fields = payment_state(order), {"paid", "payment_state"}
                change.note(OrderEvent.Kind.PAID, told)
            else:
                change.note(OrderEvent.Kind.REPORTED, f"{told}: {report.get_outcome_display()}")
        return report


def _outcome(order: Order, reported: Reported) -> PaymentReport.Outcome:
    if order.state == OrderState.CANCELLED:
        return _Outcome.CANCELLED
    if not order.awaits_payment:
        return _Outcome.NOT_DUE
    if reported.currency != order.currency:
        return _Outcome.CURRENCY
    return _Outcome.COUNTED if reported.amount == order.due else _Outcome.AMOUNT
