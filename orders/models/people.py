"""People who were forgotten, as digests that tell nobody who it was."""

from django.db import models
from django.utils import timezone


class ForgottenContact(models.Model):
    """A contact whose orders of before were forgotten; those of a restored backup are forgotten again."""

    # As `offers.buyers` makes it, of an e-mail address or of a phone number.
    digest = models.CharField(max_length=64, unique=True, editable=False)
    # Orders placed later are kept: the person came back.
    forgotten_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.forgotten_at:%Y-%m-%d}"
