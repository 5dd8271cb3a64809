"""The records of calls: answers that may be asked for again, expired sessions, calls, and the warnings they gave."""

from datetime import datetime
from typing import Literal, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from carts.models.carts import Session
from carts.warning_kinds import Severity, WarningKind, severity_of


class AnsweredRequest(models.Model):
    """What was told to a call with a `request_id`, for SHOPMCP_KEEP_ANSWERS. It holds nothing that opens a cart."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="requests", db_index=False)
    request_id = models.CharField(max_length=64)
    # A digest of the tool and its arguments: the same request_id with others is refused.
    fingerprint = models.CharField(max_length=43)
    # The key and version of the cart then. No foreign key: deleting a cart would need an index for it.
    cart_key = models.BigIntegerField(null=True)
    version = models.PositiveIntegerField()
    # {"changes": [texts], "notices": [[code, text], …]} as JSON.
    told = models.TextField()
    # The bytes of the session's answers up to and with this one: `carts.services.requests` bounds them by it.
    filled = models.BigIntegerField()
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "request_id"], name="one_answer_per_request")]
        indexes = [models.Index(fields=["session", "filled"], name="answer_filled")]

    def __str__(self) -> str:
        return self.request_id


class Tombstone(models.Model):
    """A session that expired with items in its cart, so that a late chat is told."""

    public_id = models.CharField(max_length=18, unique=True)
    digest = models.CharField(max_length=43, unique=True, null=True)  # noqa: DJ001 - unique, so null
    expired_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return self.public_id


class CallRecordQuerySet(models.QuerySet["CallRecord"]):
    def newest_at(self) -> datetime | None:
        """When the newest of these calls was; None if there is none."""
        return self.order_by("-at", "-id").values_list("at", flat=True).first()

    def before(self, moment: datetime) -> Self:
        return self.filter(at__lt=moment)


class CallRecord(models.Model):
    """One tool call, for diagnosis and statistics. It holds no conversation id."""

    # Null once the session was deleted: the statistics stay.
    session = models.ForeignKey(
        Session, on_delete=models.SET_NULL, null=True, blank=True, related_name="calls", verbose_name=_("session")
    )
    at = models.DateTimeField(_("time"))
    tool = models.CharField(_("tool"), max_length=64)
    # `ok`, or the code of the refusal.
    outcome = models.CharField(_("outcome"), max_length=40)
    milliseconds = models.FloatField(_("milliseconds"))
    client = models.CharField(_("client"), max_length=60, blank=True)
    # Names only, never values.
    meta_keys = models.JSONField(_("_meta keys"), default=list)
    source = models.CharField(_("source"), max_length=64)
    warning = models.CharField(_("warning"), max_length=40, blank=True)
    # All of them, `warning` first, and whether a cart_id came; null in records of earlier versions.
    warnings = models.JSONField(_("all warnings"), null=True, editable=False)
    with_handle = models.BooleanField(_("with a cart_id"), null=True, editable=False)
    # The normalised words of a search, and how many products it found.
    words = models.JSONField(_("words"), default=list)
    results = models.PositiveIntegerField(_("results"), null=True, blank=True)
    products = models.JSONField(_("products"), default=list)
    # The cart's version after a change.
    version = models.PositiveIntegerField(_("version"), null=True, blank=True)
    # A digest of the session and the network, of 15 bits (`digests.origin_of`): whether two calls of a conversation
    # came from one network, and nothing of where that is. Null if that is not known or one process answers them all.
    origin = models.PositiveSmallIntegerField(null=True, editable=False)

    # What a refusal said was wrong, without anything of the shopper (`carts.refusal_words`).
    said = models.CharField(_("refusal"), max_length=160, blank=True, db_default="")

    objects = CallRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        indexes = [
            models.Index(fields=["-at", "-id"], name="call_newest"),
            models.Index(fields=["session", "-id"], name="call_of_session"),
            models.Index(fields=["tool", "outcome", "-at"], condition=~Q(outcome="ok"), name="call_refused"),
        ]

    def __str__(self) -> str:
        return f"{self.tool} {self.outcome}"


class SessionWarningQuerySet(models.QuerySet["SessionWarning"]):
    def open(self) -> Self:
        """Warnings that are neither muted nor fixed; a fixed one that happened again is open."""
        return self.unfixed().filter(muted_at=None)

    def settled(self) -> Self:
        """Warnings that are muted or fixed."""
        return self.filter(Q(fixed_at__gte=F("last_at")) | Q(muted_at__isnull=False))

    def unfixed(self) -> Self:
        """Warnings that count: muting one changes nothing about what happened."""
        return self.filter(Q(fixed_at=None) | Q(last_at__gt=F("fixed_at")))

    def newest_first(self) -> Self:
        return self.order_by("-last_at", "-id")


class SessionWarning(models.Model):
    """A sign that chats may not be told apart, by kind and client."""

    Kind = WarningKind
    kind = models.CharField(_("kind"), max_length=40, choices=Kind.choices)
    client = models.CharField(_("client"), max_length=60, blank=True)
    # Those of the newest such call; names only.
    meta_keys = models.JSONField(_("_meta keys"), default=list)
    # Those of them that it is about, and the primary keys of the latest conversations that it touched.
    keys = models.JSONField(_("keys in question"), default=list)
    sessions = models.JSONField(default=list, editable=False)
    calls = models.PositiveIntegerField(_("calls"), default=0)
    first_at = models.DateTimeField(_("first"))
    last_at = models.DateTimeField(_("last"))
    # A later call opens it again.
    fixed_at = models.DateTimeField(_("marked as fixed"), null=True, blank=True)
    muted_at = models.DateTimeField(_("muted"), null=True, blank=True)

    objects = SessionWarningQuerySet.as_manager()

    class Meta:
        verbose_name = _("session warning")
        verbose_name_plural = _("session warnings")
        constraints = [models.UniqueConstraint(fields=["kind", "client"], name="one_warning_per_kind_and_client")]
        indexes = [models.Index(fields=["-last_at", "-id"], name="warning_newest")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.client}"

    @property
    def text(self) -> str:
        """The kind in words."""
        return self.get_kind_display()

    @property
    def severity(self) -> Severity:
        return severity_of(self.kind)

    @property
    def state(self) -> Literal["open", "fixed", "muted"]:
        """`muted`, or `fixed` where it has not happened since it was marked, else `open`."""
        if self.muted_at is not None:
            return "muted"
        return "open" if self.fixed_at is None or self.returned else "fixed"

    @property
    def returned(self) -> bool:
        """Whether it happened again after it was marked as fixed."""
        return self.fixed_at is not None and self.last_at > self.fixed_at
