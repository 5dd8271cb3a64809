"""From a shopper's words to the words a catalogue holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from catalog.forms import STOP_WORDS, asked, constructs, glued, is_number, one_slip_apart, stem, unglued
from catalog.search.engines import Slot, Term, engine, rows_of
from catalog.synonyms import LONGEST_PHRASE, Phrase, Thesaurus, thesaurus

# How well a word fits that stands in a product's name.
EXACT, SAME_STEM, SYNONYM, MISSPELT, BEGINS, ENDS = 16, 14, 13, 10, 8, 6
_MOST_TERMS = 10
_SHORTEST_MISSPELT = 5
_MOST_NEAR = 2000  # words that begin or end like one that is misspelt


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
        texts, stems = list(texts), list(stems)
        named, by_stem = dict[str, bool](), dict[str, list[str]]()
        sql = (
            f"SELECT text, stem, named FROM catalog_word WHERE text IN ({', '.join(['%s'] * len(texts))}) "
            f"OR stem IN ({', '.join(['%s'] * len(stems))})"
        )
        for text, stem_, is_named in rows_of(sql, [*texts, *stems]):
            named[text] = bool(is_named)
            by_stem.setdefault(stem_, []).append(text)
        return cls(named, by_stem)

    def term(self, part: Sequence[Phrase], synonyms: Thesaurus) -> Term | None:
        """The ways to say this part of a query that some product may use, or None."""
        phrase = tuple(choice[0] for choice in part)
        if len(part) == 1:
            ways: list[tuple[Slot, ...]] = [(self.slot(part[0], synonyms.others(phrase)),)]
        else:
            ways = [tuple(self.slot(choice, synonyms.others((choice[0],))) for choice in part)]
            single = [other for other in synonyms.others(phrase) if len(other) == 1]
            ways.append((self.slot((), single),))
        ways += [
            tuple(self.slot((word,), (), quality=SYNONYM) for word in other)
            for other in synonyms.others(phrase)
            if len(other) > 1
        ]
        possible = tuple(way for way in ways if not any(slot.empty for slot in way))
        return Term(_shown(part), possible) if possible else None

    def slot(self, choice: Phrase, others: Sequence[Phrase], quality: int = EXACT) -> Slot:
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
            return Slot(found, prefixes if found else ())
        return self._otherwise(choice[0])

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

    def _otherwise(self, word: str) -> Slot:
        """What a word may mean that no product has in any of its forms: a beginning, a slip, an ending."""
        index = engine()
        if index.beginning("text", word, 1):
            return Slot({}, (word,))
        meant = dict.fromkeys(near for form in (word, *unglued(word)) for near in _misspelt(form))
        if meant:
            synonyms = thesaurus()
            others = [other for near in meant for other in synonyms.others((near,)) if len(other) == 1]
            spelt = [*meant, *(other for (other,) in others)]
            again = _Known.looked_up(
                {text for near in spelt for text in (near, *constructs(near), *glued(near))}, set(map(stem, spelt))
            )
            slot = again.slot(tuple(meant), others, MISSPELT)
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


def _misspelt(word: str) -> Iterable[str]:
    """The words that one slip makes this one: with one slip, what stands before it or behind it is whole."""
    if len(word) < _SHORTEST_MISSPELT or is_number(word):
        return
    half = (len(word) - 1) // 2
    index = engine()
    lengths = (len(word) - 2, len(word) + 2)  # a plural may be up to two letters longer
    begin = index.beginning("text", word[:half], _MOST_NEAR, lengths)
    end = (turned[::-1] for turned in index.beginning("reversed", word[::-1][:half], _MOST_NEAR, lengths))
    for near in (*begin, *end, *thesaurus().near(stem(word))):
        if len(near) >= 4 and (one_slip_apart(word, near) or one_slip_apart(stem(word), stem(near))):
            yield near
