"""Shoppers with an account, and the sessions of their browsers."""

import secrets
from base64 import b32encode
from typing import Self

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def new_public_id() -> str:
    """A public id such as `p_` and 16 letters and digits: 80 random bits."""
    return "p_" + b32encode(secrets.token_bytes(10)).decode().lower()


class PersonQuerySet(models.QuerySet["Person"]):
    def active(self) -> Self:
        """People who can sign in: not those that became staff, nor those that were switched off."""
        return self.filter(user__is_active=True, user__is_staff=False)


class Person(models.Model):
    """A shopper who has signed in once, beside their `auth.User`. `active` leaves out those who became staff."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="person", verbose_name=_("user")
    )
    public_id = models.CharField(_("public id"), max_length=18, unique=True, default=new_public_id)
    # In which mails and pages speak; empty for the language of the shop.
    language = models.CharField(_("language"), max_length=10, blank=True)
    # For the checkout.
    name = models.CharField(_("name"), max_length=100, blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    seen_at = models.DateTimeField(_("last signed in"), default=timezone.now, db_index=True)

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")

    def __str__(self) -> str:
        return self.public_id

    @property
    def email(self) -> str:
        """The address that a code has verified."""
        return self.user.email


class Address(models.Model):
    """A place to which a person has orders brought."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="addresses")
    street = models.CharField(_("street and house"), max_length=200)
    street_more = models.CharField(_("entrance, floor, apartment"), max_length=200, blank=True)
    city = models.CharField(_("city"), max_length=100)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    # The one that the checkout is filled in with is the one used last.
    used_at = models.DateTimeField(_("used"), default=timezone.now)

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")

    def __str__(self) -> str:
        return f"{self.street}, {self.city}"


class ShopperSession(AbstractBaseSession):
    """A shopper's browser. Staff have sessions in another table, so that neither side can overwrite the other's."""
