"""Reminders of carts that were left, for shoppers who asked for one."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from carts.models import Cart
from offers.models import Merchant


class CartReminderQuerySet(models.QuerySet["CartReminder"]):
    def waiting(self) -> Self:
        """Reminders that were neither sent nor ended."""
        return self.filter(sent_at=None, ended_at=None)

    def due(self, now: datetime) -> Self:
        """Those to be sent: the store reminds, and the cart has been left for as long as it says, with goods in it."""
        fits = Q(pk__in=[])
        for store, hours in Merchant.objects.exclude(remind_after=None).values_list("store", "remind_after"):
            left = now - timedelta(hours=hours or 0)
            fits |= Q(cart__store=store, cart__updated_at__lte=left, asked_at__lte=left)
        return self.waiting().filter(
            fits, cart__ordered_at=None, cart__left_at=None, cart__item_count__gt=0, cart__store__paused=""
        )


class CartReminder(models.Model):
    """The wish of a shopper to be reminded of a cart once. The address is kept until the mail is written."""

    public_id = models.CharField(_("public id"), max_length=18, unique=True)
    cart = models.OneToOneField(Cart, on_delete=models.CASCADE, related_name="reminder", verbose_name=_("cart"))
    email = models.EmailField(_("e-mail"), blank=True)
    # The digest of the mailbox, as `offers.buyers` makes it: by it a person is found once the address is gone.
    email_key = models.CharField(max_length=64, db_index=True, editable=False)
    language = models.CharField(_("language"), max_length=10)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = CartReminderQuerySet.as_manager()

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        indexes = [models.Index(fields=["id"], condition=Q(sent_at=None, ended_at=None), name="reminder_waiting")]

    def __str__(self) -> str:
        return self.public_id
