from django.db import models
from django.utils.translation import gettext_lazy as _


class Synonyms(models.Model):
    """A group of words and short phrases. A search for one finds the others too."""

    words = models.CharField(
        _("words"),
        max_length=500,
        help_text=_("Words or phrases of at most three words, with commas between them: courgette, zucchini, קישוא"),
    )
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("synonyms")
        verbose_name_plural = _("synonyms")
        ordering = ["words"]

    def __str__(self) -> str:
        return self.words

    @property
    def phrases(self) -> list[str]:
        """The words and phrases as they were written."""
        return [text.strip() for text in self.words.split(",") if text.strip()]
