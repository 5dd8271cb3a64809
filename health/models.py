"""The troubles that the owner was told of, and the first steps that are done."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Alarm(models.Model):
    """A trouble that the owner was told of, until they are told of its end."""

    kind = models.CharField(_("kind"), max_length=60)
    # Of which store, or another part of the shop; empty for the whole of it.
    subject = models.CharField(max_length=80, blank=True)
    # As it was told.
    title = models.CharField(max_length=300)
    begun_at = models.DateTimeField(_("begun"), default=timezone.now)
    # Since when it is not found any more.
    gone_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        constraints = [models.UniqueConstraint(fields=["kind", "subject"], name="one_alarm_of_each_trouble")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}".strip()


class Milestone(models.Model):
    """A step of the first hour that is done; it stays done, whatever happens later."""

    step = models.CharField(max_length=40, primary_key=True)
    done_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.step
