"""Coupons, and who used them."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from catalog.language.text import folded
from catalog.models import Store
from offers.buyers import Buyer
from offers.models.amounts import optional_amount
from shopmcp.money import Money, money, rounded


class Goods(NamedTuple):
    """A line of a cart or an order, as far as it can be bought: what it costs today."""

    product_id: str
    category: str
    total: Decimal


@dataclass(frozen=True, slots=True)
class Discount:
    """What a coupon does for goods.

    Attributes:
        amount: What it takes off them, rounded to the currency; never more than what it covers costs.
        covers: For each line whether the coupon covers it.
        free_delivery: Whether the delivery costs nothing.
        missing: What the goods lack for its minimum; then it does nothing yet.
    """

    amount: Decimal = Decimal(0)
    covers: tuple[bool, ...] = ()
    free_delivery: bool = False
    missing: Decimal = Decimal(0)

    @property
    def works(self) -> bool:
        """Whether it does anything for these goods."""
        return bool(self.amount) or self.free_delivery


def code_key(code: str) -> str:
    """Return a code for comparison: letter case, spaces and dashes make no difference."""
    plain = unicodedata.normalize("NFKC", code).casefold()
    return "".join(sign for sign in plain if sign.isalnum())[:40]


class CouponQuerySet(models.QuerySet["Coupon"]):
    def of_store(self, store: Store | int) -> Self:
        return self.filter(store=store)

    def with_code(self, code: str) -> Self:
        """The coupon of this code, however it is written; none for a text without letters and digits."""
        key = code_key(code)
        return self.filter(code_key=key) if key else self.none()

    def valid_at(self, now: datetime) -> Self:
        """Coupons that work at that moment and have uses left."""
        begun = Q(begins_at=None) | Q(begins_at__lte=now)
        return self.filter(begun, Q(ends_at=None) | Q(ends_at__gt=now), self._left(), active=True)

    def with_uses_left(self) -> Self:
        return self.filter(self._left())

    def told(self) -> Self:
        """Those that chats tell a shopper who almost reaches their minimum."""
        return self.filter(told=True, active=True).exclude(minimum=None)

    @staticmethod
    def _left() -> Q:
        return Q(uses=None) | Q(used__lt=F("uses"))


class Coupon(models.Model):
    """A code that takes something off. Amounts are in the currency of the store."""

    class Kind(models.TextChoices):
        PERCENT = "percent", _("percent")
        AMOUNT = "amount", _("amount")
        FREE_DELIVERY = "free_delivery", _("free delivery")

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="coupons", verbose_name=_("store"))
    code = models.CharField(_("code"), max_length=40)
    code_key = models.CharField(max_length=40, editable=False)
    kind = models.CharField(_("kind"), max_length=13, choices=Kind.choices, default=Kind.PERCENT)
    value = optional_amount(_("value"), _("How many percent, or the amount; empty for free delivery."))
    minimum = optional_amount(_("minimum order"), _("The lowest sum of all goods before the discount; empty for none."))
    begins_at = models.DateTimeField(_("begins"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)
    uses = models.PositiveIntegerField(
        _("uses in all"), null=True, blank=True, help_text=_("How many orders may use it; empty for any number.")
    )
    uses_each = models.PositiveIntegerField(
        _("uses for each buyer"),
        null=True,
        blank=True,
        help_text=_("How many orders of one e-mail address or phone number; empty for any number."),
    )
    used = models.PositiveIntegerField(_("used"), default=0, editable=False)
    # Product ids and names of categories, one a line; without both it covers everything.
    products = models.TextField(
        _("only these products"), max_length=4000, blank=True, help_text=_("Product ids, one a line.")
    )
    categories = models.TextField(
        _("only these categories"), max_length=4000, blank=True, help_text=_("Names of categories, one a line.")
    )
    told = models.BooleanField(
        _("told by chats"),
        default=False,
        help_text=_("Chats tell the code to a shopper who almost reaches its minimum order."),
    )
    active = models.BooleanField(_("in force"), default=True)

    objects = CouponQuerySet.as_manager()

    class Meta:
        verbose_name = _("coupon")
        verbose_name_plural = _("coupons")
        constraints = [
            models.UniqueConstraint(fields=["store", "code_key"], name="one_coupon_per_code"),
            models.CheckConstraint(condition=Q(uses__isnull=True) | Q(used__lte=F("uses")), name="coupon_uses_bounded"),
        ]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        """Refuse values that contradict each other, each beside its field."""
        wrong = dict[str, Any]()
        if not code_key(self.code):
            wrong["code"] = _("A code has letters or digits.")
        elif Coupon.objects.of_store(self.store_id).with_code(self.code).exclude(pk=self.pk).exists():
            wrong["code"] = ValidationError(_("The store has another coupon with this code."), code="taken")
        if self.kind == self.Kind.FREE_DELIVERY:
            self.value = None
        elif self.value is None:
            wrong["value"] = _("Say how much it takes off.")
        elif self.kind == self.Kind.PERCENT and self.value > 100:
            wrong["value"] = _("Nothing costs less than nothing: give at most 100 percent.")
        if self.begins_at and self.ends_at and self.ends_at <= self.begins_at:
            wrong["ends_at"] = _("It must end after it begins.")
        if self.uses is not None and self.uses < self.used:
            wrong["uses"] = _("It was used %(used)d times already.") % {"used": self.used}
        if wrong:
            raise ValidationError(wrong)

    @property
    def product_ids(self) -> list[str]:
        return self.products.split("\n") if self.products else []

    @property
    def category_names(self) -> list[str]:
        return self.categories.split("\n") if self.categories else []

    @property
    def covers_everything(self) -> bool:
        return not self.products and not self.categories

    @property
    def uses_left(self) -> int | None:
        return None if self.uses is None else max(0, self.uses - self.used)

    def begun_at(self, now: datetime) -> bool:
        return self.begins_at is None or self.begins_at <= now

    def ended_at(self, now: datetime) -> bool:
        return self.ends_at is not None and self.ends_at <= now

    def is_valid_at(self, now: datetime) -> bool:
        """Whether it works at that moment and has a use left; `valid_at` is the same for a QuerySet."""
        return self.active and self.begun_at(now) and not self.ended_at(now) and self.uses_left != 0

    def covers(self, goods: Goods) -> bool:
        if self.covers_everything or goods.product_id in self.product_ids:
            return True
        category = folded(goods.category, 200)
        return bool(category) and any(folded(name, 200) == category for name in self.category_names)

    def discount_on(self, goods: Sequence[Goods]) -> Discount:
        """Return what it does for these goods, whose prices are in the store's currency; `store` must be loaded.

        A percentage is that of the sum of what it covers, rounded half up.
        """
        covers = tuple(self.covers(line) for line in goods)
        if self.minimum is not None and (missing := self.minimum - sum(line.total for line in goods)) > 0:
            return Discount(covers=covers, missing=missing)
        if self.kind == self.Kind.FREE_DELIVERY:
            return Discount(covers=covers, free_delivery=any(covers))
        sum_covered = sum(
            (line.total for line, is_covered in zip(goods, covers, strict=True) if is_covered), Decimal(0)
        )
        value = self.value or Decimal(0)
        amount = sum_covered * value / 100 if self.kind == self.Kind.PERCENT else value
        return Discount(min(rounded(amount, self.store.currency), sum_covered), covers)

    def shown(self, amount: Decimal) -> Money:
        """Return an amount in the store's currency and locale; `store` must be loaded."""
        return money(amount, self.store.currency, self.store.language)


