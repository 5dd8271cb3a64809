"""Each move of stock."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models.products import ProductIdentity


class StockMove(models.Model):
    """Pieces that came or went here. `ProductIdentity.stock_moved` is the sum of a product's moves."""

    class Reason(models.TextChoices):
        ORDERED = "ordered", _("ordered")
        RETURNED = "returned", _("back from an order")
        EDITED = "edited", _("set by the owner")
        EARLIER = "earlier", _("before moves were kept")

    product = models.ForeignKey(ProductIdentity, on_delete=models.CASCADE, related_name="moves")
    # Positive for what came.
    pieces = models.BigIntegerField(_("pieces"))
    reason = models.CharField(_("reason"), max_length=10, choices=Reason.choices)
    # The number of an order; empty for an edit.
    reference = models.CharField(_("reference"), max_length=20, blank=True)
    created_at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("move of stock")
        verbose_name_plural = _("moves of stock")
        indexes = [models.Index(fields=["reference"], condition=~models.Q(reference=""), name="move_of_order")]

    def __str__(self) -> str:
        return f"{self.pieces:+d} {self.reason}"
