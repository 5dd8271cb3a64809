"""Words that mean the same in a shop, within and between its languages.

`synonyms.txt` ships with common words; the owner adds groups of their own in the admin.
"""

from collections.abc import Iterable, Iterator, Set
from functools import cache
from pathlib import Path

from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from catalog.forms import stem
from catalog.text import words

# A word or a short phrase, as its tokens.
Phrase = tuple[str, ...]
LONGEST_PHRASE = 3
_FILE = Path(__file__).parent / "synonyms.txt"


class Synonyms(models.Model):
    """A group of words and short phrases of which each finds what the others name."""

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


class Thesaurus:
    """Looks up what else a phrase is called."""

    def __init__(self, groups: Iterable[Iterable[str]]) -> None:
        self._others: dict[Phrase, dict[Phrase, None]] = {}
        for group in groups:
            phrases = [phrase for text in group if (phrase := tuple(words(text)))]
            for phrase in phrases:
                others = self._others.setdefault(tuple(map(stem, phrase)), {})
                others.update((other, None) for other in phrases if other != phrase)
        self._single = {word for word, *more in self._others if not more}

    def others(self, phrase: Phrase) -> list[Phrase]:
        """Return what else it is called; singular and plural are the same phrase."""
        return list(self._others.get(tuple(map(stem, phrase)), ()))

    def among(self, words: Set[str]) -> list[str]:
        """Return those of the words that it knows, as stems, singly."""
        return sorted(self._single.intersection(words))


def groups_in(text: str) -> Iterator[list[str]]:
    """Yield the groups of a synonym file: one on a line, commas between its phrases; `#` begins a comment."""
    for line in text.splitlines():
        entry = line.partition("#")[0].strip()
        if entry:
            yield [phrase.strip() for phrase in entry.split(",") if phrase.strip()]


@cache
def shipped() -> tuple[tuple[str, ...], ...]:
    """The groups of the file that ships with the shop."""
    return tuple(tuple(group) for group in groups_in(_FILE.read_text(encoding="utf-8")))


def thesaurus() -> Thesaurus:
    """Return what is known now; the owner's groups count from the moment they are saved, in every process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*), MAX(updated_at), MAX(id) FROM catalog_synonyms")
        version = cursor.fetchone()
    if _known.get("version") != version or "thesaurus" not in _known:
        own = Synonyms.objects.values_list("words", flat=True)
        _known["thesaurus"] = Thesaurus([*shipped(), *(text.split(",") for text in own)])
        _known["version"] = version
    found = _known["thesaurus"]
    assert isinstance(found, Thesaurus)
    return found


_known: dict[str, object] = {}
