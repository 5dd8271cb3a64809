from collections.abc import Iterable
from typing import Any, Self

from django.conf import settings
from django.db import connections, models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Greatest
from django.templatetags.static import static
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from catalog.language.inflection import tokens
from catalog.language.text import address_key, folded
from catalog.models.imports import visible
from shopmcp.money import Money, money

# The prefix of an image below static/; every other image is an address.
STATIC_IMAGE = "static:"


class StoreQuerySet(models.QuerySet["Store"]):
    def oldest_first(self) -> Self:
        """The first store sets the language where none is named."""
        return self.order_by("id")


class Store(models.Model):
    slug = models.SlugField(_("slug"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=200)
    currency = models.CharField(_("currency"), max_length=3)
    # Of the shop's texts; also the locale of its prices.
    language = models.CharField(_("language"), max_length=10, default="en")
    base_url = models.URLField(_("base URL"), max_length=500, blank=True)
    # The shop's own words, for chats to quote.
    shipping = models.TextField(_("shipping"), max_length=2000, blank=True)
    returns = models.TextField(_("returns"), max_length=2000, blank=True)
    contact = models.TextField(_("contact"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = StoreQuerySet.as_manager()

    class Meta:
        verbose_name = _("store")
        verbose_name_plural = _("stores")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class ProductIdentity(models.Model):
    """The row of a product that no import replaces. Carts and the search index point at it, never at a version."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="identities", db_index=False)
    sku = models.CharField(_("SKU"), max_length=64)
    # Pieces that came (or went, if negative) here; the stock is this plus the version's `counted`.
    stock_moved = models.BigIntegerField(default=0)
    # The fields that the owner edited while an import ran: {"run": its key, "fields": [names]}.
    edits = models.JSONField(null=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "sku"], name="one_product_per_sku")]

    def __str__(self) -> str:
        return self.sku


def stock_of(version: str = "", identity: str = "identity__") -> Case:
    """Return the stock as an expression: counted plus moved, at least 0; NULL if the shop does not count it.

    Args:
        version: The path to the version, with `__` at its end; empty for the model's own.
        identity: The path to the identity.
    """
    left = Greatest(F(f"{version}counted") + F(f"{identity}stock_moved"), Value(0))
    return Case(When(**{f"{version}counted__isnull": False}, then=left))


class ProductQuerySet(models.QuerySet["Product"]):
    def with_stock(self) -> Self:
        return self.annotate(stock=stock_of())

    def shown(self, identities: Iterable[int]) -> dict[int, "Product"]:
        """Return the version of each product that carts show, with its store, by the identity's key.

        It is the version that counts. If none counts, because the import that added the product was undone, it is the
        newest one, as withdrawn.
        """
        if not (keys := set(identities)):
            return {}
        rows = self.select_related("store", "identity").filter(identity__in=keys)
        found = {row.identity_id: row for row in rows.filter(visible())}
        if len(found) < len(keys):
            for row in rows.exclude(identity__in=list(found)).order_by("id"):
                row.withdrawn_at = row.withdrawn_at or row.updated_at
                found[row.identity_id] = row
        return found

    def listed(self) -> Self:
        """Products that were not withdrawn, for sale or not."""
        return self.filter(withdrawn_at=None)

    def for_sale(self) -> Self:
        """Listed products that are available and priced, whatever their stock."""
        return self.listed().filter(available=True, price__isnull=False)

    def in_stock(self) -> Self:
        """Products for sale with at least one left, or without a counted stock."""
        return self.for_sale().filter(Q(stock=None) | Q(stock__gt=0))

    def name_begins(self, text: str) -> Self:
        """Products whose name begins with these words; an index range on both databases."""
        start = folded(text, 300).rstrip()
        if not start:
            return self.none()
        if connections[self.db].vendor == "sqlite":  # its LIKE uses no index
            return self.filter(name_key__gte=start, name_key__lt=start + "\U0010ffff")
        return self.filter(name_key__startswith=start)


_Manager = models.Manager.from_queryset(ProductQuerySet)


class VisibleManager(_Manager["Product"]):
    """The versions that count now, at most one of each product."""

    def get_queryset(self) -> ProductQuerySet:
        return ProductQuerySet(self.model, using=self._db).filter(visible()).with_stock()


class Product(models.Model):
    """A version of a product. A variant is a product too; variants share a `group_id`.

    A product has one or two versions. The second is hidden: written by a running import, or replaced by the last one
    and kept until the next. `objects` has the versions that count, `versions` has all.
    """

    identity = models.ForeignKey(ProductIdentity, on_delete=models.CASCADE, related_name="versions")

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="products", verbose_name=_("store"))
    # "<store slug>:<sku>", as chats name it; the same in all versions.
    public_id = models.CharField(_("product id"), max_length=120, db_index=True)
    sku = models.CharField(_("SKU"), max_length=64)
    name = models.CharField(_("name"), max_length=300)
    description = models.TextField(_("description"), blank=True)
    category = models.CharField(_("category"), max_length=120, blank=True)
    brand = models.CharField(_("brand"), max_length=120, blank=True)
    # A product without a price is shown, but cannot be bought.
    price = models.DecimalField(_("price"), max_digits=12, decimal_places=3, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    # The price before a reduction; shown if it is higher than the price.
    former_price = models.DecimalField(_("former price"), max_digits=12, decimal_places=3, null=True, blank=True)
    barcode = models.CharField(_("barcode"), max_length=32, blank=True)
    image = models.CharField(_("image"), max_length=1000, blank=True)
    url = models.CharField(_("URL"), max_length=1000, blank=True)
    # The source's count, less `identity.stock_moved` when it was counted. The stock is their sum. NULL if the
    # shop does not count it.
    counted = models.BigIntegerField(_("stock"), null=True, blank=True)
    available = models.BooleanField(_("available"), default=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    group_id = models.CharField(_("group"), max_length=120, blank=True)
    options = models.JSONField(_("options"), default=dict, blank=True)
    # Search fields, which `index` derives from the others.
    name_key = models.CharField(max_length=300, blank=True, editable=False, db_index=True)
    url_key = models.CharField(max_length=32, blank=True, editable=False)
    search_text = models.TextField(blank=True, editable=False)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)
    # The import runs that made this version count, and that replaced it: see `visible`.
    arriving = models.BigIntegerField(null=True, blank=True, editable=False)
    leaving = models.BigIntegerField(null=True, blank=True, editable=False)

    objects = VisibleManager()
    versions = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["-identity_id"]
        base_manager_name = "versions"
        constraints = [
            models.UniqueConstraint(fields=["identity"], condition=Q(leaving=None), name="one_version_stays"),
            models.CheckConstraint(condition=Q(price__isnull=True) | Q(price__gte=0), name="price_not_negative"),
        ]
        indexes = [
            models.Index(fields=["sku"], name="product_by_sku"),
            models.Index(fields=["url_key"], name="product_by_url"),
            models.Index(fields=["store", "group_id"], name="product_by_group"),
            models.Index(fields=["barcode"], condition=~Q(barcode=""), name="product_by_barcode"),
            models.Index(fields=["leaving"], condition=Q(leaving__isnull=False), name="product_leaving"),
        ]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def stock(self) -> int | None:
        """How many are left; None if the shop does not count them. `objects` annotates it."""
        return None if self.counted is None else max(0, self.counted + self.identity.stock_moved)

    @property
    def for_sale(self) -> bool:
        """Whether it can be bought, whatever its stock."""
        return self.withdrawn_at is None and self.available and self.price is not None

    @property
    def in_stock(self) -> bool:
        """Whether at least one can be bought now."""
        return self.for_sale and self.stock != 0

    @property
    def price_shown(self) -> Money | None:
        return None if self.price is None else money(self.price, self.currency, self.store.language)

    @property
    def former_price_shown(self) -> Money | None:
        if self.price is None or self.former_price is None or self.former_price <= self.price:
            return None
        return money(self.former_price, self.currency, self.store.language)

    @property
    def image_url(self) -> str:
        """The absolute address of the image; empty if there is none."""
        if not self.image.startswith(STATIC_IMAGE):
            return self.image
        path = self.image.removeprefix(STATIC_IMAGE)
        try:
            address = static(path)
        except ValueError:  # static files were not collected yet
            address = settings.STATIC_URL + path
        return f"{settings.PUBLIC_URL}{address}"

    def siblings(self) -> list["Product"]:
        """Return the other listed variants of this product, at most fifty, in the order of import."""
        if not self.group_id:
            return []
        rows = Product.objects.listed().filter(store=self.store, group_id=self.group_id)
        siblings = list(rows.exclude(identity=self.identity_id).order_by("identity_id")[:50])
        for sibling in siblings:
            sibling.store = self.store
        return siblings

    def as_candidate(self) -> dict[str, Any]:
        """Return it as a candidate of a refusal; `store` must be loaded."""
        price = self.price_shown
        return {
            "product_id": self.public_id,
            "name": self.name,
            "price": price.model_dump() if price else None,
            "store": self.store.slug,
        }

    def index(self) -> None:
        """Derive the search fields from the other fields, without saving."""
        self.name_key = folded(self.name, 300)
        self.url_key = address_key(self.url)
        options = (part for pair in self.options.items() for part in pair)
        meta = "\n".join((self.brand, self.category, self.sku, self.barcode, *options))
        # One line each for name, meta and description; a space around every token.
        lines = (tokens(self.name, 100), tokens(meta, 200), tokens(self.description, 1000))
        self.search_text = "\n".join(f" {' '.join(found)} " for found in lines)
