"""Payments at online providers, what the providers told of them, and what was paid back there."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django.db import models
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from orders.models.asked import PENDING, AskedOfProvider, AskedQuerySet, new_key
from orders.models.orders import Order
from orders.models.payments import PaymentReport, shown_amount


def _amount(label: Any, **options: Any) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(label, max_digits=14, decimal_places=3, **options)


class Provider(models.TextChoices):
    STRIPE = "stripe", "Stripe"
    DUMMY = "dummy", _("test")


class OnlinePaymentQuerySet(models.QuerySet["OnlinePayment"]):
    def live(self) -> Self:
        """Payments that may still come."""
        return self.filter(state__in=OnlinePayment.LIVE)

    def to_look_at(self, now: datetime) -> Self:
        """Live payments whose provider is to be asked now, the longest waiting first."""
        return self.live().filter(next_look_at__lte=now).order_by("next_look_at", "id")

    def paid(self) -> Self:
        return self.filter(state=OnlinePayment.State.PAID)

    def authorised(self) -> Self:
        """Payments whose money is held for the shop, and neither taken nor let go."""
        return self.filter(state=OnlinePayment.State.AUTHORISED)

    def to_let_go(self) -> Self:
        """Those of them that nobody asked to let go."""
        return self.authorised().filter(release_asked_at=None)

    def held(self) -> Self:
        """Payments that are in what their orders count as authorised."""
        return self.authorised().filter(outcome__in=OnlinePayment.HELD)

    def counted(self) -> Self:
        """Payments that are in what their orders count as paid: all that came in the order's currency."""
        return self.paid().exclude(outcome=PaymentReport.Outcome.CURRENCY)

    def to_be_checked(self) -> Self:
        """Payments that came and were not what was due."""
        return self.paid().exclude(outcome=PaymentReport.Outcome.COUNTED)


class OnlinePayment(models.Model):
    """A payment of an order at an online provider. The row is written before the provider is asked for it."""

    class State(models.TextChoices):
        # Asked for, and the answer has not come.
        OPENING = "opening", _("being opened")
        OPEN = "open", _("open")
        PROCESSING = "processing", _("on its way")
        FAILED = "failed", _("failed")
        EXPIRED = "expired", _("expired")
        # The money is held for the shop, which takes it later.
        AUTHORISED = "authorised", _("authorised, not taken yet")
        # It was held, and went back without being taken.
        RELEASED = "released", _("ended, nothing was taken")
        PAID = "paid", _("paid")

    LIVE = (State.OPENING, State.OPEN, State.PROCESSING, State.AUTHORISED)
    # The outcomes of authorisations by which orders are paid; others are let go.
    HELD = (PaymentReport.Outcome.COUNTED, PaymentReport.Outcome.AMOUNT)

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="online_payments", verbose_name=_("order"))
    provider = models.CharField(_("provider"), max_length=10, choices=Provider.choices)
    # Ours, by which the provider knows the payment again; also the address of the dummy's page.
    key = models.CharField(max_length=40, unique=True, default=new_key, editable=False)
    # The provider's names of the page that the buyer was sent to, and of the money that came.
    session = models.CharField(_("session"), max_length=255, blank=True)
    reference = models.CharField(_("reference"), max_length=255, blank=True)
    address = models.CharField(_("address"), max_length=2000, blank=True)
    amount = _amount(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPENING)
    # Whether it is only authorised first. Then what is held, since when, until when it can be taken, and when it was
    # decided to let it go.
    take_later = models.BooleanField(_("taken later"), default=False, db_default=False)
    authorised = _amount(_("authorised"), null=True, blank=True)
    authorised_at = models.DateTimeField(_("authorised at"), null=True, blank=True)
    capture_before = models.DateTimeField(_("can be taken until"), null=True, blank=True)
    release_asked_at = models.DateTimeField(_("to be let go since"), null=True, blank=True)
    # What came, as the provider told it, and whether it was what was due. The currency is also that of what is held.
    received = _amount(_("received"), null=True, blank=True)
    received_currency = models.CharField(_("currency received"), max_length=3, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=PaymentReport.Outcome.choices, blank=True)
    begun_at = models.DateTimeField(_("begun"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"))
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    # When the provider is asked next, how often it was, and what came of the last time.
    next_look_at = models.DateTimeField(null=True, blank=True, editable=False)
    looks = models.PositiveSmallIntegerField(default=0, editable=False)
    fault = models.CharField(_("fault"), max_length=300, blank=True)

    objects = OnlinePaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("online payment")
        verbose_name_plural = _("online payments")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "session"], condition=~Q(session=""), name="one_payment_per_session"
            ),
            models.CheckConstraint(
                condition=~Q(state="paid") | (Q(received__isnull=False, paid_at__isnull=False) & ~Q(outcome="")),
                name="paid_payment_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state="authorised")
                | (Q(authorised__isnull=False, authorised_at__isnull=False) & ~Q(outcome="")),
                name="authorised_payment_is_whole",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_look_at"],
                condition=Q(state__in=("opening", "open", "processing", "authorised")),
                name="online_payment_to_look_at",
            ),
            models.Index(fields=["provider", "reference"], name="online_payment_by_reference"),
        ]

    def __str__(self) -> str:
        return self.reference or self.session or self.key

    @property
    def is_live(self) -> bool:
        return self.state in self.LIVE

    @property
    def shown(self) -> str:
        """What came, as people write it."""
        return shown_amount(self.received or Decimal(0), self.received_currency)

    @property
    def shown_authorised(self) -> str:
        """What is held, or was, as people write it."""
        return shown_amount(self.authorised or Decimal(0), self.received_currency or self.currency)

    @property
    def is_held(self) -> bool:
        """Whether it is in what its order counts as authorised."""
        return self.state == self.State.AUTHORISED and self.outcome in self.HELD

    @property
    def is_counted(self) -> bool:
        """Whether it is in what its order counts as paid."""
        return self.state == self.State.PAID and self.outcome != PaymentReport.Outcome.CURRENCY

    @property
    def left(self) -> Decimal:
        """What of it can still be paid back; refunds on their way are taken off."""
        if self.state != self.State.PAID or self.received is None or not self.reference:
            return Decimal(0)
        taken = self.refunds.holding().aggregate(n=Sum("amount"))["n"] or Decimal(0)
        left: Decimal = self.received - taken
        return left


