"""Synonyms, within and between the languages of a shop: those of `synonyms.txt`, and the owner's own."""

from collections.abc import Iterable, Sequence, Set
from functools import cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

from catalog.language.inflection import stem, unglued, without_letter
from catalog.language.text import words

# A word or a short phrase, as its tokens.
Phrase = tuple[str, ...]
LONGEST_PHRASE = 3


class Thesaurus:
    """Looks up the synonyms of a phrase."""

    def __init__(
        self,
        groups: Iterable[Iterable[str]],
        describing: Iterable[str] = (),
        kinds: Iterable[tuple[Sequence[str], Sequence[str]]] = (),
    ) -> None:
        self._others: dict[Phrase, dict[Phrase, None]] = {}
        self._stemmed: dict[Phrase, dict[Phrase, None]] = {}
        self._groups: dict[str, set[int]] = {}
        self._qualified: dict[str, set[str]] = {}
        for number, group in enumerate(groups):
            phrases = [phrase for text in group if (phrase := tuple(words(text)))]
            for phrase in phrases:
                others = dict.fromkeys(other for other in phrases if other != phrase)
                self._others.setdefault(phrase, {}).update(others)
                self._stemmed.setdefault(tuple(map(stem, phrase)), {}).update(others)
                if len(phrase) == 1:
                    self._groups.setdefault(phrase[0], set()).add(number)
                for word in phrase[:-1] if phrase[0].isascii() else phrase[1:]:
                    self._qualified.setdefault(stem(word), set()).add(" ".join(phrase))
        self._describing = {stem(word) for text in describing for word in words(text)}
        self._kinds = {stem(word): tuple(told) for names, told in kinds for word in names}
        self._single = {word for word, *more in self._stemmed if not more}
        # The stems with which a phrase of several words begins.
        self._openings = {word for word, *more in self._stemmed if more}

    def others(self, phrase: Phrase) -> list[Phrase]:
        """Return the synonyms of a phrase; if it is not listed itself, those of its singular or plural."""
        return list(self._others.get(phrase) or self._stemmed.get(tuple(map(stem, phrase)), {}))

    def singles(self, phrase: Phrase) -> list[str]:
        """Return the synonyms of a phrase that are one word."""
        return [other for other, *more in self.others(phrase) if not more]

    def phrase(self, words: Phrase) -> Phrase | None:
        """Return the listed phrase that these words are, without prefixes, or None: ושמן הזית is שמן זית."""
        first, *others = words
        openings = (first, *unglued(first, 2))
        if others and self._openings.isdisjoint(map(stem, openings)):  # as most words are
            return None
        bare = [openings, *((word, without_letter(word, "ה") or word) for word in others)]
        return next((phrase for phrase in product(*bare) if self.others(phrase)), None)

    def apart(self, one: str, other: str) -> bool:
        """Whether two words that look like forms of one are different things: חלב is milk, חלבה halva."""
        groups, others = self._groups.get(one), self._groups.get(other)
        return bool(groups and others and groups.isdisjoint(others))

    def kinds(self, word: str) -> Sequence[str]:
        """Return the kinds of a thing: spaghetti is pasta."""
        return self._kinds.get(stem(word), ())

    def qualified(self, word: str) -> list[str]:
        """Return the phrases in which a word describes something else: milk chocolate is not milk."""
        return sorted(self._qualified.get(stem(word), ()))

    def describes(self, word: str) -> bool:
        """Whether a word only describes, as colours do."""
        return stem(word) in self._describing

    def names(self, word: str) -> bool:
        """Whether a word names a thing, as far as the thesaurus knows: soap does, and "extra" or a colour does not."""
        stemmed = stem(word)
        return stemmed in self._single and stemmed not in self._describing

    def among(self, words: Set[str]) -> list[str]:
        """Return those of the words that are the stem of a listed single word."""
        return sorted(self._single.intersection(words))


class SynonymFile(NamedTuple):
    """What a synonym file lists: groups of synonyms, words that only describe, and names with their kinds."""

    groups: list[list[str]]
    describing: list[str]
    kinds: list[tuple[list[str], list[str]]]


def read_synonyms(text: str) -> SynonymFile:
    """Read one group a line, with commas between its phrases; `#` begins a comment.

    A `~` in front marks words that only describe; `pasta, פסטה > spaghetti, penne` lists kinds of a thing.
    """
    file = SynonymFile([], [], [])
    for line in text.splitlines():
        entry = line.partition("#")[0].strip()
        names, between, kinds = entry.partition(">")
        if between:
            file.kinds.append((_phrases(names), _phrases(kinds)))
        elif group := _phrases(entry.removeprefix("~")):
            file.groups.append(group)
            if entry.startswith("~"):
                file.describing.extend(group)
    return file


@cache
def shipped() -> SynonymFile:
    """Return the synonyms that ship with the shop."""
    return read_synonyms((Path(__file__).parent / "synonyms.txt").read_text(encoding="utf-8"))


def _phrases(listed: str) -> list[str]:
    return [phrase.strip() for phrase in listed.split(",") if phrase.strip()]
