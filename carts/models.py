"""Sessions, carts, lines, changes, and the records of calls."""

from datetime import datetime, timedelta
from typing import Literal, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, FilteredRelation, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from carts.warning_kinds import Severity, WarningKind, severity_of
from catalog.models import Product, ProductIdentity, Store
from catalog.models.imports import visible

# Counting stops here, so that its time is bounded.
COUNT_CAP = 10_000
# A cart can go back so many versions; the changes before them are deleted.
KEPT_VERSIONS = 100


class SessionQuerySet(models.QuerySet["Session"]):
    def active(self, now: datetime | None = None) -> Self:
        """Sessions whose last call is younger than the active window."""
        return self.filter(last_seen_at__gt=(now or timezone.now()) - settings.SHOPMCP_ACTIVE_WINDOW)

    def real(self) -> Self:
        """Sessions that no isolation check made."""
        return self.filter(is_check=False)

    def quiet_since(self, moment: datetime) -> Self:
        """Sessions not seen after that moment."""
        return self.filter(last_seen_at__lte=moment)

    def with_open_cart(self) -> Self:
        """Join the cart that the session fills now as `open_cart`."""
        return self.annotate(open_cart=FilteredRelation("carts", condition=Q(carts__ordered_at=None)))

    def deletable(self) -> Self:
        """Sessions that never ordered, with their open cart: an order, and what it shows, is kept."""
        ordered = Cart.objects.filter(session=OuterRef("pk")).exclude(ordered_at=None)
        return self.with_open_cart().exclude(Exists(ordered))

    def expired(self, *, with_items: datetime, empty: datetime) -> Self:
        """Deletable sessions that were quiet since one moment with items in the open cart, since the other without."""
        holding = Q(open_cart__item_count__gt=0, open_cart__updated_at__lte=with_items, last_seen_at__lte=with_items)
        bare = Q(open_cart__id=None) | Q(open_cart__item_count=0, open_cart__updated_at__lte=empty)
        # The last condition follows from the others; it lets the database use the index.
        return self.deletable().filter(
            holding | Q(bare, last_seen_at__lte=empty), last_seen_at__lte=max(with_items, empty)
        )

    def capped_count(self) -> int:
        """The number of sessions, at most COUNT_CAP."""
        return self.order_by()[:COUNT_CAP].count()


