"""From a shopper's query to what is looked for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from catalog.forms import asked, is_number, unglued
from catalog.search.engines import Term
from catalog.search.glance import Glance
from catalog.search.remembered import Memory
from catalog.search.vocabulary import Meaning, Part, Vocabulary
from catalog.sentences import STOP_WORDS, clauses
from catalog.synonyms import LONGEST_PHRASE, Phrase, Thesaurus, thesaurus

_MOST_TERMS = 10
_meanings = Memory[Part, Meaning](4000)


@dataclass(slots=True)
class Understood:
    """A query as the catalogue understands it: what to look for, and the words that it does not know."""

    terms: list[Term] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    # The query's own tokens in their order, with which a name may begin.
    tokens: list[str] = field(default_factory=list)
    # Where it names several things, one after another: each for itself.
    wishes: list["Understood"] = field(default_factory=list)

    @property
    def shown(self) -> str:
        """What is looked for, in the shopper's words."""
        return " ".join(term.shown for term in self.terms)


def understand(query: str, seen: Glance) -> Understood:
    """Return what a query asks for.

    Words that were asked for in the same state of the catalogue cost nothing; others take a look-up together, and up to
    four more for each that no product has as it is.
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
    # "Red and blue shirts": what is no thing by itself belongs to one that is.
    if len(named) > 1 and not any(_describes(within, synonyms) for _, within in wishes):
        understood.wishes = named
    return understood


def _parts(query: str, synonyms: Thesaurus) -> Iterator[Part]:
    """The query in parts, at most ten words of it."""
    left, seen = _MOST_TERMS, set[Phrase]()
    said = [asked(clause) for clause in clauses(query)]
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
    """The longest phrase that these words begin with, or the first of them."""
    for length in range(min(LONGEST_PHRASE, len(wanted)), 1, -1):
        typed = wanted[:length]
        if phrase := synonyms.phrase(tuple(choice[0] for choice in typed)):
            choices = tuple((word, *choice[1:]) for word, choice in zip(phrase, typed, strict=True))
            return Part(choices, typed, opens)
    return Part(wanted[:1], wanted[:1], opens)


def _describes(parts: Sequence[Part], synonyms: Thesaurus) -> bool:
    """Whether these say how something is, and not what: colours, sizes, amounts."""
    return all(
        is_number(word)
        or (len(word) < 3 and word.isascii())
        or any(synonyms.describes(form) for form in (word, *unglued(word)))
        for part in parts
        for word in part.phrase
    )
