from typing import Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.colours import accent_colour
from shopmcp.mailboxes import mailbox


class StoreQuerySet(models.QuerySet["Store"]):
    def oldest_first(self) -> Self:
        """The first store sets the language where none is named."""
        return self.order_by("id")


class BuyerContact(models.TextChoices):
    """What a store must know to reach a buyer."""

    EITHER = "either", _("phone or e-mail")
    PHONE = "phone", _("phone")
    EMAIL = "email", _("e-mail")
    BOTH = "both", _("phone and e-mail")


class Store(models.Model):
    slug = models.SlugField(_("slug"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=200)
    currency = models.CharField(_("currency"), max_length=3)
    # Of the shop's texts; also the locale of its prices.
    language = models.CharField(_("language"), max_length=10, default="en")
    base_url = models.URLField(_("base URL"), max_length=500, blank=True)
    # Of the days on which sales begin and end; empty for the shop's own, `TIME_ZONE`.
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    # The shop's own words, for chats to quote.
    shipping = models.TextField(_("shipping"), max_length=2000, blank=True)
    returns = models.TextField(_("returns"), max_length=2000, blank=True)
    contact = models.TextField(_("contact"), max_length=500, blank=True)
    # How it takes orders.
    paused = models.CharField(
        _("orders are paused"),
        max_length=300,
        blank=True,
        help_text=_(
            "A sentence that says why and until when, which chats repeat. While it is here, nothing is ordered."
        ),
    )
    buyer_contact = models.CharField(
        _("contact of the buyer"), max_length=6, choices=BuyerContact.choices, default=BuyerContact.EITHER
    )
    orders_email = models.EmailField(
        _("e-mail for orders"),
        blank=True,
        validators=[mailbox],
        help_text=_("Where new orders are sent; empty for the addresses of alarms."),
    )
    pay_on_delivery = models.BooleanField(_("pay on delivery or pick-up"), default=True)
    pay_instructions = models.TextField(
        _("pay as the shop says"),
        max_length=2000,
        blank=True,
        help_text=_("How to pay outside of this shop, such as by a bank transfer; empty if that is not offered."),
    )
    # Whether the numbers in its product file already leave out what was ordered here and not handed over yet.
    feed_counts_orders = models.BooleanField(
        _("its file counts orders"),
        default=False,
        help_text=_(
            "Tick this if the stock in the product file already leaves out what was ordered here. Otherwise an import "
            "takes the units of open orders off."
        ),
    )
    # For widgets; the logo has a table of its own.
    accent = models.CharField(
        _("accent colour"),
        max_length=7,
        blank=True,
        validators=[accent_colour],
        help_text=_(
            "Of the buttons that chats show, such as #0f766e; empty for ours. A colour that could hardly be seen is "
            "made darker on a light ground, and lighter on a dark one."
        ),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = StoreQuerySet.as_manager()

    class Meta:
        verbose_name = _("store")
        verbose_name_plural = _("stores")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone or settings.TIME_ZONE)
