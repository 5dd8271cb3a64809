"""Sessions, carts, lines and changes."""

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, ExpressionWrapper, F, FilteredRelation, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce, Greatest, Least
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from carts.sources import ACCOUNT
from catalog.models import Product, ProductIdentity, Store
from catalog.models.imports import visible
from catalog.models.sales import price_of
from offers.models import Coupon

# Counting stops here, so that its time is bounded.
COUNT_CAP = 10_000
# A cart can go back so many versions; the changes before them are deleted.
KEPT_VERSIONS = 100
# Of changes that move many lines it keeps fewer: about so many bytes, and the newest in any case.
KEPT_BYTES = 200_000


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

    def of_person(self, person: Person | int) -> Self:
        """Sessions that are kept with the account, and that of its one cart; the latest first."""
        return self.filter(person=person).order_by("-last_seen_at", "-id")

    def chats(self) -> Self:
        """Sessions of chats and of pages: none that only holds the one cart of an account."""
        return self.exclude(source=ACCOUNT)

    def holding_one_cart(self, person: Person | None) -> Self:
        """The session that holds the one cart of a person; none where that is switched off, and none of nobody."""
        return self.none() if person is None else self.filter(one_cart_of=person)

    def in_locking_order(self) -> Self:
        """As whoever locks several locks them: what holds the one cart of an account last (`services.one_cart`)."""
        return self.order_by(F("one_cart_of").asc(nulls_first=True), "id")

    def with_open_cart(self) -> Self:
        """Join the cart that the session fills now as `open_cart`."""
        return self.annotate(open_cart=FilteredRelation("carts", condition=Q(carts__ordered_at=None)))

    def deletable(self) -> Self:
        """Sessions that never ordered, with their open cart: an order, and what it shows, is kept.

        So is the one cart of an account, whatever becomes of the chats that use it.
        """
        ordered = Cart.objects.filter(session=OuterRef("pk")).exclude(ordered_at=None)
        return self.with_open_cart().filter(one_cart_of=None).exclude(Exists(ordered))

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
    """One conversation; or what holds the one cart of an account, which all its chats use (`services.one_cart`)."""

    public_id = models.CharField(_("public id"), max_length=18, unique=True)
    # A keyed digest: the id is a bearer secret and is not stored. Null for an unkeyed chat, whose cart_id is its proof.
    digest = models.CharField(max_length=43, unique=True, null=True, editable=False)  # noqa: DJ001 - unique, so null
    # The `_meta` key that named the conversation, or `cart_id`, or `default`.
    source = models.CharField(_("source"), max_length=64)
    # A keyed digest of `openai/subject`, the person; empty until one comes.
    subject = models.CharField(max_length=43, blank=True, editable=False)
    client = models.CharField(_("client"), max_length=60, blank=True)
    is_check = models.BooleanField(_("made by a check"), default=False)
    # The language of answers, once a search has settled it.
    language = models.CharField(_("language"), max_length=10, blank=True, db_default="")
    # An earlier cart of this conversation expired, and no answer of a write has told it.
    expiry_untold = models.BooleanField(default=False, editable=False)
    # What was done to the cart outside of this chat, and no answer of a write has told: see `carts.news`.
    news = models.TextField(default="", db_default="", blank=True, editable=False)
    # Whose account it is kept with: the account sees its carts and orders. The conversation sees the account's only if
    # it proved that it is the same person's (`carts.people`): a link to its cart may have been sent by somebody else.
    person = models.ForeignKey(
        Person,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="sessions",
        db_index=False,
        editable=False,
        verbose_name=_("customer"),
    )
    sees_person = models.BooleanField(db_default=False, editable=False)
    # The key of the client (`oauth2_provider.Application`) by whose token it was proved: with its access that ends too.
    linked_by = models.BigIntegerField(null=True, editable=False)
    # Whether its chat was told of another open cart of its person.
    other_cart_offered = models.BooleanField(default=False, db_default=False, editable=False)
    linked_at = models.DateTimeField(_("linked"), null=True, blank=True, editable=False)
    # Of which account this holds the one cart now; null where that is switched off, and for all that are conversations.
    one_cart_of = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False, editable=False
    )
    unanswered = models.TextField(null=True, editable=False)  # noqa: DJ001 - what carts.unanswered keeps, seldom
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    last_seen_at = models.DateTimeField(_("last call"), default=timezone.now)

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        constraints = [
            models.UniqueConstraint(
                fields=["one_cart_of"], condition=Q(one_cart_of__isnull=False), name="one_cart_of_a_person"
            )
        ]
        indexes = [
            models.Index(fields=["-last_seen_at", "-id"], name="session_last_seen"),
            models.Index(fields=["-last_seen_at", "-id"], condition=Q(is_check=True), name="session_of_check"),
            models.Index(
                fields=["person", "-last_seen_at"], condition=Q(person__isnull=False), name="session_of_person"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def holds_one_cart(self) -> bool:
        """Whether it is no chat but what holds the one cart of an account."""
        return self.source == ACCOUNT

    @property
    def is_active(self) -> bool:
        return self.last_seen_at > timezone.now() - settings.SHOPMCP_ACTIVE_WINDOW

    @property
    def duration(self) -> timedelta:
        """From the first call to the last."""
        return self.last_seen_at - self.created_at


class CartQuerySet(models.QuerySet["Cart"]):
    def open(self) -> Self:
        """Carts that no order has closed."""
        return self.filter(ordered_at=None)

    def filled(self) -> Self:
        """Open carts that hold something."""
        return self.open().filter(item_count__gt=0)

    def of_person(self, person: int) -> Self:
        """The carts of the chats that belong to the account of a person."""
        return self.filter(session__person=person)

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
    # The changes up to this version were deleted to keep within KEPT_BYTES; and the bytes of those since, about.
    history_from = models.PositiveIntegerField(db_default=0, editable=False)
    history_bytes = models.PositiveIntegerField(db_default=0, editable=False)
    # Both are changes that undo knows; a coupon works only while it may.
    coupon = models.ForeignKey(
        Coupon, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False, editable=False
    )
    budget = models.DecimalField(_("budget"), max_digits=12, decimal_places=3, null=True, blank=True, editable=False)
    ordered_at = models.DateTimeField(_("ordered"), null=True, blank=True)
    # When its page was first opened in a browser.
    handed_over_at = models.DateTimeField(_("handed over"), null=True, blank=True)
    # When its shopper went to the store's own checkout with it; coming back, or a change in the chat, opens it again.
    left_at = models.DateTimeField(_("gone to the store's own checkout"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    updated_at = models.DateTimeField(_("changed"), default=timezone.now)

    objects = CartQuerySet.as_manager()

    class Meta:
        verbose_name = _("cart")
        verbose_name_plural = _("carts")
        constraints = [
            models.UniqueConstraint(fields=["session"], condition=Q(ordered_at=None), name="one_open_cart_per_session")
        ]
        # To delete a coupon; most carts have none.
        indexes = [
            models.Index(fields=["coupon"], condition=Q(coupon__isnull=False), name="cart_of_coupon"),
            models.Index(fields=["left_at"], condition=Q(left_at__isnull=False), name="cart_left"),
            models.Index(fields=["handed_over_at"], condition=Q(handed_over_at__isnull=False), name="cart_handed_over"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def oldest_version(self) -> int:
        """The earliest version that it can be brought back to."""
        return max(0, self.history_from, self.version - KEPT_VERSIONS)


class LineQuerySet(models.QuerySet["Line"]):
    def in_order(self) -> Self:
        """As they were added."""
        return self.order_by("id")

    def with_version(self) -> Self:
        """Join the version of the product that counts now as `sold`, and load it for `shown`."""
        sold = FilteredRelation("product__versions", condition=visible("product__versions__"))
        return self.annotate(sold=sold).select_related("product", "sold__store")

    def with_worth(self, now: datetime) -> Self:
        """Join what a chat is told of each line: `buyable`, how many can be bought, and `worth`, what they cost then.

        A product that has a price in another currency than the cart costs nothing.
        """
        sellable = Q(
            sold__withdrawn_at=None, sold__available=True, sold__price__isnull=False, sold__currency=F("cart__currency")
        )
        left = Greatest(Value(0), F("sold__counted") + F("product__stock_moved"))
        buyable = Case(
            When(sellable & Q(sold__counted=None), then=F("quantity")),
            When(sellable, then=Least(F("quantity"), left)),
            default=Value(0),
            output_field=models.IntegerField(),
        )
        money = models.DecimalField(max_digits=18, decimal_places=3)
        price = Coalesce(price_of(now, "sold__"), Value(0), output_field=money)
        worth = ExpressionWrapper(F("buyable") * price, output_field=money)
        return self.with_version().annotate(buyable=buyable).annotate(worth=worth)


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
    # A list of `carts.changes.LineChange`, with the price as text.
    delta = models.JSONField(_("what changed"), default=list)
    # What changed beside the lines, as `CartTerms.delta` has it; null for nothing.
    terms = models.JSONField(null=True, editable=False)
    # The key of the session of the chat that made it, in a cart that several chats use; null in all others.
    chat = models.BigIntegerField(null=True, editable=False)
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


class OneCartUse(models.Model):
    """A chat that uses the one cart of its person, and which version of it the chat was told last."""

    session = models.OneToOneField(Session, on_delete=models.CASCADE, primary_key=True, related_name="one_cart_use")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    # No foreign key: deleting a cart would need an index for it.
    cart_key = models.BigIntegerField(null=True)
    version = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.session_id} v{self.version}"
