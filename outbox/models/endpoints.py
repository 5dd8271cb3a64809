"""The addresses of the shop's systems, each told of the events that it asked for."""

import secrets
from datetime import datetime
from typing import Final, Literal, Self
from urllib.parse import urlsplit

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# What an endpoint may ask for.
KINDS: Final[dict[str, Promise]] = {
    "order.placed": _("An order was placed"),
    "order.changed": _("An order changed its state or its lines"),
    "payment.changed": _("A payment of an order changed"),
    "cart.abandoned": _("A cart was left without an order"),
    "stock.low": _("A product is almost sold out"),
}
# What of an event names its buyer: only webhooks that may know people are told.
PEOPLE: Final = frozenset({"buyer"})
# What the test button sends.
TEST: Final = "webhook.test"


def new_endpoint_id() -> str:
    return f"we_{secrets.token_urlsafe(12)}"


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    def receiving(self) -> Self:
        """Endpoints that are neither paused nor parked."""
        return self.filter(is_active=True, parked_at=None)

    def parked(self) -> Self:
        """Endpoints that are asked no more because they did not answer."""
        return self.exclude(parked_at=None)

    def askable(self, now: datetime) -> Self:
        """Receiving endpoints that may be asked again."""
        return self.receiving().filter(Q(held_until=None) | Q(held_until__lte=now))


class Endpoint(models.Model):
    """An address of one of the shop's systems. Its messages wait while it is paused or parked."""

    public_id = models.CharField(_("public id"), max_length=24, unique=True, default=new_endpoint_id)
    name = models.CharField(_("name"), max_length=80, blank=True)
    # Its path may hold a secret.
    address = models.CharField(_("address"), max_length=2000)
    # Names of KINDS.
    event_types = models.JSONField(_("events"), default=list)
    # The slug of a store; empty for all.
    store = models.CharField(_("store"), max_length=100, blank=True)
    # Whether names, contacts and addresses of buyers are told.
    with_people = models.BooleanField(_("with names and contacts of buyers"), default=False)
    # As it is: signing needs it. `whsec_` and base64.
    secret = models.CharField(max_length=120, editable=False)
    # Signs too until then, so that the receiver has time to take the new one.
    previous_secret = models.CharField(max_length=120, blank=True, editable=False)
    previous_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    is_active = models.BooleanField(_("active"), default=True)
    # When it was given up: it answered 410, or nothing good for three days.
    parked_at = models.DateTimeField(_("parked"), null=True, blank=True)
    # Of the last try that succeeded.
    answered_at = models.DateTimeField(_("last success"), null=True, blank=True)
    # Failures since then.
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    # It is not asked before.
    held_until = models.DateTimeField(_("asked again at"), null=True, blank=True)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name or self.shown_address

    @property
    def host(self) -> str:
        """Scheme, host and port of the address: what is no secret."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def shown_address(self) -> str:
        return f"{self.host}/…"

    @property
    def state(self) -> Literal["active", "paused", "parked"]:
        if self.parked_at is not None:
            return "parked"
        return "active" if self.is_active else "paused"

    @property
    def secrets(self) -> list[str]:
        """The secrets that sign now, the newest first."""
        is_old_valid = self.previous_until is not None and self.previous_until > timezone.now()
        return [self.secret, self.previous_secret] if is_old_valid else [self.secret]

    def wants(self, kind: str, store: str) -> bool:
        """Whether it is told of an event of this type; an event of no store is told to all."""
        return kind in self.event_types and (not self.store or not store or self.store == store)
