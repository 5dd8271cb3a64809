"""The owner's synonyms."""

from django.db import transaction
from django.utils.translation import gettext as _

from catalog.language.text import clean
from catalog.language.text import words as words_of
from catalog.language.thesaurus import LONGEST_PHRASE
from catalog.models import Synonyms
from shopmcp.errors import InvalidArguments

# In characters: a phrase, and a group of them.
_LONGEST_TEXT, _LONGEST_GROUP = 80, 500


def add_synonym(words: str, known: str) -> Synonyms:
    """Let a search for `words` find what `known` finds, at once; return the group that both are in.

    Raises:
        InvalidArguments: If one of them is no word, is more than three words, or they are the same, or the group
            becomes too long.
    """
    pair = [clean(text, _LONGEST_TEXT).replace(",", " ") for text in (words, known)]
    tokens = [tuple(words_of(text)) for text in pair]
    if not all(0 < len(phrase) <= LONGEST_PHRASE for phrase in tokens) or tokens[0] == tokens[1]:
        raise InvalidArguments(
            _("These are no synonyms."), fix=_("Write two different words, or phrases of at most three words each.")
        )
    with transaction.atomic():
        for group in Synonyms.objects.select_for_update().order_by("id"):
            held = {tuple(words_of(text)) for text in group.phrases}
            if tokens[1] in held:
                break
        else:
            group, held = Synonyms(words=pair[1]), {tokens[1]}
        if tokens[0] not in held:
            group.words = f"{group.words}, {pair[0]}"
        if len(group.words) > _LONGEST_GROUP:
            raise InvalidArguments(
                _("The group of “%(known)s” has no room for another word.") % {"known": pair[1]},
                fix=_("Choose another word that finds the same products."),
            )
        group.save()
    return group


def change_synonyms(group: Synonyms, words: str) -> None:
    """Let the group be these words, with commas between them.

    Raises:
        InvalidArguments: If they are fewer than two different ones, or one of them is more than three words,
            or they are too long together.
    """
    phrases = {tuple(words_of(text)): text for text in (clean(part, _LONGEST_TEXT) for part in words.split(","))}
    phrases.pop((), None)
    if len(phrases) < 2 or any(len(phrase) > LONGEST_PHRASE for phrase in phrases):
        raise InvalidArguments(
            _("These are no synonyms."), fix=_("Write two different words, or phrases of at most three words each.")
        )
    group.words = ", ".join(phrases.values())
    if len(group.words) > _LONGEST_GROUP:
        raise InvalidArguments(_("These are too many words for one group."), fix=_("Leave some of them out."))
    group.save()


def delete_synonyms(group: Synonyms) -> None:
    """Let a search for one of the words find the others no more, unless the shop knows them by itself."""
    group.delete()
