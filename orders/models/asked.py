"""What is asked of a provider about a payment: to take it, or to pay it back. The row is written before it is asked."""

import secrets
from datetime import datetime
from typing import Self, TypeVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from orders.models.payments import shown_amount

PENDING = "pending"
M = TypeVar("M", bound="AskedOfProvider")


def new_key() -> str:
    """Return a key that nobody guesses: by it a provider knows a payment or a refund again."""
    return secrets.token_urlsafe(24)


class AskedQuerySet(models.QuerySet[M]):
    def pending(self) -> Self:
        """Those of which it is not known yet what became of them."""
        return self.filter(state=PENDING)

    def to_look_at(self, now: datetime) -> Self:
        """Pending ones whose provider is to be asked now, the longest waiting first."""
        return self.pending().filter(next_look_at__lte=now).order_by("next_look_at", "id")


class AskedOfProvider(models.Model):
    """An amount of a payment that its provider is asked to move, with one idempotency key however often it is asked."""

    key = models.CharField(max_length=40, unique=True, default=new_key, editable=False)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=3)
    currency = models.CharField(_("currency"), max_length=3)
    # The name of the member of staff; empty for what was begun at the provider.
    who = models.CharField(_("name"), max_length=150, blank=True)
    asked_at = models.DateTimeField(_("asked for"), default=timezone.now)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    # When the provider is asked next, how often it was, and what came of the last time.
    next_look_at = models.DateTimeField(null=True, blank=True, editable=False)
    looks = models.PositiveSmallIntegerField(default=0, editable=False)
    fault = models.CharField(_("fault"), max_length=300, blank=True)

    class Meta:
        abstract = True

    @property
    def shown(self) -> str:
        """Its amount as people write it."""
        return shown_amount(self.amount, self.currency)
