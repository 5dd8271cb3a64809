"""What can be bought: stores and their products."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _


class Store(models.Model):
    slug = models.SlugField(_("slug"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=200)
    currency = models.CharField(_("currency"), max_length=3)
    # The language of the shop's texts, and the locale its prices are written in.
    language = models.CharField(_("language"), max_length=10, default="en")
    base_url = models.URLField(_("base URL"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("store")
        verbose_name_plural = _("stores")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class ProductQuerySet(models.QuerySet["Product"]):
    def listed(self) -> Self:
        """What the store still carries, buyable or not."""
        return self.filter(withdrawn_at=None)

    def for_sale(self) -> Self:
        """What can be put into a cart: carried, available and priced."""
        return self.listed().filter(available=True, price__isnull=False)


class Product(models.Model):
    """One row per thing that can be bought; a variant is a row of its own, joined by `group_id`."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="products")
    # "<store slug>:<sku>", what chats call it. Stable across imports, so that carts keep meaning the same thing.
    public_id = models.CharField(_("product id"), max_length=120, unique=True)
    sku = models.CharField(_("SKU"), max_length=64)
    name = models.CharField(_("name"), max_length=300)
    description = models.TextField(_("description"), blank=True)
    category = models.CharField(_("category"), max_length=120, blank=True)
    brand = models.CharField(_("brand"), max_length=120, blank=True)
    # Without a price a product is kept and shown, and cannot be bought.
    price = models.DecimalField(_("price"), max_digits=12, decimal_places=3, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    image = models.CharField(_("image"), max_length=1000, blank=True)
    url = models.CharField(_("URL"), max_length=1000, blank=True)
    # Null means that the shop does not count it.
    stock = models.PositiveIntegerField(_("stock"), null=True, blank=True)
    available = models.BooleanField(_("available"), default=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    group_id = models.CharField(_("group"), max_length=120, blank=True)
    options = models.JSONField(_("options"), default=dict, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["store", "sku"], name="one_product_per_sku"),
            models.CheckConstraint(condition=models.Q(price__isnull=True) | models.Q(price__gte=0), name="price_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def for_sale(self) -> bool:
        """Whether it can be put into a cart, stock aside."""
        return self.withdrawn_at is None and self.available and self.price is not None

    @property
    def in_stock(self) -> bool:
        """Whether at least one can be bought now."""
        return self.for_sale and self.stock != 0