class CouponUseQuerySet(models.QuerySet["CouponUse"]):
    def counting(self) -> Self:
        """Uses that were not given back."""
        return self.filter(given_back_at=None)

    def of_buyer(self, buyer: Buyer) -> Self:
        """Uses by this e-mail, this phone or this account."""
        theirs = Q(email_key__in=buyer.email_keys) | Q(phone_key__in=buyer.phone_keys)
        return self.filter(theirs if buyer.person is None else theirs | Q(person=buyer.person))


class CouponUse(models.Model):
    """One use of a coupon, which an order points at."""

    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="takes", verbose_name=_("coupon"))
    # Digests of `Buyer`; empty where nothing was given.
    email_key = models.CharField(max_length=64, blank=True, editable=False)
    phone_key = models.CharField(max_length=64, blank=True, editable=False)
    person = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False, editable=False
    )
    taken_at = models.DateTimeField(_("used"), default=timezone.now)
    given_back_at = models.DateTimeField(_("given back"), null=True, blank=True)

    objects = CouponUseQuerySet.as_manager()

    class Meta:
        verbose_name = _("use of a coupon")
        verbose_name_plural = _("uses of coupons")
        indexes = [
            models.Index(fields=["coupon", "email_key"], condition=~Q(email_key=""), name="coupon_use_by_email"),
            models.Index(fields=["coupon", "phone_key"], condition=~Q(phone_key=""), name="coupon_use_by_phone"),
            models.Index(fields=["person", "coupon"], condition=Q(person__isnull=False), name="coupon_use_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.coupon_id} {self.taken_at:%Y-%m-%d %H:%M}"
