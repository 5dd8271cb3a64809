"""What the words of a query mean in the words that products have."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from catalog.language.inflection import constructs, glued, is_number, respelt, slips, stem, unglued, without_letter
from catalog.language.sounds import alike, counterparts
from catalog.language.thesaurus import Phrase, Thesaurus
from catalog.search.engines import Slot, Term, engine

# Points for a word in a product's name. A kind of a thing (spaghetti for "pasta") counts more than a category that is
# called so.
EXACT, SAME_STEM, SYNONYM, KIND, MISSPELT, BEGINS, ENDS = 16, 14, 13, 12, 10, 8, 6
_SHORTEST_MISSPELT = 5
_SHORTEST_MEANT = 4
_MOST_BEGUN = 20


@dataclass(frozen=True, slots=True)
class Part:
    """A word or an amount of a query, or a phrase that has synonyms.

    Attributes:
        choices: For each word the tokens that are equally good.
        typed: The same as typed, with prefixes.
        opens: Whether it follows a comma or an "and", or begins the query.
    """

    choices: tuple[Phrase, ...]
    typed: tuple[Phrase, ...]
    opens: bool

    @property
    def phrase(self) -> Phrase:
        return tuple(choice[0] for choice in self.choices)

    @property
    def shown(self) -> str:
        return shown(self.typed)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a part means in a catalogue: what to look for, words that no product has, whether it begins with "and"."""

    terms: Sequence[Term]
    unknown: Sequence[str]
    joined: bool


