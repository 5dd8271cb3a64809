"""Orders as they were bought, and what happened to them."""

import unicodedata
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from carts.models import Cart, Session
from catalog.language.text import folded
from catalog.models import Store
from offers.models import CouponUse
from orders.numbers import read_number, shown_number
from shopmcp.money import Money, money

# Counting stops here, so that its time is bounded: each is read to tell whether it is a test.
COUNT_CAP: Final = 1_000
# The last digits of a phone number: the same with a country's code and without.
PHONE_DIGITS: Final = 8


def amount(label: Any, **options: Any) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(label, max_digits=14, decimal_places=3, **options)


class OrderQuerySet(models.QuerySet["Order"]):
    def real(self) -> Self:
        """Orders that count in numbers."""
        return self.filter(is_test=False)

    def open(self) -> Self:
        """Orders that the shop still has to do something for."""
        return self.filter(state__in=OPEN)

    def of_session(self, session: Session | int) -> Self:
        return self.filter(session=session)

    def of_person(self, person: Person | int, *, or_else: Q | None = None) -> Self:
        """Orders of an account, those of the chats that it keeps and nobody else placed, and what `or_else` names."""
        # By their keys: a join in an OR would read all orders.
        chats = list(Session.objects.of_person(person).values_list("pk", flat=True))
        mine = Q(person=person) | Q(person=None, session__in=chats)
        return self.filter(mine if or_else is None else mine | or_else)

    def newest_first(self) -> Self:
        return self.order_by("-id")

    def placed_between(self, since: datetime | None, until: datetime | None) -> Self:
        """Orders placed in [since, until); None leaves a side open."""
        rows = self if since is None else self.filter(placed_at__gte=since)
        return rows if until is None else rows.filter(placed_at__lt=until)

    def numbered(self, text: str) -> Self:
        """The order with this number, as people write it."""
        return self.filter(number=read_number(text) or "")

    def over(self) -> Self:
        """Orders that nothing more is to be done for, also no money to be paid back."""
        owed = Q(state=OrderState.CANCELLED, paid__gt=F("refunded"))
        owed |= Q(state=OrderState.COMPLETED, paid__gt=F("refunded") + F("total"))
        over = self.filter(state__in=OVER).exclude(owed)
        # The provider of these has not said yet what came of them.
        over = over.exclude(online_payments__state__in=("opening", "open", "processing", "authorised"))
        return over.exclude(refunds__state="pending")

    def unpaid_in_time(self, now: datetime) -> Self:
        """Orders that await their payment and hold their goods no longer, the oldest first; none that is on its way."""
        late = self.filter(state=OrderState.AWAITING, hold_until__lte=now)
        return late.exclude(online_payments__state="processing").order_by("hold_until", "id")

    def with_buyer(self) -> Self:
        """Orders whose buyer was not forgotten."""
        return self.filter(forgotten_at=None)

    def searched(self, text: str) -> Self:
        """Orders with this number, phone number or e-mail, or whose buyer's name or surname begins so."""
        text = text.strip()
        if (number := read_number(text)) is not None:
            return self.filter(number=number)
        if "@" in text:
            return self.filter(email_key=email_key(text))
        if len(phone := phone_key(text)) >= 4 and not any(sign.isalpha() for sign in text):
            return self.filter(phone_key=phone)
        start = folded(text, 100).strip()
        if not start:
            return self.none()
        end = start + "\U0010ffff"
        return self.filter(Q(name_key__gte=start, name_key__lt=end) | Q(surname_key__gte=start, surname_key__lt=end))

    def capped_count(self) -> int:
        """The number of orders, at most COUNT_CAP."""
        return self.order_by()[:COUNT_CAP].count()


class OrderState(models.TextChoices):
    # Until it is paid online; then it is placed.
    AWAITING = "awaiting", _("awaiting payment")
    PLACED = "placed", _("placed")
    CONFIRMED = "confirmed", _("confirmed")
    READY = "ready", _("ready")
    COMPLETED = "completed", _("completed")
    CANCELLED = "cancelled", _("cancelled")


OPEN: Final = (OrderState.PLACED, OrderState.CONFIRMED, OrderState.READY)
OVER: Final = (OrderState.COMPLETED, OrderState.CANCELLED)


