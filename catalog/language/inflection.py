"""The forms that words take: plurals, glued Hebrew prefixes, units and quantities, one slip of the finger.

Everything here is about letters alone; which words a catalogue really holds,
`catalog.search.understanding` knows.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache

from catalog.language.text import compounds, words

LONGEST = 40  # letters of a word that count
_NUMBER = re.compile(r"\d+(?:\.\d+)*%?")
_PLAIN_NUMBER = re.compile(r"\d{1,6}(?:\.\d{1,3})?")
_NUMBER_UNIT = re.compile(r"(\d+(?:\.\d+)?)([^\W\d_]{1,8})")
_HEBREW = re.compile("[\u05d0-\u05ea]")
_FINALS = str.maketrans("ךםןףץ", "כמנפצ")

# One name for every spelling of a unit, and how many of the base unit it is. Spellings are folded: no quotation marks.
_UNITS: dict[str, tuple[str, Decimal, tuple[str, ...]]] = {
    "kg": ("g", Decimal(1000), ("kgs", "kilo", "kilos", "kilogram", "kilograms", "קג", "קילו", "קילוגרם", "קילוגרמים")),
    "g": ("g", Decimal(1), ("gr", "grs", "gram", "grams", "gramme", "grammes", "גרם", "גר", "ג", "גרמים")),
    "mg": ("mg", Decimal(1), ("milligram", "milligrams", "מג", "מיליגרם")),
    "l": ("ml", Decimal(1000), ("lt", "ltr", "liter", "liters", "litre", "litres", "ליטר", "ליטרים", "ל")),
    "ml": ("ml", Decimal(1), ("milliliter", "milliliters", "millilitre", "millilitres", "מל", "מיליליטר")),
    "cl": ("ml", Decimal(10), ("centiliter", "centilitre", "סל")),
    "m": ("cm", Decimal(100), ("meter", "meters", "metre", "metres", "מטר", "מטרים")),
    "cm": ("cm", Decimal(1), ("centimeter", "centimeters", "centimetre", "סמ", "סנטימטר")),
    "mm": ("mm", Decimal(1), ("millimeter", "millimetre", "ממ", "מילימטר")),
    "pcs": ("pcs", Decimal(1), ("pc", "pieces", "piece", "units", "unit", "יח", "יחידה", "יחידות")),
}
_UNIT_OF = {spelling: unit for unit, (_, _, spellings) in _UNITS.items() for spelling in (unit, *spellings)}
_HALVES = {"חצי": "0.5", "half": "0.5", "רבע": "0.25", "quarter": "0.25"}
# Units that people leave the number one away from.
_WHOLES = ("kg", "l")
# What is glued to the front of a Hebrew word: and, the, in, to, from, that, as, and what stands together.
_GLUED = (
    "ה", "ו", "ב", "ל", "מ", "ש", "כ", "וה", "וב", "ול", "ומ", "וש", "וכ", "שה", "שב", "של", "שמ", "מה", "כש", "לה",
    "בה",
)  # fmt: skip
# The letters that a slip may put in a word, by script; a word of another script may only lose or exchange its own.
_ALPHABETS = tuple(
    map(frozenset, ("אבגדהוזחטיךכלםמןנסעףפץצקרשת", "abcdefghijklmnopqrstuvwxyz", "абвгдежзийклмнопрстуфхцчшщъыьэюя",
                    "ابتثجحخدذرزسشصضطظعغفقكلمنهويةى"))
)  # fmt: skip


def tokens(text: str, limit: int = 2000) -> list[str]:
    """Return what a text is found by: its words, units under one name, and every amount in its base unit too.

    `1 ק"ג`, `1kg` and `1000 grams` share the token `1000g`. What dashes join is kept in one piece besides: `cocacola`.
    """
    spelt = list(_spelt(words(_halved(text))[:limit]))
    found = dict.fromkeys(spelt)
    found.update(dict.fromkeys(amount[0] for _, amount, _ in _amounts(spelt)))
    found.update(dict.fromkeys(word[:LONGEST] for word in compounds(text)[:limit]))
    return list(found)


def query_tokens(text: str) -> list[tuple[str, ...]]:
    """Return what a query asks for: one tuple per word or amount, whose tokens are equally good.

    `2 kg rice` asks for the amount, `2000g`, and for the word; half a kilo is an amount too.
    """
    spelt = list(_spelt(words(_halved(text))))
    amounts = {start: (amount, width) for start, amount, width in _amounts(spelt)}
    found, place = dict[tuple[str, ...], None](), 0
    while place < len(spelt):
        amount, width = amounts.get(place, ((spelt[place],), 1))
        found[amount] = None
        place += width
    return list(found)


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return what singular and plural of a word have in common; a word in neither is its own stem."""
    if _NUMBER.match(word):
        return word
    return _hebrew_stem(word) if _HEBREW.search(word) else _english_stem(word)


