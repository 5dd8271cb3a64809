"""What can be bought: stores and their products."""

from collections.abc import Iterable
from operator import attrgetter
from typing import Any, Self

from django.conf import settings
from django.db import connections, models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Greatest
from django.templatetags.static import static
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from catalog.language.inflection import tokens
from catalog.language.text import address_key, folded, is_plain, without_marks
from catalog.models.imports import visible
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


class ProductIdentity(models.Model):
    """What stays of a product through all imports: carts and the search index refer to it, never to a version."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="identities", db_index=False)
    sku = models.CharField(_("SKU"), max_length=64)
    # How many came or went here since the source counted them; `Product.counted` says how both are added.
    stock_moved = models.IntegerField(default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "sku"], name="one_product_per_sku")]

    def __str__(self) -> str:
        return self.sku


def stock_of(version: str = "", identity: str = "identity__") -> Case:
    """Return how many are left as an expression: what was counted and what moved since, at least 0; NULL if uncounted.

    Args:
        version: The path to the version, with `__` at its end; empty for the model's own.
        identity: The path to the identity.
    """
    left = Greatest(F(f"{version}counted") + F(f"{identity}stock_moved"), Value(0))
    return Case(When(**{f"{version}counted__isnull": False}, then=left))


class ProductQuerySet(models.QuerySet["Product"]):
    def with_stock(self) -> Self:
        """Bring `stock` along, to show and to filter by."""
        return self.annotate(stock=stock_of())

    def shown(self, identities: Iterable[int]) -> dict[int, "Product"]:
        """Return products as carts show them, by the keys of their identities, each with its store.

        That is the version that counts. Where none does, because the import that brought the product was undone, it is
        the newest one, as withdrawn.
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
        """What the store still carries, buyable or not."""
        return self.filter(withdrawn_at=None)

    def for_sale(self) -> Self:
        """What is carried, available and priced, whatever its stock."""
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
        rows = self.select_related("store")
        listed = rows.listed()
        ladder = [rows.filter(public_id=reference), listed.filter(sku=reference)]
        if reference.isdecimal():
            ladder.append(listed.filter(barcode=reference))
        if key:
            ladder.append(listed.filter(url_key=key))
        elif name:
            ladder.append(listed.filter(name_key=name))
        for step in ladder:
            # By the key that each index holds: in another order SQLite may walk that one's index instead.
            if found := list(step.order_by("id")[: _CANDIDATES + 1]):
                return sorted(found, key=attrgetter("identity_id"))
        return []


_Manager = models.Manager.from_queryset(ProductQuerySet)


class VisibleManager(_Manager["Product"]):
    """The versions that count now, at most one of each product."""

    def get_queryset(self) -> ProductQuerySet:
        return ProductQuerySet(self.model, using=self._db).filter(visible()).with_stock()


class Product(models.Model):
    """A product in the version that an import or the owner wrote; a variant is a product too, joined by `group_id`.

    A product has one version, or two: the second is what a running import has written, or what counted before the last
    import, until the next one. `objects` has those that count, `versions` has all.
    """

    identity = models.ForeignKey(ProductIdentity, on_delete=models.CASCADE, related_name="versions")

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="products", verbose_name=_("store"))
    # "<store slug>:<sku>", what chats call it. Stable across imports, so that carts keep meaning the same thing.
    public_id = models.CharField(_("product id"), max_length=120, db_index=True)
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
    # What the source counted, less what had moved here by then: the stock is this plus `identity.stock_moved`. Null
    # means that the shop does not count it.
    counted = models.IntegerField(_("stock"), null=True, blank=True)
    available = models.BooleanField(_("available"), default=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    group_id = models.CharField(_("group"), max_length=120, blank=True)
    options = models.JSONField(_("options"), default=dict, blank=True)
    # By what it is found; `index` derives them from the rest.
    name_key = models.CharField(max_length=300, blank=True, editable=False, db_index=True)
    url_key = models.CharField(max_length=32, blank=True, editable=False)
    search_text = models.TextField(blank=True, editable=False)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)
    # The import runs with which this version begins and ends to count: see `visible`.
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
        """How many are left; None where the shop does not count them. Rows of `objects` bring it along."""
        return None if self.counted is None else max(0, self.counted + self.identity.stock_moved)

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
        rows = Product.objects.listed().filter(store=self.store, group_id=self.group_id)
        siblings = list(rows.exclude(identity=self.identity_id).order_by("identity_id")[:50])
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

    def index(self) -> None:
        """Derive from the other fields what the product is found by; does not save."""
        self.name_key = folded(self.name, 300)
        self.url_key = address_key(self.url)
        options = (part for pair in self.options.items() for part in pair)
        meta = "\n".join((self.brand, self.category, self.sku, self.barcode, *options))
        # A line each for the name, for what surrounds it, and for the description; a space around every token.
        lines = (tokens(self.name, 100), tokens(meta, 200), tokens(self.description, 1000))
        self.search_text = "\n".join(f" {' '.join(found)} " for found in lines)
