"""Who sells in a store, and on which terms."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.models import Store
from offers.models.amounts import below_100, zero_or_more
from offers.own_checkouts import System, check_address
from offers.pay_links import https_address, pay_link
from shopmcp.mailboxes import mailbox

# As ISO 8601 counts them, in the order of Israel's week.
WEEKDAYS: Final = {
    "7": _("Sunday"),
    "1": _("Monday"),
    "2": _("Tuesday"),
    "3": _("Wednesday"),
    "4": _("Thursday"),
    "5": _("Friday"),
    "6": _("Saturday"),
}
# What the pages of a store say of it: a change of them asks for the owner's word again.
_DECLARED: Final = ("legal_name", "registration_number", "address", "phone", "email")


class MerchantQuerySet(models.QuerySet["Merchant"]):
    def of_store(self, store: Store | int) -> Self:
        return self.filter(store=store)


class Merchant(models.Model):
    """Who sells in a store: what the law wants to be told, tax, and the days of delivery.

    A store without a row takes no orders.
    """

    store = models.OneToOneField(
        Store, on_delete=models.CASCADE, related_name="merchant", verbose_name=_("store"), primary_key=True
    )
    legal_name = models.CharField(
        _("legal name"), max_length=200, blank=True, help_text=_("Of the person or company that sells.")
    )
    registration_number = models.CharField(
        _("registration number"), max_length=40, blank=True, help_text=_("Of the company or the licensed dealer.")
    )
    address = models.CharField(_("address"), max_length=300, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True, validators=[mailbox])
    prices_include_tax = models.BooleanField(_("prices include tax"), default=True)
    tax_rate = models.DecimalField(
        _("tax rate"),
        max_digits=6,
        decimal_places=3,
        default=Decimal(0),
        validators=[zero_or_more, below_100],
        help_text=_("In percent, such as 18; 0 if no tax is shown."),
    )
    # Digits of WEEKDAYS.
    delivery_days = models.CharField(_("days of delivery"), max_length=7, blank=True)
    delivery_hours = models.CharField(
        _("hours of delivery"), max_length=100, blank=True, help_text=_("Such as 9:00–19:00.")
    )
    cutoff = models.TimeField(
        _("orders of the day end at"),
        null=True,
        blank=True,
        help_text=_("What is ordered later goes out on the next day of delivery."),
    )
    low_stock = models.PositiveSmallIntegerField(
        _("low stock"), null=True, blank=True, help_text=_("You are told when so few are left; empty for never.")
    )
    confirm_by_code = models.BooleanField(
        _("code for pay on delivery"),
        default=False,
        db_default=False,
        help_text=_("Orders that are paid on delivery are confirmed by a code that is mailed to the buyer."),
    )
    remind_after = models.PositiveSmallIntegerField(
        _("hours to a reminder"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(720)],
        help_text=_(
            "Shoppers who tick a box for it get one mail if they leave a cart for so many hours; empty for no "
            "reminders. In many countries such mail is advertising."
        ),
    )
    take_later = models.BooleanField(
        _("take online payments later"),
        default=False,
        db_default=False,
        help_text=_(
            "A payment by card is only authorised when it is ordered, and you take the money on the order's page: what "
            "the order costs then, and never more than was authorised. For goods that are weighed or may be missing. "
            "An authorisation ends after about seven days."
        ),
    )
    # Beside the store's text on how to pay.
    pay_address = models.CharField(
        _("address to pay at"),
        max_length=500,
        blank=True,
        default="",
        db_default="",
        validators=[https_address],
        help_text=_(
            "Of your page at Bit, PayBox or another service, shown with the text above. It begins with https://."
        ),
    )
    pay_link = models.CharField(
        _("pay link"),
        max_length=500,
        blank=True,
        default="",
        db_default="",
        validators=[pay_link],
        help_text=_(
            "The address of a payment at your provider, with {sum} and {number} in it, and if it takes them {currency} "
            "and {return} (the order's page). Offered if the setting SHOPMCP_PAYMENTS names link."
        ),
    )
    # By which the provider of the pay link signs what it reports; empty for none. Signing needs it as it is.
    pay_link_secret = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)
    own_checkout = models.CharField(
        _("the store's own checkout"),
        max_length=12,
        choices=System.choices,
        blank=True,
        default="",
        db_default="",
        help_text=_("If carts are ordered in your own shop system and not here: what it runs on."),
    )
    own_checkout_address = models.CharField(
        _("address of the own checkout"),
        max_length=500,
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "Of your shop, such as https://shop.example.com; for another system a template with {items} (id:quantity, "
            "with commas), {coupon}, {sum} and {currency}."
        ),
    )
    # When the owner confirmed the pages for shoppers; null until then, and again after a change of what they declare.
    pages_confirmed_at = models.DateTimeField(_("pages confirmed"), null=True, blank=True, editable=False)
    # Drawn anew with each change of what the store offers, so that every process forgets what it remembers of it.
    revision = models.CharField(max_length=22, editable=False)

    objects = MerchantQuerySet.as_manager()

    class Meta:
        verbose_name = _("merchant")
        verbose_name_plural = _("merchants")
        constraints = [
            models.CheckConstraint(condition=Q(tax_rate__gte=0, tax_rate__lt=100), name="tax_rate_below_100"),
        ]

    def __str__(self) -> str:
        return self.legal_name or str(self.store_id)

    def clean(self) -> None:
        """Refuse days that are none, and an own checkout without its address."""
        wrong = dict[str, Any]()
        if set(self.delivery_days) - set(WEEKDAYS):
            wrong["delivery_days"] = _("Choose days of the week.")
        if self.own_checkout and not self.own_checkout_address:
            wrong["own_checkout_address"] = _("Give the address of the checkout.")
        elif self.own_checkout_address:
            try:
                check_address(self.own_checkout or System.PLAIN, self.own_checkout_address)
            except ValidationError as refusal:
                wrong["own_checkout_address"] = refusal
        if wrong:
            raise ValidationError(wrong)

    @property
    def has_own_checkout(self) -> bool:
        """Whether its carts are ordered in its own shop system, and not here."""
        return bool(self.own_checkout and self.own_checkout_address)

    @property
    def declared(self) -> tuple[str, ...]:
        """What the pages for shoppers declare."""
        return tuple(getattr(self, name) for name in _DECLARED)

    @property
    def missing(self) -> list[str]:
        """What has to be filled before orders can be taken, in words."""
        told = (
            (self.legal_name, gettext("the legal name")),
            (self.registration_number, gettext("the registration number")),
            (self.address, gettext("the address")),
            (self.phone or self.email, gettext("a phone number or an e-mail address")),
        )
        return [words for value, words in told if not value]

    @property
    def day_names(self) -> list[str]:
        """The days of delivery in the order of the week."""
        return [str(name) for day, name in WEEKDAYS.items() if day in self.delivery_days]

    def next_delivery_day(self, now: datetime | None = None) -> date | None:
        """Return the first day on which what is ordered at that moment goes out; None if the store names no days.

        Days and the cut-off are those of the store's time zone.
        """
        local = timezone.localtime(now or timezone.now(), self.store.zone)
        late = self.cutoff is not None and local.time() >= self.cutoff
        days = (local.date() + timedelta(days=n) for n in range(late, late + 8))
        return next((day for day in days if str(day.isoweekday()) in self.delivery_days), None)

    @property
    def cutoff_shown(self) -> str:
        """The cut-off as a clock shows it; empty without one."""
        return self.cutoff.strftime("%H:%M") if isinstance(self.cutoff, time) else ""