@dataclass(slots=True)
class Vocabulary:
    """The words that products have, of all those that a query may mean."""

    synonyms: Thesaurus
    named: dict[str, bool]
    by_stem: dict[str, list[str]]
    by_sound: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, parts: Iterable[Part], synonyms: Thesaurus) -> "Vocabulary":
        """Look up all words that these parts may mean, in one query."""
        texts, stems, sounds = set[str](), set[str](), set[str]()
        for part in parts:
            sounds.update(sound for choice in part.choices for sound in _sounding(choice[0], synonyms))
            for word in _may_mean(part, synonyms):
                texts.update((word, *_inflected(word), *respelt(word)))
                stems.update((stem(word), *map(stem, _bare(word, synonyms))))
            kinds = synonyms.kinds(part.phrase[0]) if len(part.choices) == 1 else ()
            texts.update(kinds)
            stems.update(map(stem, kinds))
        return cls.looked_up(texts, stems, synonyms, sounds)

    @classmethod
    def looked_up(
        cls, texts: Iterable[str], stems: Iterable[str], synonyms: Thesaurus, sounds: Iterable[str] = ()
    ) -> "Vocabulary":
        named, by_stem, by_sound = dict[str, bool](), dict[str, list[str]](), dict[str, list[str]]()
        for word in engine().words(list(texts), list(stems), list(sounds)):
            named[word.text] = word.named
            by_stem.setdefault(word.stem, []).append(word.text)
            by_sound.setdefault(word.sound, []).append(word.text)
        return cls(synonyms, named, by_stem, by_sound)

    def meaning(self, part: Part) -> Meaning:
        """Return what a part means; a word that no product has in any form costs up to four look-ups."""
        terms, unknown = self._terms(part)
        return Meaning(terms, unknown, self._joined(part))

    def _joined(self, part: Part) -> bool:
        """Whether the first letter is the prefix "and": no product is named with the word as typed."""
        typed = part.typed[0][0]
        bare = without_letter(typed, "ו")
        if not bare or part.choices != part.typed:
            return bool(bare) and part.phrase[0] == bare
        return bare in self._bare(typed) and bool(self.by_stem.get(stem(bare)) or self.synonyms.others((bare,)))

    def _terms(self, part: Part) -> tuple[list[Term], list[str]]:
        """What to look for, and the words that no product has."""
        alone = len(part.choices) == 1
        ways = [tuple(self.slot(choice, self.synonyms.singles((choice[0],)), alone=alone) for choice in part.choices)]
        words, unknown = list[Term](), list[str]()
        if not alone:
            ways.append((self.slot((), self.synonyms.singles(part.phrase)),))
            for choice, slot in zip(part.choices, ways[0], strict=True):
                if slot.empty:
                    unknown.append(shown([choice]))
                else:
                    words.append(Term(shown([choice]), ((self._qualifying(slot, choice),),)))
        ways += [
            tuple(self.slot((word,), (), SYNONYM) for word in other)
            for other in self.synonyms.others(part.phrase)
            if len(other) > 1
        ]
        if possible := tuple(way for way in ways if not any(slot.empty for slot in way)):
            return [Term(part.shown, possible, tuple(words))], []
        return (words, unknown) if words else ([], [part.shown])

    def slot(self, choice: Phrase, others: Sequence[str], quality: int = EXACT, *, alone: bool = False) -> Slot:
        """The slot of a word or amount; `alone` if it is not part of a phrase."""
        found = dict[str, int]()
        for place, word in enumerate(choice):
            self._add(found, word, quality if not place else min(quality, SYNONYM))
        for other in others:
            self._add(found, other, min(quality, SYNONYM))
        for kind in self.synonyms.kinds(choice[0]) if alone else ():
            for token in self._forms(kind):
                found.setdefault(token, KIND)
        # A word of product names does not mean longer words that begin with it.
        begins = quality == EXACT and not any(self.named.get(token) for token in found)
        prefixes = tuple(word for word in choice if len(word) >= 3 and not is_number(word)) if begins else ()
        sounding = dict.fromkeys(self._sounding(choice[0]) if choice and quality == EXACT else (), SYNONYM)
        if found or quality != EXACT or not choice or is_number(choice[0]):
            found = {**sounding, **found}
            slot = _with_beginnings(found, prefixes) if found and prefixes else Slot(found)
            return self._qualifying(slot, choice) if alone else slot
        slot = _otherwise(choice[0], self.synonyms)
        return replace(slot, tokens={**slot.tokens, **sounding}) if sounding else slot

    def _qualifying(self, slot: Slot, choice: Phrase) -> Slot:
        return replace(slot, qualifies=tuple(self.synonyms.qualified(choice[0])))

    def _add(self, found: dict[str, int], word: str, quality: int) -> None:
        def fits(token: str, points: int) -> None:
            found[token] = max(found.get(token, 0), points)

        if word in self.named:
            fits(word, quality)
        if is_number(word):
            return
        # Another form is worth less than the word itself, also if the word is a synonym.
        related = min(quality - 1, SAME_STEM)
        for token in self._forms(word):
            fits(token, related)
        # מחיטת means "of wheat" only if products have חיטת too: מחלבת is a dairy, not "of halva".
        inflected = [form for form in constructs(word) if form in self.named]
        inflected += [form for each in (word, stem(word), *inflected) for form in glued(each)]
        for token in inflected:
            if token in self.named and not self.synonyms.apart(word, token):
                fits(token, min(related, SYNONYM))
        alike = [(other, MISSPELT) for other in respelt(word)] if word not in self.named else []
        for other, most in (*alike, *((bare, SYNONYM) for bare in self._bare(word))):
            for meant in (other, *self.synonyms.singles((other,))):
                for token in self._forms(meant):
                    fits(token, min(related, most))

    def _sounding(self, word: str) -> list[str]:
        """The words in the other script that sound like this one: הרדוף is harduf.

        Words with synonyms are translated, not spelt by their sound: סלט is salad, not salt.
        """
        others = [text for sound in _sounding(word, self.synonyms) for text in self.by_sound.get(sound, ())]
        if not others:
            return []
        translated = self.synonyms.others
        known = bool(translated((word,))) or any(self.named.get(token) for token in self._forms(word))
        found = [token for form in _sounded(word, self.synonyms) for token in alike(form, others)]
        return [token for token in dict.fromkeys(found) if not (known and translated((token,)))]

    def _forms(self, word: str) -> list[str]:
        return [token for token in self.by_stem.get(stem(word), ()) if not self.synonyms.apart(word, token)]

    def _bare(self, word: str) -> list[str]:
        """The word without the prefixes that it may begin with."""
        if not any(self.named[token] for token in self._forms(word)):
            return _bare(word, self.synonyms)
        # A word of product names keeps its first letter: מלח is salt, not "of lah". Only "and" and "the" are taken off,
        # if the rest has synonyms and the whole has none.
        known = self.synonyms.others
        return [bare for bare in (word[1:],) if word[0] in "וה" and known((bare,)) and not known((word,))]


