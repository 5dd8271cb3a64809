from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.models.stores import Store


class Logo(models.Model):
    """The logo of a store. Stores are read with their products everywhere, so it has a table of its own."""

    store = models.OneToOneField(Store, on_delete=models.CASCADE, primary_key=True, related_name="logo")
    png = models.BinaryField()
    width = models.PositiveSmallIntegerField()
    height = models.PositiveSmallIntegerField()
    # Of the content: a part of the address, so that browsers and chats may keep the image.
    digest = models.CharField(max_length=16)

    class Meta:
        verbose_name = _("logo")
        verbose_name_plural = _("logos")

    def __str__(self) -> str:
        return f"{self.width} × {self.height}"

    @property
    def url(self) -> str:
        """Its path on this site; needs the store loaded."""
        return logo_path(self.store.slug, self.digest)


def logo_path(slug: str, digest: str) -> str:
    """Return the path of a store's logo."""
    return reverse("logo", args=[slug, digest])