class ProviderEvent(models.Model):
    """A message of a provider that was acted on, so that it counts once."""

    provider = models.CharField(_("provider"), max_length=10, choices=Provider.choices)
    event = models.CharField(_("event"), max_length=255)
    kind = models.CharField(_("kind"), max_length=60)
    payment = models.ForeignKey(
        OnlinePayment, on_delete=models.CASCADE, related_name="provider_events", verbose_name=_("online payment")
    )
    at = models.DateTimeField(_("time"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("message of a provider")
        verbose_name_plural = _("messages of providers")
        constraints = [models.UniqueConstraint(fields=["provider", "event"], name="one_row_per_provider_event")]

    def __str__(self) -> str:
        return self.event


class RefundQuerySet(AskedQuerySet["Refund"]):
    def holding(self) -> Self:
        """Refunds that were paid back, or may have been: their amounts cannot be paid back again."""
        return self.exclude(state=Refund.State.FAILED)

    def counted(self) -> Self:
        """Refunds that are in what their orders count as paid back."""
        return self.filter(state=Refund.State.SUCCEEDED).exclude(payment__outcome=PaymentReport.Outcome.CURRENCY)


class Refund(AskedOfProvider):
    """Money that goes back through the provider that took it."""

    class State(models.TextChoices):
        PENDING = PENDING, _("on its way")
        FAILED = "failed", _("failed")
        SUCCEEDED = "succeeded", _("paid back")

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="refunds", verbose_name=_("order"))
    payment = models.ForeignKey(
        OnlinePayment, on_delete=models.CASCADE, related_name="refunds", verbose_name=_("online payment")
    )
    reference = models.CharField(_("reference"), max_length=255, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PENDING)

    objects = RefundQuerySet.as_manager()

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_above_nothing"),
            models.UniqueConstraint(
                fields=["payment", "reference"], condition=~Q(reference=""), name="one_refund_per_reference"
            ),
        ]
        indexes = [
            models.Index(fields=["next_look_at"], condition=Q(state="pending"), name="refund_to_look_at"),
        ]

    def __str__(self) -> str:
        return self.reference or self.key
