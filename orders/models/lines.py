"""What is in an order."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models import ProductIdentity
from orders.models.orders import Order, amount


class OrderLine(models.Model):
    """A product as it was bought."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines", verbose_name=_("order"))
    product = models.ForeignKey(ProductIdentity, on_delete=models.PROTECT, related_name="+", verbose_name=_("product"))
    position = models.PositiveSmallIntegerField()
    product_id_then = models.CharField(_("product id"), max_length=300)
    name = models.CharField(_("name"), max_length=300)
    options = models.JSONField(_("options"), default=dict, blank=True)
    image = models.CharField(_("image"), max_length=1000, blank=True)
    unit_price = amount(_("price"))
    # 0 if the shop has none of it after all.
    quantity = models.PositiveSmallIntegerField(_("quantity"))
    first_quantity = models.PositiveSmallIntegerField(_("quantity when placed"))
    total = amount(_("total"))
    discount = amount(_("discount"), default=0)
    tax = amount(_("tax"), default=0)
    # What the shop says about a change, such as a substitute.
    remark = models.CharField(_("remark"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["order", "position"], name="one_line_per_position")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"

    @property
    def options_text(self) -> str:
        return ", ".join(f"{name}: {value}" for name, value in self.options.items())

    @property
    def was_changed(self) -> bool:
        return self.quantity != self.first_quantity or bool(self.remark)
