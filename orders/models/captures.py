"""Payments that were authorised, and are taken."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models.asked import PENDING, AskedOfProvider, AskedQuerySet
from orders.models.online import OnlinePayment
from orders.models.orders import Order


class Capture(AskedOfProvider):
    """Money that was authorised and is taken, all of it or a part.

    What is not taken of an authorisation goes back to the buyer: it can be taken once.
    """

    class State(models.TextChoices):
        PENDING = PENDING, _("on its way")
        FAILED = "failed", _("failed")
        SUCCEEDED = "succeeded", _("taken")

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="captures", verbose_name=_("order"))
    payment = models.ForeignKey(
        OnlinePayment, on_delete=models.CASCADE, related_name="captures", verbose_name=_("online payment")
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PENDING)

    objects = AskedQuerySet["Capture"].as_manager()

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
