"""Which of the shop's languages a text is written in."""

import re
import unicodedata
from functools import lru_cache

from django.conf import settings

# Languages with other letters than Latin ones.
_SCRIPTS = {
    "ar": "ARABIC",
    "bg": "CYRILLIC",
    "el": "GREEK",
    "fa": "ARABIC",
    "he": "HEBREW",
    "ru": "CYRILLIC",
    "uk": "CYRILLIC",
}
# Ids, addresses and sizes are of no language.
_NO_WORD = re.compile(r"\S*[\d:/@_]\S*")


@lru_cache(maxsize=4096)
def language_of(text: str, spoken: frozenset[str] = frozenset()) -> str | None:
    """Return the one of `LANGUAGES` that has the text's letters; None if none has, or several have.

    Args:
        text: The words of a shopper.
        spoken: The languages of the stores. Latin letters may be a brand, so they count only if there are no others and
            a store has a language with Latin letters.
    """
    letters = {unicodedata.name(letter, "").partition(" ")[0] for letter in _NO_WORD.sub(" ", text) if letter.isalpha()}
    codes = [code for code, _ in settings.LANGUAGES]
    found = [code for code in codes if _SCRIPTS.get(code) in letters]
    if not found and "LATIN" in letters:
        found = [code for code in codes if code in spoken and code not in _SCRIPTS]
    return found[0] if len(found) == 1 else None
