"""What can be bought: stores and their products."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django.conf import settings
from django.db import connections, models
from django.db.models import Q
from django.db.models.query import ModelIterable
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _

from catalog.language.inflection import tokens
from catalog.language.text import address_key, folded, is_plain, without_marks
from catalog.models.imports import ImportRun
from shopmcp.money import Money, money

# An image of the project's own, by its path below static/; every other image is an address.
STATIC_IMAGE = "static:"
_CANDIDATES = 5


class StoreQuerySet(models.QuerySet["Store"]):
    def oldest_first(self) -> Self:
        """In the order they were made; the first speaks where no store is named."""
        return self.order_by("id")


class Store(models.Model):
    slug = models.SlugField(_("slug"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=200)
    currency = models.CharField(_("currency"), max_length=3)
    # The language of the shop's texts, and the locale its prices are written in.
    language = models.CharField(_("language"), max_length=10, default="en")
    base_url = models.URLField(_("base URL"), max_length=500, blank=True)
    # What a chat may tell of the shop's ways, in the shop's own words.
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


class _AsSwitched(ModelIterable):  # type: ignore[type-arg]  # takes no arguments at run time
    """Hands out products as the last finished import left them: a running one has written, but does not count yet."""

    def __iter__(self) -> Iterator["Product"]:
        running: set[int] | None = None
        for product in super().__iter__():
            if product.__dict__.get("staged") is not None:
                # Asked once for all rows, so that a page is of one piece.
                if running is None:
                    running = set(ImportRun.objects.open().values_list("pk", flat=True))
                if product.staged in running:
                    product.take_back()
            yield product


class ProductQuerySet(models.QuerySet["Product"]):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._iterable_class = _AsSwitched

    def known(self) -> Self:
        """Leave out what only a running import knows of."""
        running = ImportRun.objects.open().values("pk")
        return self.filter(Q(staged=None) | Q(arriving=False) | ~Q(staged__in=running))

    def listed(self) -> Self:
        """What the store still carries, buyable or not; what a running import adds or withdraws does not count yet."""
        running = ImportRun.objects.open().values("pk")
        return self.known().filter(Q(leaving=None) | Q(leaving__in=running), withdrawn_at=None)

    def for_sale(self) -> Self:
        """What can be put into a cart: carried, available and priced."""
        return self.listed().filter(available=True, price__isnull=False)

    def in_stock(self) -> Self:
        """What is for sale with at least one left, or whose stock the shop does not count."""
        return self.for_sale().filter(Q(stock=None) | Q(stock__gt=0))

    def name_begins(self, text: str) -> Self:
        """What has a name that begins with these words; an index range on both databases."""
        start = folded(text, 300).rstrip()
        if not start:
            return self.none()
        if connections[self.db].vendor == "sqlite":  # its LIKE uses no index
            return self.filter(name_key__gte=start, name_key__lt=start + "\U0010ffff")
        return self.filter(name_key__startswith=start)

    def exactly(self, reference: str) -> list["Product"]:
        """What the reference names exactly, at most six, each with its store.

        The first that fits, each an index look-up: a product id (withdrawn products too), a SKU, a barcode, an address,
        a name.
        """
        # Text that was copied out of Hebrew brings invisible marks along.
        reference = without_marks(reference).strip()
        if not reference or not is_plain(reference):
            return []
        key, name = address_key(reference), folded(reference, 300)
        rows, listed = self.select_related("store"), self.select_related("store").listed()
        ladder = [rows.known().filter(public_id=reference), listed.filter(sku=reference)]
        if reference.isdecimal():
            ladder.append(listed.filter(barcode=reference))
        if key:
            ladder.append(listed.filter(url_key=key))
        elif name:
            ladder.append(listed.filter(name_key=name))
        for step in ladder:
            if found := list(step.order_by("id")[: _CANDIDATES + 1]):
                return found
        return []


class Product(models.Model):
    """One row per thing that can be bought; a variant is a row of its own, joined by `group_id`."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="products", verbose_name=_("store"))
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
    # What it cost before a reduction; shown where it is more than the price.
    former_price = models.DecimalField(_("former price"), max_digits=12, decimal_places=3, null=True, blank=True)
    barcode = models.CharField(_("barcode"), max_length=32, blank=True)
    image = models.CharField(_("image"), max_length=1000, blank=True)
    url = models.CharField(_("URL"), max_length=1000, blank=True)
    # Null means that the shop does not count it.
    stock = models.PositiveIntegerField(_("stock"), null=True, blank=True)
    available = models.BooleanField(_("available"), default=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    group_id = models.CharField(_("group"), max_length=120, blank=True)
    options = models.JSONField(_("options"), default=dict, blank=True)
    # By what it is found; `index` derives them from the rest.
    name_key = models.CharField(max_length=300, blank=True, editable=False, db_index=True)
    url_key = models.CharField(max_length=32, blank=True, editable=False)
    search_text = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)
    # An import writes in many short transactions and switches in one. Until then `staged` names the ImportRun that
    # wrote this row, `previous` holds what it said before (by field), `arriving` marks what is not to be seen yet, and
    # `leaving` names the run that withdraws it. Afterwards all four are cleared, a batch at a time.
    staged = models.BigIntegerField(null=True, blank=True, editable=False)
    previous = models.JSONField(null=True, blank=True, editable=False)
    arriving = models.BooleanField(default=False, editable=False)
    leaving = models.BigIntegerField(null=True, blank=True, editable=False)

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["-id"]
        base_manager_name = "objects"
        constraints = [
            models.UniqueConstraint(fields=["store", "sku"], name="one_product_per_sku"),
            models.CheckConstraint(condition=Q(price__isnull=True) | Q(price__gte=0), name="price_not_negative"),
        ]
        indexes = [
            models.Index(fields=["sku"], name="product_by_sku"),
            models.Index(fields=["url_key"], name="product_by_url"),
            models.Index(fields=["price", "id"], name="product_by_price"),
            models.Index(fields=["store", "group_id"], name="product_by_group"),
            models.Index(fields=["barcode"], condition=~Q(barcode=""), name="product_by_barcode"),
            models.Index(fields=["staged"], condition=Q(staged__isnull=False), name="product_staged"),
            models.Index(fields=["leaving"], condition=Q(leaving__isnull=False), name="product_leaving"),
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

    @property
    def price_shown(self) -> Money | None:
        """The price as chats and pages show it, in the locale of the store."""
        return None if self.price is None else money(self.price, self.currency, self.store.language)

    @property
    def former_price_shown(self) -> Money | None:
        """The price before the reduction, where there is one."""
        if self.price is None or self.former_price is None or self.former_price <= self.price:
            return None
        return money(self.former_price, self.currency, self.store.language)

    @property
    def image_url(self) -> str:
        """The absolute address of the image, or nothing."""
        if not self.image.startswith(STATIC_IMAGE):
            return self.image
        path = self.image.removeprefix(STATIC_IMAGE)
        try:
            address = static(path)
        except ValueError:  # static files were not collected yet: an image is no reason to fail
            address = settings.STATIC_URL + path
        return f"{settings.PUBLIC_URL}{address}"

    def siblings(self) -> list["Product"]:
        """Return the other variants of this product that are carried, at most fifty, in the order of import."""
        if not self.group_id:
            return []
        rows = Product.objects.listed().filter(store=self.store, group_id=self.group_id).exclude(pk=self.pk)
        siblings = list(rows.order_by("id")[:50])
        for sibling in siblings:
            sibling.store = self.store
        return siblings

    def as_candidate(self) -> dict[str, Any]:
        """What a refusal says of a product that may have been meant; `store` must be loaded."""
        price = self.price_shown
        return {
            "product_id": self.public_id,
            "name": self.name,
            "price": price.model_dump() if price else None,
            "store": self.store.slug,
        }

    def take_back(self) -> None:
        """Say what the row said before the import that runs now; does not save."""
        for name, value in (self.previous or {}).items():
            setattr(self, name, before(name, value))

    def index(self) -> None:
        """Derive from the other fields what the product is found by; does not save."""
        self.name_key = folded(self.name, 300)
        self.url_key = address_key(self.url)
        options = (part for pair in self.options.items() for part in pair)
        meta = "\n".join((self.brand, self.category, self.sku, self.barcode, *options))
        # A line each for the name, for what surrounds it, and for the description; a space around every token.
        lines = (tokens(self.name, 100), tokens(meta, 200), tokens(self.description, 1000))
        self.search_text = "\n".join(f" {' '.join(found)} " for found in lines)


def before(name: str, value: Any) -> Any:
    """A value of `Product.previous` as the field of that name holds it."""
    if value is not None and name in ("price", "former_price"):
        return Decimal(value)
    if value is not None and name == "withdrawn_at":
        return datetime.fromisoformat(value)
    return value
