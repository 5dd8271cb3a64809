from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django.conf import settings
from django.db import connections, models
from django.db.models import Case, Count, F, Q, Value, When
from django.db.models.functions import Greatest
from django.templatetags.static import static
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from catalog.language.inflection import tokens
from catalog.language.text import address_key, folded
from catalog.models.imports import visible
from catalog.models.sales import price_of
from catalog.models.stores import Store
from shopmcp.money import Money, money

# The prefix of an image below static/; every other image is an address.
STATIC_IMAGE = "static:"


class ProductIdentity(models.Model):
    """The row of a product that no import replaces. Carts and the search index point at it, never at a version."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="identities", db_index=False)
    sku = models.CharField(_("SKU"), max_length=255)
    # Pieces that came (or went, if negative) here; the stock is this plus the version's `counted`.
    stock_moved = models.BigIntegerField(default=0)
    # Pieces in orders that are neither completed nor cancelled.
    on_order = models.PositiveBigIntegerField(default=0)
    # The fields that the owner edited while an import ran: {"run": its key, "fields": [names]}.
    edits = models.JSONField(null=True, editable=False)
    # Since when the owner hides it, through all imports. A version is withdrawn at this very moment if its file has it.
    hidden_at = models.DateTimeField(_("hidden by you"), null=True, editable=False)
    # The fields that imports leave as the owner set them; NULL for none.
    kept = models.JSONField(null=True, editable=False)
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

    def with_price_at(self, now: datetime) -> Self:
        """Annotate `price_now`, the price at that moment."""
        return self.annotate(price_now=price_of(now))

    def counts_by_store(self) -> dict[int, tuple[int, int]]:
        """How many of these products each store has, by its key, and how many of them have no price."""
        rows = self.order_by().values_list("store")
        counted = rows.annotate(number=Count("pk"), unpriced=Count("pk", filter=Q(price=None)))
        return {store: (number, unpriced) for store, number, unpriced in counted}

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

    def in_file(self) -> Self:
        """Listed products, and those that would be if the owner did not hide them."""
        return self.filter(Q(withdrawn_at=None) | Q(withdrawn_at=F("identity__hidden_at")))

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
    public_id = models.CharField(_("product id"), max_length=300, db_index=True)
    sku = models.CharField(_("SKU"), max_length=255)
    name = models.CharField(_("name"), max_length=300)
    description = models.TextField(_("description"), blank=True)
    category = models.CharField(_("category"), max_length=120, blank=True)
    brand = models.CharField(_("brand"), max_length=120, blank=True)
    # Outside sales: `price_at` has the price that counts. A product without a price is shown, but cannot be bought.
    price = models.DecimalField(_("price"), max_digits=12, decimal_places=3, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    # The price before a reduction; shown if it is higher than the price.
    former_price = models.DecimalField(_("former price"), max_digits=12, decimal_places=3, null=True, blank=True)
    # The price from `sale_begins` until `sale_ends`, which is the first moment after the sale; NULL leaves a side open.
    sale_price = models.DecimalField(_("sale price"), max_digits=12, decimal_places=3, null=True, blank=True)
    sale_begins = models.DateTimeField(_("sale begins"), null=True, blank=True)
    sale_ends = models.DateTimeField(_("sale ends"), null=True, blank=True)
    # The first moment at which its file no longer offers it; `services.withdraw_expired` then withdraws it.
    expires_at = models.DateTimeField(_("offered until"), null=True, blank=True)
    barcode = models.CharField(_("barcode"), max_length=32, blank=True)
    # By which the checkout of another shop system knows it: of a variant the variant's.
    external_id = models.CharField(
        _("id in the other system"),
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text=_("By which the store's own checkout knows it, such as the id of the variant at Shopify."),
    )
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
            models.CheckConstraint(
                condition=Q(sale_price__isnull=True) | Q(sale_price__gte=0), name="sale_not_negative"
            ),
        ]
        indexes = [
            models.Index(fields=["sku"], name="product_by_sku"),
            models.Index(fields=["url_key"], name="product_by_url"),
            models.Index(fields=["store", "group_id"], name="product_by_group"),
            models.Index(fields=["barcode"], condition=~Q(barcode=""), name="product_by_barcode"),
            models.Index(fields=["leaving"], condition=Q(leaving__isnull=False), name="product_leaving"),
            # For what begins or ends after a moment; few products have a sale.
            models.Index(fields=["sale_begins"], condition=Q(sale_begins__isnull=False), name="product_sale_begins"),
            models.Index(
                fields=["expires_at"],
                condition=Q(expires_at__isnull=False, withdrawn_at=None),
                name="product_expires",
            ),
            models.Index(fields=["sale_ends"], condition=Q(sale_ends__isnull=False), name="product_sale_ends"),
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

    def on_sale_at(self, now: datetime) -> bool:
        """Whether the sale price is the price at that moment; `models.sales.on_sale` is the same as a condition."""
        return (
            self.sale_price is not None
            and self.price is not None
            and self.sale_price < self.price
            and (self.sale_begins is None or self.sale_begins <= now)
            and (self.sale_ends is None or now < self.sale_ends)
        )

    def price_at(self, now: datetime) -> Decimal | None:
        return self.sale_price if self.on_sale_at(now) else self.price

    def former_price_at(self, now: datetime) -> Decimal | None:
        """Return the price before the reduction that counts at that moment; None if there is no reduction."""
        if self.on_sale_at(now):
            return self.price
        reduced = self.price is not None and self.former_price is not None and self.former_price > self.price
        return self.former_price if reduced else None

    @property
    def price_shown(self) -> Money | None:
        return self._shown(self.price_at(timezone.now()))

    @property
    def former_price_shown(self) -> Money | None:
        return self._shown(self.former_price_at(timezone.now()))

    def _shown(self, amount: Decimal | None) -> Money | None:
        return None if amount is None else money(amount, self.currency, self.store.language)

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
