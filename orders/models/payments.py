"""What payment providers reported."""

from decimal import Decimal
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from catalog.models import Store
from orders.models.orders import Order
from shopmcp.money import is_currency, money, rounded


class PaymentReportQuerySet(models.QuerySet["PaymentReport"]):
    def counted(self) -> Self:
        return self.filter(outcome=PaymentReport.Outcome.COUNTED)

    def to_be_checked(self) -> Self:
        """Payments that did not fit: the owner decides what becomes of them."""
        return self.exclude(outcome=PaymentReport.Outcome.COUNTED)


class PaymentReport(models.Model):
    """A payment of which the provider of a store's pay link told; one row, however often it told."""

    class Outcome(models.TextChoices):
        COUNTED = "counted", _("counted")
        CURRENCY = "currency", _("another currency")
        AMOUNT = "amount", _("another amount than was due")
        NOT_DUE = "not_due", _("nothing was due")
        CANCELLED = "cancelled", _("the order was cancelled")

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", verbose_name=_("store"))
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="payment_reports", verbose_name=_("order"))
    # The provider's own name of the payment.
    reference = models.CharField(_("reference"), max_length=200)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=3)
    currency = models.CharField(_("currency"), max_length=3)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    at = models.DateTimeField(_("time"), default=timezone.now)

    objects = PaymentReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("reported payment")
        verbose_name_plural = _("reported payments")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["store", "reference"], name="one_report_per_reference")]

    def __str__(self) -> str:
        return self.reference

    @property
    def shown(self) -> str:
        return shown_amount(self.amount, self.currency)


def plain_amount(amount: Decimal, currency: str) -> str:
    """Return an amount with the digits of its currency, and its code, such as `5.00 ILS`: the same to each reader."""
    if is_currency(currency) and rounded(amount, currency) == amount:
        return f"{money(amount, currency, 'en').amount} {currency}"
    return f"{amount.normalize():f} {currency}"


def shown_amount(amount: Decimal, currency: str) -> str:
    """Return an amount as people write it, or all its digits: one that is not due must not look like one that is."""
    if is_currency(currency) and rounded(amount, currency) == amount:
        return money(amount, currency, get_language() or "en").formatted
    return plain_amount(amount, currency)
