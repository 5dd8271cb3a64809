"""Payments that were authorised, and are taken."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from orders.models.online import OnlinePayment, new_key
from orders.models.orders import Order
from orders.models.payments import shown_amount


class CaptureQuerySet(models.QuerySet["Capture"]):
    def pending(self) -> Self:
        """Captures of which it is not known yet whether the money was taken."""
        return self.filter(state=Capture.State.PENDING)

    def to_look_at(self, now: datetime) -> Self:
        """Pending captures whose provider is to be asked now, the longest waiting first."""
        return self.pending().filter(next_look_at__lte=now).order_by("next_look_at", "id")


class Capture(models.Model):
    """Money that was authorised and is taken, all of it or a part. The row is written before the provider is asked.

    What is not taken of an authorisation goes back to the buyer: it can be taken once.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("on its way")
        FAILED = "failed", _("failed")
        SUCCEEDED = "succeeded", _("taken")

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="captures", verbose_name=_("order"))
    payment = models.ForeignKey(
        OnlinePayment, on_delete=models.CASCADE, related_name="captures", verbose_name=_("online payment")
    )
    # The idempotency key.
    key = models.CharField(max_length=40, unique=True, default=new_key, editable=False)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=3)
    currency = models.CharField(_("currency"), max_length=3)
    # The name of the member of staff.
    who = models.CharField(_("name"), max_length=150, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PENDING)
    asked_at = models.DateTimeField(_("asked for"), default=timezone.now)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    next_look_at = models.DateTimeField(null=True, blank=True, editable=False)
    looks = models.PositiveSmallIntegerField(default=0, editable=False)
    fault = models.CharField(_("fault"), max_length=300, blank=True)

    objects = CaptureQuerySet.as_manager()

    class Meta:
        verbose_name = _("taken payment")
        verbose_name_plural = _("taken payments")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="capture_above_nothing"),
            models.UniqueConstraint(fields=["payment"], condition=Q(state="pending"), name="one_capture_at_a_time"),
        ]
        indexes = [
            models.Index(fields=["next_look_at"], condition=Q(state="pending"), name="capture_to_look_at"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def shown(self) -> str:
        """Its amount as people write it."""
        return shown_amount(self.amount, self.currency)
