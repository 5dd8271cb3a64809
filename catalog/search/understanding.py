"""What a shopper's query asks for, in the words that products have."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from catalog.language.inflection import is_number, query_tokens, unglued
from catalog.language.stop_words import STOP_WORDS, clauses
from catalog.language.thesaurus import LONGEST_PHRASE, Phrase, Thesaurus
from catalog.search.engines import Term
from catalog.search.memory import Memory
from catalog.search.rows import Glance
from catalog.search.synonyms import thesaurus
from catalog.search.vocabulary import Meaning, Part, Vocabulary

_MOST_TERMS = 10


@dataclass(slots=True)
class Understood:
    """What a query asks for.

    Attributes:
        terms: What to look for.
        unknown: Words that no product has.
        tokens: The tokens of the query in their order, to compare with names.
        wishes: Each of several things that the query names; empty if it names one.
    """

    terms: list[Term] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    wishes: list["Understood"] = field(default_factory=list)

    @property
    def shown(self) -> str:
        """The terms in the shopper's words."""
        return " ".join(term.shown for term in self.terms)


_meanings = Memory[Part, Meaning](4000)


def understand(query: str, seen: Glance) -> Understood:
    """Return what a query asks for.

    Meanings are cached for the current state of the catalogue. All new words together cost one look-up, and each word
    that no product has costs up to four more.
    """
    synonyms = thesaurus(seen.synonyms)
    parts = list(_parts(query, synonyms))
    meanings = _meanings.of(seen.state)
    if new := [part for part in parts if part not in meanings]:
        known = Vocabulary.of(new, synonyms)
        meanings.update((part, known.meaning(part)) for part in new)
    understood, wishes = Understood(), list[tuple[Understood, list[Part]]]()
    for part in parts:
        meaning = meanings[part]
        if part.opens or not wishes or meaning.joined:
            wishes.append((Understood(), []))
        wish, within = wishes[-1]
        within.append(part)
        for into in (understood, wish):
            into.tokens += [choice[0] for choice in part.typed]
            into.terms += meaning.terms
            into.unknown += meaning.unknown
    named = [wish for wish, _ in wishes if wish.terms]
    # In "red and blue shirts", "red" is not a thing of its own.
    if len(named) > 1 and not any(_describes(within, synonyms) for _, within in wishes):
        understood.wishes = named
    return understood


def _parts(query: str, synonyms: Thesaurus) -> Iterator[Part]:
    """The parts of a query, of its first ten words."""
    left, seen = _MOST_TERMS, set[Phrase]()
    said = [query_tokens(clause, sized=True) for clause in clauses(query)]
    told = [[choice for choice in clause if not STOP_WORDS.issuperset(choice)] for clause in said]
    for clause in told if any(told) else said:
        wanted = [choice for choice in clause if choice not in seen][:left]
        left -= len(wanted)
        seen.update(wanted)
        place = 0
        while place < len(wanted):
            part = _longest(tuple(wanted[place:]), synonyms, opens=not place)
            place += len(part.typed)
            yield part


def _longest(wanted: tuple[Phrase, ...], synonyms: Thesaurus, *, opens: bool) -> Part:
    """The longest phrase with synonyms that these words begin with, or else the first word."""
    for length in range(min(LONGEST_PHRASE, len(wanted)), 1, -1):
        typed = wanted[:length]
        if phrase := synonyms.phrase(tuple(choice[0] for choice in typed)):
            choices = tuple((word, *choice[1:]) for word, choice in zip(phrase, typed, strict=True))
            return Part(choices, typed, opens)
    return Part(wanted[:1], wanted[:1], opens)


def _describes(parts: Sequence[Part], synonyms: Thesaurus) -> bool:
    """Whether all these words only describe something: colours, sizes, amounts."""
    return all(
        is_number(word)
        or (len(word) < 3 and word.isascii())
        or any(synonyms.describes(form) for form in (word, *unglued(word)))
        for part in parts
        for word in part.phrase
    )
