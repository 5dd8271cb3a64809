"""Links that open a cart in a browser, and codes that bring it into another chat. No row holds what opens a cart."""

from datetime import date, timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from carts.models import Cart, Session

# A link is given again while it opens the cart for at least the second time.
LINK_HOLDS = timedelta(hours=24)
LINK_GIVEN_AGAIN = timedelta(hours=12)
CODE_HOLDS = timedelta(minutes=10)


class CheckoutLinkQuerySet(models.QuerySet["CheckoutLink"]):
    def open(self) -> Self:
        """Links that open their cart now."""
        return self.filter(revoked_at=None, expires_at__gt=timezone.now())

    def of_session(self, session: Session) -> Self:
        return self.filter(cart__session=session)

    def newest_first(self) -> Self:
        return self.order_by("-id")

    def lasting(self) -> Self:
        """Open links that are given again instead of a new one."""
        return self.filter(revoked_at=None, expires_at__gt=timezone.now() + LINK_GIVEN_AGAIN)


class CheckoutLink(models.Model):
    """A signed link to the page of a cart. Its address proves itself by a MAC that is not stored."""

    class Scope(models.TextChoices):
        VIEW = "view", _("look")
        BUY = "buy", _("buy")

    public_id = models.CharField(_("public id"), max_length=18, unique=True)
    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="links", verbose_name=_("cart"))
    scope = models.CharField(_("scope"), max_length=4, choices=Scope.choices)
    # Of the chat that asked for it.
    language = models.CharField(_("language"), max_length=10)
    # Of a cart that a permalink began: where the shopper came from. Empty for a chat's.
    source = models.CharField(_("source"), max_length=40, blank=True)
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"), db_index=True)
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = CheckoutLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_open(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()


class ResumeCodeQuerySet(models.QuerySet["ResumeCode"]):
    def open(self) -> Self:
        """Codes that were not used and have not expired."""
        return self.filter(used_at=None, expires_at__gt=timezone.now())


class ResumeCode(models.Model):
    """The newest code of a cart, by which another chat takes its lines once."""

    cart = models.OneToOneField(Cart, on_delete=models.CASCADE, related_name="resume_code", verbose_name=_("cart"))
    # A keyed digest: the code opens the cart.
    digest = models.CharField(max_length=43, unique=True, editable=False)
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)

    objects = ResumeCodeQuerySet.as_manager()

    class Meta:
        verbose_name = _("code")
        verbose_name_plural = _("codes")

    def __str__(self) -> str:
        return f"{self.cart_id} {self.made_at:%Y-%m-%d %H:%M}"


class AccountCodeQuerySet(models.QuerySet["AccountCode"]):
    def open(self) -> Self:
        """Codes that were not used and have not expired, of people who can sign in."""
        people = Q(person__user__is_active=True, person__user__is_staff=False)
        return self.filter(people, used_at=None, expires_at__gt=timezone.now())


class AccountCode(models.Model):
    """The newest code of an account, by which the shopper proves in a chat, once, that the chat is theirs."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="code", verbose_name=_("customer"))
    # The cart that it brings into the chat; null for none.
    cart = models.ForeignKey(Cart, on_delete=models.SET_NULL, null=True, related_name="+")
    digest = models.CharField(max_length=43, unique=True, editable=False)
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("used"), null=True, blank=True)

    objects = AccountCodeQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.person_id} {self.made_at:%Y-%m-%d %H:%M}"


class ResumeTries(models.Model):
    """How many wrong codes a session tried in a row of an hour."""

    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="resume_tries")
    wrong = models.PositiveSmallIntegerField(default=0)
    since = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.session_id}: {self.wrong}"


class PermalinkCountQuerySet(models.QuerySet["PermalinkCount"]):
    def by_source(self, since: date, until: date) -> list[tuple[str, int]]:
        """Return how many carts began by permalinks of each source on these days, both included, the most first."""
        rows = self.filter(day__gte=since, day__lte=until).values_list("source").annotate(n=models.Sum("carts"))
        return list(rows.order_by("-n", "source"))


class PermalinkCount(models.Model):
    """How many carts began on a day by permalinks of one source."""

    day = models.DateField(_("day"))
    source = models.CharField(_("source"), max_length=40)
    carts = models.PositiveIntegerField(_("carts"), default=0)

    objects = PermalinkCountQuerySet.as_manager()

    class Meta:
        verbose_name = _("permalink count")
        verbose_name_plural = _("permalink counts")
        constraints = [models.UniqueConstraint(fields=["day", "source"], name="one_count_per_day_and_source")]

    def __str__(self) -> str:
        return f"{self.day} {self.source}"