class Session(models.Model):
    """One conversation."""

    public_id = models.CharField(_("public id"), max_length=18, unique=True)
    # A keyed digest: the conversation's id is a bearer secret and is not stored. Null for an unkeyed chat, which proves
    # itself with its cart_id.
    digest = models.CharField(max_length=43, unique=True, null=True, editable=False)  # noqa: DJ001 - unique, so null
    # The `_meta` key that named the conversation, or `cart_id`, or `default`.
    source = models.CharField(_("source"), max_length=64)
    # A keyed digest of `openai/subject`, the person; empty until one comes.
    subject = models.CharField(max_length=43, blank=True, editable=False)
    client = models.CharField(_("client"), max_length=60, blank=True)
    is_check = models.BooleanField(_("made by a check"), default=False)
    # An earlier cart of this conversation expired, and no answer of a write has told it.
    expiry_untold = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    last_seen_at = models.DateTimeField(_("last call"), default=timezone.now)

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        indexes = [
            models.Index(fields=["-last_seen_at", "-id"], name="session_last_seen"),
            models.Index(fields=["-last_seen_at", "-id"], condition=Q(is_check=True), name="session_of_check"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_active(self) -> bool:
        return self.last_seen_at > timezone.now() - settings.SHOPMCP_ACTIVE_WINDOW

    @property
    def duration(self) -> timedelta:
        """From the first call to the last."""
        return self.last_seen_at - self.created_at


class CartQuerySet(models.QuerySet["Cart"]):
    def with_forgotten_changes(self) -> Self:
        """Carts with changes that no version can be brought back by."""
        forgotten = Change.objects.filter(cart=OuterRef("pk"), version__lt=OuterRef("version") - KEPT_VERSIONS)
        return self.filter(Exists(forgotten), version__gt=KEPT_VERSIONS)


class Cart(models.Model):
    """A session's cart. A session has one open cart at a time; an order closes it."""

    public_id = models.CharField(_("public id"), max_length=18, unique=True)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="carts", verbose_name=_("session"))
    # Null while the cart is empty: its first product sets it.
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    # Grows by one with every change.
    version = models.PositiveIntegerField(_("version"), default=0)
    item_count = models.PositiveIntegerField(_("items"), default=0)
    ordered_at = models.DateTimeField(_("ordered"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    updated_at = models.DateTimeField(_("changed"), default=timezone.now)

    objects = CartQuerySet.as_manager()

    class Meta:
        verbose_name = _("cart")
        verbose_name_plural = _("carts")
        constraints = [
            models.UniqueConstraint(fields=["session"], condition=Q(ordered_at=None), name="one_open_cart_per_session")
        ]

    def __str__(self) -> str:
        return self.public_id


class LineQuerySet(models.QuerySet["Line"]):
    def in_order(self) -> Self:
        """As they were added."""
        return self.order_by("id")

    def with_version(self) -> Self:
        """Join the version of the product that counts now as `sold`, and load it for `shown`."""
        sold = FilteredRelation("product__versions", condition=visible("product__versions__"))
        return self.annotate(sold=sold).select_related("product", "sold__store")


class Line(models.Model):
    """A product in a cart."""

    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="lines", verbose_name=_("cart"))
    product = models.ForeignKey(ProductIdentity, on_delete=models.PROTECT, related_name="+", verbose_name=_("product"))
    quantity = models.PositiveSmallIntegerField(_("quantity"))
    price_when_added = models.DecimalField(_("price when added"), max_digits=12, decimal_places=3)
    # What the shopper was told last, so that a change is told once: see CartState.notices.
    price_told = models.DecimalField(max_digits=12, decimal_places=3, editable=False)
    stock_told = models.PositiveIntegerField(null=True, editable=False)
    withdrawal_told = models.BooleanField(default=False, editable=False)

    objects = LineQuerySet.as_manager()

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        constraints = [
            models.UniqueConstraint(fields=["cart", "product"], name="one_line_per_product"),
            models.CheckConstraint(condition=Q(quantity__gte=1, quantity__lte=999), name="quantity_from_1_to_999"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"

    @property
    def shown(self) -> Product:
        """The product as `Product.versions.shown` tells; of lines that came `with_version` without another query."""
        # A join that finds nothing leaves the attribute out.
        sold: Product | None = getattr(self, "sold", None)
        if sold is None:
            return Product.versions.shown([self.product_id])[self.product_id]
        sold.identity = self.product
        return sold


class ChangeQuerySet(models.QuerySet["Change"]):
    def after(self, version: int) -> Self:
        """Changes after that version, oldest first."""
        return self.filter(version__gt=version).order_by("version")


class Change(models.Model):
    """One change of a cart. Undo and the timeline read it. A cart keeps the last KEPT_VERSIONS."""

    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="changes", verbose_name=_("cart"))
    # The cart's version after it.
    version = models.PositiveIntegerField(_("version"))
    tool = models.CharField(_("tool"), max_length=64)
    # A list of `carts.cart.LineChange`, with the price as text.
    delta = models.JSONField(_("what changed"), default=list)
    # The version that undo without a version goes back to; null when there is nothing to undo.
    undo_to = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(_("time"), default=timezone.now)

    objects = ChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        constraints = [models.UniqueConstraint(fields=["cart", "version"], name="one_change_per_version")]

    def __str__(self) -> str:
        return f"{self.cart_id} v{self.version}"


class AnsweredRequest(models.Model):
    """What was told to a call with a `request_id`, for SHOPMCP_KEEP_ANSWERS. It holds nothing that opens a cart."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="requests", db_index=False)
    request_id = models.CharField(max_length=64)
    # A digest of the tool and its arguments: the same request_id with others is refused.
    fingerprint = models.CharField(max_length=43)
    # The key and version of the cart then. No foreign key: deleting a cart would need an index for it.
    cart_key = models.BigIntegerField(null=True)
    version = models.PositiveIntegerField()
    # {"changes": [texts], "notices": [[code, text], …]} as JSON.
    told = models.TextField()
    # The bytes of the session's answers up to and with this one: `carts.services.requests` bounds them by it.
    filled = models.BigIntegerField()
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "request_id"], name="one_answer_per_request")]
        indexes = [models.Index(fields=["session", "filled"], name="answer_filled")]

    def __str__(self) -> str:
        return self.request_id


class Tombstone(models.Model):
    """A session that expired with items in its cart, so that a late chat is told."""

    public_id = models.CharField(max_length=18, unique=True)
    digest = models.CharField(max_length=43, unique=True, null=True)  # noqa: DJ001 - unique, so null
    expired_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.public_id


class CallRecord(models.Model):
    """One tool call, for diagnosis and statistics. It holds no conversation id."""

    # Null once the session was deleted: the statistics stay.
    session = models.ForeignKey(
        Session, on_delete=models.SET_NULL, null=True, blank=True, related_name="calls", verbose_name=_("session")
    )
    at = models.DateTimeField(_("time"))
    tool = models.CharField(_("tool"), max_length=64)
    # `ok`, or the code of the refusal.
    outcome = models.CharField(_("outcome"), max_length=40)
    milliseconds = models.FloatField(_("milliseconds"))
    client = models.CharField(_("client"), max_length=60, blank=True)
    # Names only, never values.
    meta_keys = models.JSONField(_("_meta keys"), default=list)
    source = models.CharField(_("source"), max_length=64)
    warning = models.CharField(_("warning"), max_length=40, blank=True)
    # All of them, `warning` first, and whether a cart_id came; null in records of earlier versions.
    warnings = models.JSONField(_("all warnings"), null=True, editable=False)
    with_handle = models.BooleanField(_("with a cart_id"), null=True, editable=False)
    # The normalised words of a search, and how many products it found.
    words = models.JSONField(_("words"), default=list)
    results = models.PositiveIntegerField(_("results"), null=True, blank=True)
    products = models.JSONField(_("products"), default=list)
    # The cart's version after a change.
    version = models.PositiveIntegerField(_("version"), null=True, blank=True)

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        indexes = [
            models.Index(fields=["-at", "-id"], name="call_newest"),
            models.Index(fields=["session", "-id"], name="call_of_session"),
        ]

    def __str__(self) -> str:
        return f"{self.tool} {self.outcome}"


class SessionWarningQuerySet(models.QuerySet["SessionWarning"]):
    def open(self) -> Self:
        """Warnings that are neither muted nor fixed; a fixed one that happened again is open."""
        return self.unfixed().filter(muted_at=None)

    def settled(self) -> Self:
        """Warnings that are muted or fixed."""
        return self.filter(Q(fixed_at__gte=F("last_at")) | Q(muted_at__isnull=False))

    def unfixed(self) -> Self:
        """Warnings that count: muting one changes nothing about what happened."""
        return self.filter(Q(fixed_at=None) | Q(last_at__gt=F("fixed_at")))

    def newest_first(self) -> Self:
        return self.order_by("-last_at", "-id")


class SessionWarning(models.Model):
    """A sign that chats may not be told apart, by kind and client."""

    Kind = WarningKind
    kind = models.CharField(_("kind"), max_length=40, choices=Kind.choices)
    client = models.CharField(_("client"), max_length=60, blank=True)
    # Those of the newest such call; names only.
    meta_keys = models.JSONField(_("_meta keys"), default=list)
    # Those of them that it is about, and the primary keys of the latest conversations that it touched.
    keys = models.JSONField(_("keys in question"), default=list)
    sessions = models.JSONField(default=list, editable=False)
    calls = models.PositiveIntegerField(_("calls"), default=0)
    first_at = models.DateTimeField(_("first"))
    last_at = models.DateTimeField(_("last"))
    # A later call opens it again.
    fixed_at = models.DateTimeField(_("marked as fixed"), null=True, blank=True)
    muted_at = models.DateTimeField(_("muted"), null=True, blank=True)

    objects = SessionWarningQuerySet.as_manager()

    class Meta:
        verbose_name = _("session warning")
        verbose_name_plural = _("session warnings")
        constraints = [models.UniqueConstraint(fields=["kind", "client"], name="one_warning_per_kind_and_client")]
        indexes = [models.Index(fields=["-last_at", "-id"], name="warning_newest")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.client}"

    @property
    def text(self) -> str:
        """The kind in words."""
        return self.get_kind_display()

    @property
    def severity(self) -> Severity:
        return severity_of(self.kind)

    @property
    def state(self) -> Literal["open", "fixed", "muted"]:
        """`muted`, or `fixed` where it has not happened since it was marked, else `open`."""
        if self.muted_at is not None:
            return "muted"
        return "open" if self.fixed_at is None or self.returned else "fixed"

    @property
    def returned(self) -> bool:
        """Whether it happened again after it was marked as fixed."""
        return self.fixed_at is not None and self.last_at > self.fixed_at
