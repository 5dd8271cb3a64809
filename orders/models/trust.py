"""Whom a store believes: codes by which buyers confirm orders, and contacts from which it takes none."""

from datetime import timedelta
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from carts.models import Cart
from catalog.models import Store
from offers.buyers import Buyer, digests_of

CODE_HOLDS = timedelta(minutes=20)
MOST_TRIES = 5


class OrderCodeQuerySet(models.QuerySet["OrderCode"]):
    def open(self) -> Self:
        """Codes that can still be written."""
        return self.filter(confirmed_at=None, expires_at__gt=timezone.now(), tries__lt=MOST_TRIES)


class OrderCode(models.Model):
    """The newest code that was mailed to confirm the order of a cart. Neither code nor address is stored."""

    cart = models.OneToOneField(Cart, on_delete=models.CASCADE, related_name="order_code", verbose_name=_("cart"))
    # A keyed digest of the code, and the digest of the mailbox that it went to.
    digest = models.CharField(max_length=64, editable=False)
    email_key = models.CharField(max_length=64, editable=False)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    expires_at = models.DateTimeField(_("expires"), db_index=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)

    objects = OrderCodeQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.cart_id}"


class BlockedContactQuerySet(models.QuerySet["BlockedContact"]):
    def of_store(self, store: Store | int) -> Self:
        return self.filter(store=store)

    def of_buyer(self, buyer: Buyer) -> Self:
        """Those of this e-mail address or this phone number, however they are written."""
        return self.filter(digest__in=digests_of(buyer))


class BlockedContact(models.Model):
    """An e-mail address or phone number from which a store takes no orders, as a digest."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="blocked", verbose_name=_("store"))
    # As `offers.buyers` makes it.
    digest = models.CharField(max_length=64, editable=False)
    # By which the owner knows it again, such as `d…@example.com`; empty once the person was forgotten.
    hint = models.CharField(_("contact"), max_length=100, blank=True)
    reason = models.CharField(_("why"), max_length=200, blank=True)
    by = models.CharField(_("name"), max_length=150, blank=True)
    at = models.DateTimeField(_("time"), default=timezone.now)

    objects = BlockedContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("blocked contact")
        verbose_name_plural = _("blocked contacts")
        constraints = [models.UniqueConstraint(fields=["store", "digest"], name="one_block_per_contact")]

    def __str__(self) -> str:
        return self.hint
