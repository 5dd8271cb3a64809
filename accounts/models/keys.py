"""The keys with which scripts use the JSON API."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def valid(self, now: datetime | None = None) -> Self:
        """Keys that open the API: neither revoked nor expired."""
        unexpired = Q(expires_at=None) | Q(expires_at__gt=now or timezone.now())
        return self.filter(unexpired, revoked_at=None)


class Scope(models.TextChoices):
    """What a key opens."""

    READ = "read", _("read everything but orders")
    ORDERS = "orders", _("orders, without their buyers")
    CATALOGUE = "catalogue", _("change what is sold and offered")
    PEOPLE = "people", _("names, contacts and addresses of buyers")


class ApiKey(models.Model):
    """The record of a script's key. The key itself is shown once and not stored."""

    name = models.CharField(_("name"), max_length=80)
    # The last characters of the key, to tell keys apart.
    ending = models.CharField(_("ends with"), max_length=4)
    # SHA-256 in hex. A slow hash is not needed: the key is 256 random bits.
    digest = models.CharField(max_length=64, unique=True, editable=False)
    read_only = models.BooleanField(_("read-only"), default=False)
    # Values of `Scope`, with spaces between.
    scopes = models.CharField(_("scopes"), max_length=80, default="read catalogue")
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    # To the minute: see `services.note_use`.
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_valid(self) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > timezone.now())

    @property
    def scope_names(self) -> list[str]:
        """What it opens, in words."""
        return [str(scope.label) for scope in Scope if self.opens(scope)]

    def opens(self, scope: Scope) -> bool:
        return scope.value in self.scopes.split()
