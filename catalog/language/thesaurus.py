"""Words that mean the same in a shop, within and between its languages.

`synonyms.txt` ships with common words; the owner adds groups of their own in the admin.
"""

from collections.abc import Iterable, Iterator, Sequence, Set
from functools import cache
from itertools import product
from pathlib import Path

from catalog.language.inflection import stem, unglued, without_article
from catalog.language.text import words

# A word or a short phrase, as its tokens.
Phrase = tuple[str, ...]
LONGEST_PHRASE = 3
_FILE = Path(__file__).parent / "synonyms.txt"


class Thesaurus:
    """Looks up what else a phrase is called."""

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

    def others(self, phrase: Phrase) -> list[Phrase]:
        """Return what else it is called; singular and plural are the same phrase, unless it is listed as it stands."""
        listed = self._others.get(phrase) or self._stemmed.get(tuple(map(stem, phrase)))
        return list(listed) if listed else []

    def phrase(self, words: Phrase) -> Phrase | None:
        """Return the phrase that these words are, without what may be glued to them: ושמן הזית is שמן זית."""
        first, *others = words
        bare = [(first, *unglued(first, 2)), *((word, *without_article(word)) for word in others)]
        return next((phrase for phrase in product(*bare) if self.others(phrase)), None)

    def apart(self, one: str, other: str) -> bool:
        """Whether two words are different things though they look like forms of one: חלב is milk, חלבה halva."""
        groups, others = self._groups.get(one), self._groups.get(other)
        return bool(groups and others and groups.isdisjoint(others))

    def kinds(self, word: str) -> Sequence[str]:
        """Return words for kinds of a thing: spaghetti is pasta."""
        return self._kinds.get(stem(word), ())

    def qualified(self, word: str) -> list[str]:
        """Return the phrases in which a word says what something else is like: milk chocolate is no milk."""
        return sorted(self._qualified.get(stem(word), ()))

    def describes(self, word: str) -> bool:
        """Whether a word only says how something is, as colours do."""
        return stem(word) in self._describing

    def among(self, words: Set[str]) -> list[str]:
        """Return those of the words that it knows, as stems, singly."""
        return sorted(self._single.intersection(words))


def groups_in(text: str) -> Iterator[list[str]]:
    """Yield the groups of a synonym file: one on a line, commas between its phrases; `#` begins a comment.

    A `~` in front marks words that only describe; what has a `>` is of kinds.
    """
    for line in text.splitlines():
        entry = line.partition("#")[0].strip().removeprefix("~")
        if entry and ">" not in entry:
            yield _phrases(entry)


def kinds_in(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Yield what a synonym file names, with the kinds of it: `pasta, פסטה > spaghetti, penne`."""
    for line in text.splitlines():
        names, between, kinds = line.partition("#")[0].partition(">")
        if between:
            yield _phrases(names), _phrases(kinds)


def _phrases(listed: str) -> list[str]:
    return [phrase.strip() for phrase in listed.split(",") if phrase.strip()]


@cache
def shipped() -> tuple[tuple[str, ...], ...]:
    """The groups of the file that ships with the shop."""
    return tuple(tuple(group) for group in groups_in(_FILE.read_text(encoding="utf-8")))


@cache
def describing() -> tuple[str, ...]:
    """The words of the shipped file that only describe."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    return tuple(
        word for group in groups_in("\n".join(line for line in lines if line.startswith("~"))) for word in group
    )


@cache
def kinds() -> tuple[tuple[list[str], list[str]], ...]:
    """What the shipped file has kinds of."""
    return tuple(kinds_in(_FILE.read_text(encoding="utf-8")))
