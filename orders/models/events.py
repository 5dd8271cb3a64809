"""What happened to orders."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from orders.models.orders import Order


class OrderEvent(models.Model):
    """What happened to an order, when, and who did it."""

    class Kind(models.TextChoices):
        AWAITING = "awaiting", _("ordered, not paid yet")
        PLACED = "placed", _("placed")
        CONFIRMED = "confirmed", _("confirmed")
        READY = "ready", _("ready")
        COMPLETED = "completed", _("completed")
        CANCELLED = "cancelled", _("cancelled")
        CHANGED = "changed", _("changed")
        AUTHORISED = "authorised", _("payment authorised")
        # What was authorised went back: let go by the shop, or because its time was over.
        RELEASED = "released", _("authorisation let go")
        EXPIRED = "expired", _("authorisation expired")
        # The provider did not take what was authorised.
        NOT_TAKEN = "not_taken", _("payment not taken")
        PAID = "paid", _("payment noted")
        REFUNDED = "refunded", _("repayment noted")
        # The provider did not pay back after all.
        NOT_REFUNDED = "not_refunded", _("repayment failed")
        # By a provider, and it does not fit: kept, and not counted.
        REPORTED = "reported", _("payment to be checked")
        WITHDRAWN = "withdrawn", _("withdrawal")

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="events", verbose_name=_("order"))
    kind = models.CharField(_("what"), max_length=12, choices=Kind.choices)
    actor = models.CharField(_("who"), max_length=10, choices=Order.Actor.choices)
    # The name of the member of staff.
    who = models.CharField(_("name"), max_length=150, blank=True)
    text = models.CharField(_("details"), max_length=1000, blank=True)
    at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.order_id} {self.kind}"