def unglued(word: str, least: int = 3) -> list[str]:
    """Return what remains of a Hebrew word without the prefixes it may begin with, at least so many letters."""
    if not _HEBREW.match(word):
        return []
    return [word[len(prefix) :] for prefix in _GLUED if word.startswith(prefix) and len(word) - len(prefix) >= least]


def without_article(word: str) -> list[str]:
    """Return a Hebrew word without the article it begins with: a phrase wears it on its last word, שמן הזית."""
    return [word[1:]] if word.startswith("ה") and len(word) > 2 else []


def without_and(word: str) -> str:
    """Return a Hebrew word without the "and" that it may begin with, or nothing."""
    return word[1:] if word.startswith("ו") and len(word) > 2 else ""


def glued(word: str) -> list[str]:
    """Return a Hebrew word of three letters or more behind each prefix it may be glued to."""
    return [prefix + word for prefix in _GLUED] if len(word) >= 3 and _HEBREW.match(word) else []


def constructs(word: str) -> list[str]:
    """Return the forms a Hebrew noun takes before another: תפוחי עץ, עוגת גבינה."""
    if len(word) < 3 or not _HEBREW.match(word):
        return []
    root = _hebrew_stem(word)
    return [f"{root}י", f"{root}ת"]


def respelt(word: str) -> list[str]:
    """Return a Hebrew word with the other of two last letters that sound alike: קפא is קפה."""
    other = {"א": "ה", "ה": "א"}.get(word[-1:])
    return [word[:-1] + other] if other and len(word) >= 3 else []


def is_number(word: str) -> bool:
    """Whether a word is a number or an amount, of which only the whole counts."""
    return word[:1].isdigit()


def slips(word: str) -> set[str]:
    """Return what a word may have been meant as: a letter fewer, more or another, or two in the other order."""
    letters = next((alphabet for alphabet in _ALPHABETS if not alphabet.isdisjoint(word)), frozenset[str]())
    letters = letters.union(letter for letter in word if letter.isalpha())
    halves = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    return {
        *(before + after[1:] for before, after in halves if after),
        *(before + letter + after for before, after in halves for letter in letters),
        *(before + letter + after[1:] for before, after in halves if after for letter in letters),
        *(before + after[1] + after[0] + after[2:] for before, after in halves if len(after) > 1),
    } - {word}


def _spelt(folded_words: Iterable[str]) -> Iterator[str]:
    """Words with units under one name; a number glued to its unit falls apart."""
    for word in folded_words:
        glued_unit = _NUMBER_UNIT.fullmatch(word) if word[:1].isdigit() else None
        if glued_unit and (unit := _UNIT_OF.get(glued_unit[2])):
            yield from (glued_unit[1], unit)
        else:
            yield _UNIT_OF.get(word, word)[:LONGEST]


def _amounts(spelt: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...], int]]:
    """The amounts among spelt words: where each begins, its tokens, and how many words it takes."""
    place = 0
    while place < len(spelt):
        word, unit = spelt[place], spelt[place + 1] if place + 1 < len(spelt) else ""
        width = 2
        if unit == "a" and spelt[place + 2 : place + 3]:  # half a kilo
            unit, width = spelt[place + 2], 3
        number = _HALVES.get(word) or (word if _PLAIN_NUMBER.fullmatch(word) else None)
        if number and unit in _UNITS:
            yield place, (_amount(number, unit),), width
            place += width - 1
        elif word in _WHOLES:  # "a kilo of rice" is one, and may be any
            yield place, (_amount("1", word), word), 1
        place += 1


def _amount(number: str, unit: str) -> str:
    base, factor, _ = _UNITS[unit]
    return f"{(Decimal(number) * factor).normalize():f}{base}"


def _halved(text: str) -> str:
    if "/" not in text:
        return text
    return re.sub(r"(?<![\d/])1/([24])(?![\d/])", lambda part: " 0.5 " if part[1] == "2" else " 0.25 ", text)


def _hebrew_stem(word: str) -> str:
    stemmed = word
    for ending, instead in (
        ("יות", "י"),
        ("יים", "י"),
        ("ייה", "י"),
        ("יה", "י"),
        ("ית", "י"),
        ("ים", ""),
        ("ות", ""),
        ("ה", ""),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= (2 if ending != "ה" else 3):
            stemmed = word[: -len(ending)] + instead
            break
    return stemmed.translate(_FINALS)


def _english_stem(word: str) -> str:
    if len(word) < 4 or not word.isascii():
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes", "oes")):
        return word[:-2]
    if word.endswith("ves") and word[:-3] in ("loa", "kni", "lea", "hal", "shel", "wi", "cal"):
        return f"{word[:-3]}f"
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
