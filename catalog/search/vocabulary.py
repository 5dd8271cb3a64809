"""From a shopper's words to the words a catalogue holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from catalog.forms import STOP_WORDS, asked, constructs, glued, is_number, slips, stem, unglued
from catalog.search.engines import Slot, Term, engine
from catalog.synonyms import LONGEST_PHRASE, Phrase, Thesaurus, thesaurus

# How well a word fits that stands in a product's name.
EXACT, SAME_STEM, SYNONYM, MISSPELT, BEGINS, ENDS = 16, 14, 13, 10, 8, 6
_MOST_TERMS = 10
_SHORTEST_MISSPELT = 5
_SHORTEST_MEANT = 4
_MOST_BEGUN = 20


@dataclass(slots=True)
class Understood:
    """A query as the catalogue understands it: what to look for, and the words that it does not know."""

    terms: list[Term] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    # The query's own tokens in their order, with which a name may begin.
    tokens: list[str] = field(default_factory=list)


def understand(query: str) -> Understood:
    """Return what a query asks for. Two look-ups, and up to four more for each word that no product has as it is."""
    wanted = [choice for choice in asked(query) if not STOP_WORDS.issuperset(choice)] or asked(query)
    wanted = wanted[:_MOST_TERMS]
    if not wanted:
        return Understood()
    synonyms = thesaurus()
    parts = list(_phrases(wanted, synonyms))
    known = _Known.of(parts, synonyms)
    understood = Understood(tokens=[choice[0] for choice in wanted])
    for part in parts:
        term = known.term(part, synonyms)
        if term is None:
            understood.unknown.append(_shown(part))
        else:
            understood.terms.append(term)
    return understood


def _phrases(wanted: Sequence[Phrase], synonyms: Thesaurus) -> Iterable[list[Phrase]]:
    """The query in parts: a phrase of several words that is called otherwise too stays together."""
    place = 0
    while place < len(wanted):
        for length in range(min(LONGEST_PHRASE, len(wanted) - place), 0, -1):
            part = list(wanted[place : place + length])
            if length == 1 or synonyms.others(tuple(choice[0] for choice in part)):
                yield part
                place += length
                break


def _shown(part: Sequence[Phrase]) -> str:
    return " ".join(choice[-1] if len(choice) > 1 else choice[0] for choice in part)


@dataclass(slots=True)
class _Known:
    """Of the words that may be meant, those that products have: by text and by stem."""

    named: dict[str, bool]
    by_stem: dict[str, list[str]]

    @classmethod
    def of(cls, parts: Sequence[Sequence[Phrase]], synonyms: Thesaurus) -> "_Known":
        texts, stems = set[str](), set[str]()
        for part in parts:
            for word in _may_mean(part, synonyms):
                texts.update((word, *constructs(word), *glued(word), *glued(stem(word))))
                stems.update((stem(word), *map(stem, unglued(word))))
        return cls.looked_up(texts, stems)

    @classmethod
    def looked_up(cls, texts: Iterable[str], stems: Iterable[str]) -> "_Known":
        named, by_stem = dict[str, bool](), dict[str, list[str]]()
        for text, stem_, is_named in engine().words(list(texts), list(stems)):
            named[text] = is_named
            by_stem.setdefault(stem_, []).append(text)
        return cls(named, by_stem)

    def term(self, part: Sequence[Phrase], synonyms: Thesaurus) -> Term | None:
        """The ways to say this part of a query that some product may use, or None."""
        phrase = tuple(choice[0] for choice in part)
        if len(part) == 1:
            ways: list[tuple[Slot, ...]] = [(self.slot(part[0], synonyms.others(phrase), synonyms),)]
        else:
            ways = [tuple(self.slot(choice, synonyms.others((choice[0],)), synonyms) for choice in part)]
            single = [other for other in synonyms.others(phrase) if len(other) == 1]
            ways.append((self.slot((), single, synonyms),))
        ways += [
            tuple(self.slot((word,), (), synonyms, SYNONYM) for word in other)
            for other in synonyms.others(phrase)
            if len(other) > 1
        ]
        possible = tuple(way for way in ways if not any(slot.empty for slot in way))
        return Term(_shown(part), possible) if possible else None

    def slot(self, choice: Phrase, others: Sequence[Phrase], synonyms: Thesaurus, quality: int = EXACT) -> Slot:
        """What fills the place of a word, or of the amounts that one may stand for."""
        found = dict[str, int]()
        for place, word in enumerate(choice):
            self._add(found, word, quality if not place else min(quality, SYNONYM))
        for other in others:
            if len(other) == 1:
                self._add(found, other[0], min(quality, SYNONYM))
        # A word that products are named with means itself, not every longer word that begins so.
        begins = quality == EXACT and not any(self.named.get(token) for token in found)
        prefixes = tuple(word for word in choice if len(word) >= 3 and not is_number(word)) if begins else ()
        if found or quality != EXACT or not choice or is_number(choice[0]):
            return _with_beginnings(found, prefixes) if found and prefixes else Slot(found)
        return _otherwise(choice[0], synonyms)

    def _add(self, found: dict[str, int], word: str, quality: int) -> None:
        def fits(token: str, points: int) -> None:
            found[token] = max(found.get(token, 0), points)

        if word in self.named:
            fits(word, quality)
        if is_number(word):
            return
        related = min(quality, SAME_STEM)
        for token in self.by_stem.get(stem(word), ()):
            fits(token, related)
        for token in (*constructs(word), *glued(word), *glued(stem(word))):
            if token in self.named:
                fits(token, min(related, SYNONYM))
        # מלח is salt, not "of lah": a word that products are named with is not taken apart.
        if not any(self.named[token] for token in self.by_stem.get(stem(word), ())):
            for bare in unglued(word):
                for token in self.by_stem.get(stem(bare), ()):
                    fits(token, min(related, SYNONYM))


def _with_beginnings(found: dict[str, int], prefixes: Sequence[str]) -> Slot:
    """What fills a place by words that are there, or by the few longer words that begin like them."""
    few, begun = list[str](), list[str]()
    for prefix in prefixes:
        words = engine().beginning("text", prefix, _MOST_BEGUN + 1)
        # Where many begin so, a database takes long to gather them all, and the word itself is what was meant.
        if len(words) <= _MOST_BEGUN:
            few.append(prefix)
            begun += words
    return Slot(found, tuple(few), tuple(begun))


def _otherwise(word: str, synonyms: Thesaurus) -> Slot:
    """What a word may mean that no product has in any of its forms: a beginning, a slip, an ending."""
    index = engine()
    if index.beginning("text", word, 1):
        return Slot({}, (word,))
    if meant := _misspelt((word, *unglued(word)), synonyms):
        others = [other for near in meant for other in synonyms.others((near,)) if len(other) == 1]
        spelt = [*meant, *(other for (other,) in others)]
        again = _Known.looked_up(
            {text for near in spelt for text in (near, *constructs(near), *glued(near))}, set(map(stem, spelt))
        )
        slot = again.slot(tuple(meant), others, synonyms, MISSPELT)
        if slot.tokens:
            return Slot(slot.tokens)
    if len(word) >= 3:
        return Slot({ended[::-1]: ENDS for ended in index.beginning("reversed", word[::-1], 20)})
    return Slot({})


def _may_mean(part: Sequence[Phrase], synonyms: Thesaurus) -> Iterable[str]:
    phrase = tuple(choice[0] for choice in part)
    for choice in part:
        yield from choice
        for other in synonyms.others((choice[0],)):
            yield from other
    for other in synonyms.others(phrase):
        yield from other


def _misspelt(forms: Iterable[str], synonyms: Thesaurus) -> list[str]:
    """The words of products or synonyms that one slip makes one of these: all that it could be are looked up."""
    spelt = [word for word in forms if len(word) >= _SHORTEST_MISSPELT and not is_number(word)]
    if not spelt:
        return []
    texts = {near for word in spelt for near in slips(word)}
    stems = {near for word in spelt for near in slips(stem(word))}
    found = [text for text, _, _ in engine().words(list(texts), list(stems))]
    return [near for near in (*found, *synonyms.among(texts | stems)) if len(near) >= _SHORTEST_MEANT]