class Order(models.Model):
    """What somebody bought: names, prices, delivery, coupon and tax as they were then."""

    State = OrderState

    class Payment(models.TextChoices):
        ON_DELIVERY = "on_delivery", _("on delivery or pick-up")
        INSTRUCTIONS = "instructions", _("as the shop says")
        LINK = "link", _("online")
        STRIPE = "stripe", _("online, by card")
        DUMMY = "dummy", _("online, as a test")

    class PaymentState(models.TextChoices):
        UNPAID = "unpaid", _("not paid")
        # The buyer's bank holds the money for the shop, which takes it later.
        AUTHORISED = "authorised", _("authorised, not taken yet")
        PAID = "paid", _("paid")
        REFUNDED = "refunded", _("refunded")

    class Actor(models.TextChoices):
        SHOPPER = "shopper", _("the shopper")
        OWNER = "owner", _("the shop")
        SYSTEM = "system", _("by itself")

    number = models.CharField(_("number"), max_length=9, unique=True)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="orders", verbose_name=_("store"))
    # The conversation and its cart. A cart becomes one order, however often its form is sent.
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="orders", verbose_name=_("session"))
    cart = models.OneToOneField(Cart, on_delete=models.PROTECT, related_name="order", verbose_name=_("cart"))
    # Who was signed in when it was placed, or else whose chat it came from. It keeps its numbers without them.
    person = models.ForeignKey(
        Person,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="orders",
        db_index=False,
        editable=False,
        verbose_name=_("customer"),
    )
    # Of the request that placed it.
    request_key = models.CharField(max_length=64, unique=True, editable=False)
    # In which the shopper is spoken to.
    language = models.CharField(_("language"), max_length=10)
    state = models.CharField(_("state"), max_length=10, choices=OrderState.choices, default=OrderState.PLACED)
    is_test = models.BooleanField(_("test"), default=False)
    placed_at = models.DateTimeField(_("placed"), default=timezone.now)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now)
    # Grows with each change, so that two people do not change one order against each other.
    version = models.PositiveIntegerField(default=1, editable=False)

    currency = models.CharField(_("currency"), max_length=3)
    goods = amount(_("goods"))
    discount = amount(_("discount"), default=0)
    # A cancelled order gives it back.
    coupon_use = models.OneToOneField(
        CouponUse, on_delete=models.PROTECT, null=True, blank=True, related_name="order", editable=False
    )
    coupon_code = models.CharField(_("coupon"), max_length=40, blank=True)
    delivery_price = amount(_("delivery"), default=0)
    tax_rate = models.DecimalField(_("tax rate"), max_digits=6, decimal_places=3, default=0)
    tax_included = models.BooleanField(_("prices include tax"), default=True)
    tax = amount(_("tax"), default=0)
    delivery_tax = amount(_("tax of the delivery"), default=0)
    total = amount(_("total"))
    # The total when it was placed: the shop may have changed the order since.
    first_total = amount(_("total when placed"))

    name = models.CharField(_("name"), max_length=100, blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    note = models.TextField(_("note"), max_length=1000, blank=True)
    street = models.CharField(_("street and house"), max_length=200, blank=True)
    street_more = models.CharField(_("entrance, floor, apartment"), max_length=200, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    # When the buyer's details were deleted, and whether they are to be as soon as the order is over.
    forgotten_at = models.DateTimeField(_("buyer forgotten"), null=True, blank=True, editable=False)
    forget_when_over = models.BooleanField(default=False, db_default=False, editable=False)
    # By which orders are searched.
    name_key = models.CharField(max_length=100, blank=True, editable=False)
    surname_key = models.CharField(max_length=100, blank=True, editable=False)
    phone_key = models.CharField(max_length=PHONE_DIGITS, blank=True, editable=False)
    email_key = models.CharField(max_length=254, blank=True, editable=False)

    delivery_name = models.CharField(_("delivery option"), max_length=100)
    is_pickup = models.BooleanField(_("pick-up"), default=False)
    pickup_place = models.CharField(_("place of pick-up"), max_length=300, blank=True)
    pickup_hours = models.CharField(_("hours of pick-up"), max_length=300, blank=True)
    delivery_note = models.TextField(_("note of the delivery option"), max_length=500, blank=True)

    payment = models.CharField(_("way to pay"), max_length=20, choices=Payment.choices, default=Payment.ON_DELIVERY)
    payment_text = models.TextField(_("how to pay"), max_length=2000, blank=True)
    # Of a pay link its template, which is filled when it is shown: what is due may change.
    payment_address = models.CharField(_("address to pay at"), max_length=500, blank=True, default="", db_default="")
    payment_state = models.CharField(
        _("payment"), max_length=10, choices=PaymentState.choices, default=PaymentState.UNPAID
    )
    # Whether its payment online is only authorised first: as the store said when it was placed.
    take_later = models.BooleanField(_("payment is taken later"), default=False, db_default=False)
    # Until when it holds its goods and its coupon while it awaits its payment.
    hold_until = models.DateTimeField(_("held until"), null=True, blank=True, editable=False)
    # What is authorised, and neither taken nor let go.
    authorised = amount(_("authorised"), default=0, db_default=0)
    paid = amount(_("paid"), default=0)
    refunded = amount(_("paid back"), default=0)

    cancelled_by = models.CharField(_("cancelled by"), max_length=10, choices=Actor.choices, blank=True)
    cancel_reason = models.CharField(_("reason"), max_length=500, blank=True)
    # When the shopper told that they withdraw from the purchase.
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-id"]
        permissions = [
            ("see_people", _("Can see names, contacts and addresses of buyers")),
            ("refund", _("Can take, release and pay back payments")),
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="order_by_state"),
            models.Index(fields=["store", "-id"], name="order_by_store"),
            models.Index(fields=["placed_at"], name="order_placed"),
            models.Index(fields=["name_key"], name="order_by_name"),
            models.Index(fields=["surname_key"], name="order_by_surname"),
            models.Index(fields=["phone_key"], name="order_by_phone"),
            models.Index(fields=["email_key"], name="order_by_email"),
            models.Index(fields=["id"], condition=Q(forget_when_over=True), name="order_to_forget"),
            models.Index(fields=["hold_until"], condition=Q(state="awaiting"), name="order_by_hold"),
            models.Index(fields=["person", "-id"], condition=Q(person__isnull=False), name="order_of_person"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(goods__gte=0, discount__gte=0, delivery_price__gte=0, tax__gte=0, total__gte=0),
                name="order_sums_not_negative",
            ),
            models.CheckConstraint(condition=Q(discount__lte=models.F("goods")), name="discount_within_goods"),
            models.CheckConstraint(condition=Q(authorised__gte=0), name="authorised_not_negative"),
        ]

    def __str__(self) -> str:
        return self.shown_number

    @property
    def shown_number(self) -> str:
        return shown_number(self.number)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def can_be_changed(self) -> bool:
        """Whether the shop may still change what is in it."""
        return self.state in (OrderState.PLACED, OrderState.CONFIRMED)

    @property
    def can_be_cancelled_by_shopper(self) -> bool:
        return self.state in (OrderState.AWAITING, OrderState.PLACED)

    @property
    def can_be_withdrawn(self) -> bool:
        """Whether the shopper may still tell that they withdraw; whether it has an effect, the shop's terms say."""
        return self.state != OrderState.CANCELLED and self.withdrawn_at is None

    @property
    def has_people(self) -> bool:
        """Whether it still has its buyer's details."""
        return bool(self.name or self.phone or self.email)

    @property
    def is_online(self) -> bool:
        """Whether a provider takes its payment online, and tells by itself."""
        return self.payment in (self.Payment.STRIPE, self.Payment.DUMMY)

    @property
    def due(self) -> Decimal:
        """What the buyer still has to pay, beside what is authorised; below 0 what is to be paid back to them."""
        missing = self._missing
        return max(missing - self.authorised, Decimal(0)) if missing > 0 else missing

    @property
    def to_take(self) -> Decimal:
        """What the shop can take of what is authorised: what has not come yet, and never more than was authorised."""
        held: Decimal = self.authorised
        return max(min(self._missing, held), Decimal(0))

    @property
    def _missing(self) -> Decimal:
        """What has not come yet; below 0 what came too much. Nothing is missing for a cancelled order.

        Nor is what the shop gave back for nothing in return.
        """
        owed: Decimal = Decimal(0) if self.state == OrderState.CANCELLED else self.total
        missing: Decimal = owed - self.paid + self.refunded
        is_settled = self.paid >= self.total or self.payment_state == self.PaymentState.REFUNDED
        return min(missing, Decimal(0)) if is_settled else missing

    @property
    def owed(self) -> Decimal:
        """What is to be paid back; 0 if nothing is."""
        return max(-self.due, Decimal(0))

    @property
    def awaits_payment(self) -> bool:
        """Whether the buyer still has to pay something; not what the shop gave back for nothing in return."""
        return self.due > 0

    @property
    def address(self) -> list[str]:
        """The lines of the address."""
        place = " ".join(filter(None, (self.city, self.postal_code)))
        return [line for line in (self.street, self.street_more, place) if line]

    @property
    def total_shown(self) -> Money:
        return money(self.total, self.currency, self.language)

    def set_keys(self) -> None:
        """Derive the keys for searching from the buyer's details, without saving."""
        self.name_key = folded(self.name, 100).strip()
        first, _space, rest = self.name_key.rpartition(" ")
        self.surname_key = f"{rest} {first}"[:100] if first else ""
        self.phone_key, self.email_key = phone_key(self.phone), email_key(self.email)


def phone_key(phone: str) -> str:
    """Return the last digits of a phone number; the same however it is written, also in another script's digits."""
    return "".join(str(unicodedata.digit(sign)) for sign in phone if sign.isdecimal())[-PHONE_DIGITS:]


def email_key(email: str) -> str:
    return email.strip().casefold()[:254]