def _with_beginnings(found: dict[str, int], prefixes: Sequence[str]) -> Slot:
    """A slot for the words found, and for the longer words that begin like them."""
    few, begun = list[str](), list[str]()
    for prefix in prefixes:
        words = engine().beginning("text", prefix, _MOST_BEGUN + 1)
        # Many such words take long to look for, and then the word itself was meant.
        if len(words) <= _MOST_BEGUN:
            few.append(prefix)
            begun += words
    return Slot(found, tuple(few), tuple(begun))


def _otherwise(word: str, synonyms: Thesaurus) -> Slot:
    """The slot of a word that no product has in any form: as a beginning, a misspelling or an ending of other words."""
    index = engine()
    if index.beginning("text", word, 1):
        return Slot({}, (word,))
    if meant := _misspelt((word, *unglued(word)), synonyms):
        others = [other for near in meant for other in synonyms.singles((near,))]
        spelt = [*meant, *others]
        texts = {text for near in spelt for text in (near, *_inflected(near))}
        slot = Vocabulary.looked_up(texts, set(map(stem, spelt)), synonyms).slot(tuple(meant), others, MISSPELT)
        if slot.tokens:
            return Slot(slot.tokens)
    if len(word) >= 3:
        return Slot({ended[::-1]: ENDS for ended in index.beginning("reversed", word[::-1], 20)})
    return Slot({})


def _may_mean(part: Part, synonyms: Thesaurus) -> Iterator[str]:
    """All words that a part may mean, before their forms."""
    for choice in part.choices:
        yield from choice
        for word in (choice[0], *_bare(choice[0], synonyms), *respelt(choice[0])):
            for other in synonyms.others((word,)):
                yield from other
    for other in synonyms.others(part.phrase):
        yield from other


def _sounded(word: str, synonyms: Thesaurus) -> list[str]:
    """The word as it may sound: as it is, without a plural ending, without prefixes."""
    return list(dict.fromkeys((word, *([stem(word)] if word.isascii() else _bare(word, synonyms)))))


def _sounding(word: str, synonyms: Thesaurus) -> Iterator[str]:
    """The sounds of the word in the other script."""
    for form in _sounded(word, synonyms):
        yield from counterparts(form)


def _inflected(word: str) -> list[str]:
    """The construct forms of a Hebrew word, and all of them with prefixes: מחיטת דורום is "of durum wheat"."""
    construct = constructs(word)
    return [*construct, *(form for each in (word, stem(word), *construct) for form in glued(each))]


def _bare(word: str, synonyms: Thesaurus) -> list[str]:
    """A word without its possible prefixes; a rest of two letters counts only if it has synonyms: ותה."""
    return [bare for bare in unglued(word, 2) if len(bare) > 2 or synonyms.others((bare,))]


def _misspelt(forms: Iterable[str], synonyms: Thesaurus) -> list[str]:
    """The words of products and synonyms that are one slip away, by looking up all possible slips."""
    spelt = [word for word in forms if len(word) >= _SHORTEST_MISSPELT and not is_number(word)]
    if not spelt:
        return []
    texts = {near for word in spelt for near in slips(word)}
    stems = {near for word in spelt for near in slips(stem(word))}
    found = [word.text for word in engine().words(list(texts), list(stems))]
    return [near for near in (*found, *synonyms.among(texts | stems)) if len(near) >= _SHORTEST_MEANT]


def shown(choices: Sequence[Phrase]) -> str:
    return " ".join(choice[-1] if len(choice) > 1 else choice[0] for choice in choices)
