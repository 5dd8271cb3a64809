"""Checks of payments at online providers against their orders."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, Round
from django.utils import timezone
from django.utils.translation import gettext as _

from maintenance.checks.finding import Finding, named
from orders.models import OnlinePayment, Order, OrderState, Refund
from orders.services.reconciling import PATIENCE, reconcile

_AMOUNT = OnlinePayment._meta.get_field("amount")
# A provider that has not answered for so long will hardly do it by itself.
_LONG = timedelta(days=1)


def amounts() -> Iterator[Finding]:
    """Orders that count less than came or was paid back at their providers, or not what is authorised there."""
    came = OnlinePayment.objects.counted().filter(order=OuterRef("pk")).order_by().values("order")
    went = Refund.objects.counted().filter(order=OuterRef("pk")).order_by().values("order")
    held = OnlinePayment.objects.held().filter(order=OuterRef("pk")).order_by().values("order")
    summed = Order.objects.annotate(
        came=_sum(came, "received"), went=_sum(went, "amount"), held=_sum(held, "authorised")
    )
    # SQLite computes with fractions of two.
    summed = summed.annotate(off=Round(F("held") - F("authorised"), precision=3, output_field=_AMOUNT))
    if wrong := _numbers(summed.filter(Q(came__gt=F("paid")) | Q(went__gt=F("refunded")) | ~Q(off=0))):
        yield Finding(
            "online_payment",
            _("These orders do not count what came, is authorised or went back at their provider: %(orders)s.")
            % {"orders": named(wrong)},
            _("Somebody changed the table by hand. Compare each with the provider, and correct the amounts."),
        )


def authorised() -> Iterator[Finding]:
    """Authorisations that nobody takes or lets go any more, and captures that nobody has heard of."""
    now = timezone.now()
    late = OnlinePayment.objects.authorised().filter(
        Q(capture_before__lte=now - _LONG) | Q(release_asked_at__lte=now - _LONG)
    )
    if old := _numbers(Order.objects.filter(pk__in=late.values("order"))):
        yield Finding(
            "authorised_payment",
            _("What was authorised for these orders should have been let go by now: %(orders)s.")
            % {"orders": named(old)},
            _("A running server asks the provider by itself. Mending asks it now."),
            _mend,
        )
    if old := _numbers(Order.objects.filter(captures__state="pending", captures__asked_at__lte=now - _LONG).distinct()):
        yield Finding(
            "pending_capture",
            _("The provider has not said for a day whether it took the payments of these orders: %(orders)s.")
            % {"orders": named(old)},
            _("Look at the payments in the provider's own pages."),
        )


def refunds() -> Iterator[Finding]:
    """Payments of which more is paid back than came."""
    of = Refund.objects.holding().filter(payment=OuterRef("pk")).order_by().values("payment")
    rows = OnlinePayment.objects.annotate(went=_sum(of, "amount")).filter(
        Q(went__gt=F("received")) | Q(received=None, went__gt=0)
    )
    if wrong := sorted({payment.order.shown_number for payment in rows.select_related("order")}):
        yield Finding(
            "refund_sum",
            _("More than was paid goes back for these orders: %(orders)s.") % {"orders": named(wrong)},
            _("Look at the refunds in the provider's own pages."),
        )


def waiting() -> Iterator[Finding]:
    """Orders that should have been placed or cancelled by now, and refunds that nobody has heard of."""
    now = timezone.now()
    late = Q(state=OrderState.AWAITING) & (Q(hold_until=None) | Q(hold_until__lte=now - PATIENCE - PATIENCE))
    paid = Q(state=OrderState.AWAITING, paid__gte=F("total") + F("refunded"))
    on_its_way = OnlinePayment.objects.filter(state=OnlinePayment.State.PROCESSING).values("order")
    if wrong := _numbers(Order.objects.filter(late | paid).exclude(pk__in=on_its_way)):
        yield Finding(
            "awaiting_order",
            _("These orders await a payment that came, or whose time is over: %(orders)s.") % {"orders": named(wrong)},
            _("A running server cancels them by itself. Mending does it now."),
            _mend,
        )
    if old := _numbers(Order.objects.filter(refunds__state="pending", refunds__asked_at__lte=now - _LONG).distinct()):
        yield Finding(
            "pending_refund",
            _("The provider has not said for a day whether it pays back for these orders: %(orders)s.")
            % {"orders": named(old)},
            _("Look at the refunds in the provider's own pages."),
        )


def _mend() -> None:
    reconcile()


def _sum(rows: Any, column: str) -> Coalesce:
    total = Subquery(rows.annotate(n=Sum(column)).values("n"))
    return Coalesce(total, 0, output_field=models.DecimalField(max_digits=14, decimal_places=3))


def _numbers(orders: "models.QuerySet[Order]") -> list[str]:
    return [order.shown_number for order in orders.order_by("number")]


CHECKS = (amounts, authorised, refunds, waiting)
