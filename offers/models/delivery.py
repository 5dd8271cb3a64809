"""The ways in which an order reaches its buyer."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Store
from offers.areas import fits, read_cities, read_postal_codes
from offers.models.amounts import optional_amount, zero_or_more
from shopmcp.errors import InvalidArguments
from shopmcp.money import Money, money

# Of a store: chats are told all of them.
MOST_OPTIONS = 50


class DeliveryOptionQuerySet(models.QuerySet["DeliveryOption"]):
    def offered(self) -> Self:
        """Those that shoppers can choose, in the owner's order."""
        return self.filter(active=True).in_order()

    def in_order(self) -> Self:
        """By store, in the owner's order."""
        return self.order_by("store_id", "position", "id")

    def of_store(self, store: Store | int) -> Self:
        return self.filter(store=store)


class DeliveryOption(models.Model):
    """A way in which a store's orders reach their buyers: delivery to an address, or pick-up.

    Amounts are in the currency of the store. Every `total` is that of the goods, after their discount.
    """

    class Kind(models.TextChoices):
        DELIVERY = "delivery", _("delivery")
        PICKUP = "pickup", _("pick-up")

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="delivery_options", verbose_name=_("store"))
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.DELIVERY)
    price = models.DecimalField(
        _("price"), max_digits=12, decimal_places=3, default=Decimal(0), validators=[zero_or_more]
    )
    free_above = optional_amount(_("free from"), _("From this sum of the goods on it costs nothing; empty for never."))
    minimum = optional_amount(_("minimum order"), _("The lowest sum of the goods; empty for none."))
    postal_codes = models.TextField(
        _("postal codes"),
        max_length=4000,
        blank=True,
        help_text=_(
            "Where it goes: codes, their beginnings (61) or ranges (6100000-6199999), with commas or lines between. "
            "With neither codes nor cities it goes everywhere."
        ),
    )
    cities = models.TextField(
        _("cities"), max_length=4000, blank=True, help_text=_("Where it goes too: names with commas or lines between.")
    )
    pickup_place = models.CharField(_("place of pick-up"), max_length=300, blank=True)
    pickup_hours = models.CharField(_("hours of pick-up"), max_length=300, blank=True)
    note = models.TextField(
        _("note"), max_length=500, blank=True, help_text=_("What shoppers should know, such as how long it takes.")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0, help_text=_("The lowest comes first."))
    active = models.BooleanField(_("offered"), default=True)

    objects = DeliveryOptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery option")
        verbose_name_plural = _("delivery options")
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0), name="delivery_price_not_negative"),
            models.CheckConstraint(
                condition=Q(free_above__isnull=True) | Q(free_above__gt=0), name="delivery_free_above_positive"
            ),
            models.CheckConstraint(
                condition=Q(minimum__isnull=True) | Q(minimum__gt=0), name="delivery_minimum_positive"
            ),
        ]
        indexes = [models.Index(fields=["store", "position", "id"], name="delivery_in_order")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse values that contradict each other, each beside its field."""
        wrong = dict[str, Any]()
        try:
            read_postal_codes(self.postal_codes)
        except InvalidArguments as refusal:
            wrong["postal_codes"] = refusal.text
        if self.is_pickup and not self.pickup_place.strip():
            wrong["pickup_place"] = _("Say where orders are picked up.")
        if wrong:
            raise ValidationError(wrong)
        if self.pk is None and DeliveryOption.objects.of_store(self.store_id).count() >= MOST_OPTIONS:
            raise ValidationError(
                _("A store has at most %(most)d delivery options: delete one first.") % {"most": MOST_OPTIONS}
            )

    @property
    def is_pickup(self) -> bool:
        return self.kind == self.Kind.PICKUP

    def is_for(self, currency: str) -> bool:
        """Whether goods in this currency can go by it: its amounts are in the store's; `store` must be loaded."""
        return currency == self.store.currency or not (self.price or self.minimum)

    @property
    def has_area(self) -> bool:
        """Whether it goes to some places only."""
        return not self.is_pickup and bool(self.postal_codes.strip() or self.cities.strip())

    @property
    def shown_postal_codes(self) -> list[str]:
        return [str(codes) for codes in read_postal_codes(self.postal_codes)]

    @property
    def shown_cities(self) -> list[str]:
        return list(read_cities(self.cities))

    def price_for(self, total: Decimal) -> Decimal:
        """Return what it costs for goods of this sum."""
        return Decimal(0) if self.free_above is not None and total >= self.free_above else self.price

    def serves(self, postal_code: str = "", city: str = "") -> bool:
        """Whether it goes to this place. A pick-up does for everybody; an area needs the code or city that it names."""
        return self.is_pickup or fits(self.postal_codes, self.cities, postal_code, city)

    def missing_for_free(self, total: Decimal) -> Decimal | None:
        """Return how much more the goods must cost for it to be free; 0 if it is, None if a sum never makes it so."""
        if not self.price:
            return Decimal(0)
        return None if self.free_above is None else max(Decimal(0), self.free_above - total)

    def missing_for_minimum(self, total: Decimal) -> Decimal:
        """Return how much the goods lack for its minimum order; 0 for nothing."""
        return Decimal(0) if self.minimum is None else max(Decimal(0), self.minimum - total)

    def shown(self, amount: Decimal) -> Money:
        """Return an amount in the store's currency and locale; `store` must be loaded."""
        return money(amount, self.store.currency, self.store.language)


class FreeDelivery(NamedTuple):
    """What is missing for free delivery, 0 for nothing, and by which option."""

    missing: Decimal
    option: DeliveryOption


def nearest_free_delivery(options: Iterable[DeliveryOption], total: Decimal) -> FreeDelivery | None:
    """Return the delivery to an address that this sum of goods makes free, or is nearest to; None if a sum makes none.

    Delivery that is always free counts too: then nothing is missing. Pick-up does not count.
    """
    found = [
        FreeDelivery(missing, option)
        for option in options
        if not option.is_pickup and (missing := option.missing_for_free(total)) is not None
    ]
    return min(found, key=lambda free: free.missing, default=None)
