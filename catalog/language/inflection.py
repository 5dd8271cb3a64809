"""The forms of words: plurals, Hebrew prefixes, units and amounts, typing errors.

Only letters count here; `catalog.search.understanding` knows which words products have.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache

from catalog.language.text import compounds, words

_LONGEST = 40  # letters of a word that count
_NUMBER = re.compile(r"\d+(?:\.\d+)*%?")
_PLAIN_NUMBER = re.compile(r"\d{1,6}(?:\.\d{1,3})?")
_NUMBER_UNIT = re.compile(r"(\d+(?:\.\d+)?)([^\W\d_]{1,8})")
_AMOUNT = re.compile(r"([\d.]+)([a-z]+)")
_AROUND = ",.;:!?()[]"
# A number of pieces: 6 x 330 ml.
_TIMES = re.compile(r"(\d)\s*[x×*]\s*(?=\d)", re.IGNORECASE)
_HEBREW = re.compile("[\u05d0-\u05ea]")
_FINALS = str.maketrans("ךםןףץ", "כמנפצ")

# By name of a unit: its base unit, how many of these it is, and its spellings, folded and so without quotation marks.
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
# Sizes of clothes that are written like units. Words for them have these as synonyms.
_SIZES = {"m": "medium", "l": "large"}
_HALVES = {"חצי": "0.5", "half": "0.5", "רבע": "0.25", "quarter": "0.25"}
# Units that mean one when no number is given.
_WHOLES = ("kg", "l")
_HEBREW_ENDINGS = {"יות": "י", "יים": "י", "ייה": "י", "יה": "י", "ית": "י", "ים": "", "ות": "", "ה": ""}
# Prefixes of Hebrew words: and, the, in, to, from, that, as, and some together.
_GLUED = (
    "ה", "ו", "ב", "ל", "מ", "ש", "כ", "וה", "וב", "ול", "ומ", "וש", "וכ", "שה", "שב", "של", "שמ", "מה", "כש", "לה",
    "בה",
)  # fmt: skip
# The letters that a typing error may put into a word, by script; a word of another script gets only letters of its own.
_ALPHABETS = tuple(
    map(frozenset, ("אבגדהוזחטיךכלםמןנסעףפץצקרשת", "abcdefghijklmnopqrstuvwxyz", "абвгдежзийклмнопрстуфхцчшщъыьэюя",
                    "ابتثجحخدذرزسشصضطظعغفقكلمنهويةى"))
)  # fmt: skip


def tokens(text: str, limit: int = 2000) -> list[str]:
    """Return the tokens of a text: its words, one name for each unit, and each amount in its base unit too.

    `1 ק"ג`, `1kg` and `1000 grams` share the token `1000g`. What dashes join is one token too: `cocacola`. The size
    `L`, which is no litre, is `large` too.
    """
    folded = words(_halved(text))[:limit]
    spelt = list(_spelt(folded))
    found = dict.fromkeys(spelt)
    found.update(dict.fromkeys(amount[0] for _, amount, _ in _amounts(spelt)))
    if not _SIZES.keys().isdisjoint(folded):
        found.update(dict.fromkeys(_sizes(folded).values()))
    found.update(dict.fromkeys(word[:_LONGEST] for word in compounds(text)[:limit]))
    return list(found)


def query_tokens(text: str, *, sized: bool = False) -> list[tuple[str, ...]]:
    """Return what a query asks for: one tuple per word or amount, whose tokens are equally good.

    `2 kg rice` asks for the amount, `2000g`, and for the word; half a kilo is an amount too. If `sized`, the letters M
    and L are sizes of clothes where no number makes them units.
    """
    folded = words(_halved(text))
    spelt, sizes = list(_spelt(folded)), _sizes(folded) if sized else {}
    amounts = {start: (amount, width) for start, amount, width in _amounts(spelt)}
    found, place = dict[tuple[str, ...], None](), 0
    while place < len(spelt):
        amount, width = amounts.get(place, ((spelt[place],), 1))
        found[(sizes[place], *amount) if place in sizes else amount] = None
        place += width
    return list(found)


def is_measured(phrase: str) -> bool:
    """Whether a phrase has a unit or an amount, which `as_written` tells in the shopper's words."""
    return any(is_number(word) or word in _UNITS for word in phrase.split())


def as_written(query: str) -> dict[str, str]:
    """Return how a query writes its units and amounts, by the token that stands for each: `5 l` for `5000ml`."""
    chunks = query.split()
    folded, home = list[str](), list[int]()
    for number, chunk in enumerate(chunks):
        found = words(_halved(chunk))
        folded += found
        home += [number] * len(found)
    places = [place for place, word in enumerate(folded) for _ in _spelt([word])]
    spelt, said = list(_spelt(folded)), dict[str, str]()
    for start, (token, *more), width in _amounts(spelt):
        covered = sorted(set(places[start : start + width]))
        whole = {
            number for number in range(len(chunks)) if home.count(number) == sum(home[p] == number for p in covered)
        }
        written = (chunks[home[p]].strip(_AROUND) if home[p] in whole else folded[p] for p in covered)
        said[more[-1] if more else token] = " ".join(dict.fromkeys(written))
    for place, word in zip(places, spelt, strict=True):
        if word in _UNITS and _UNIT_OF.get(folded[place]) == word:
            said.setdefault(word, folded[place])
    return said


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return what the singular and the plural of a word have in common."""
    if _NUMBER.match(word):
        return word
    return _hebrew_stem(word) if _HEBREW.search(word) else _english_stem(word)


def unglued(word: str, least: int = 3) -> list[str]:
    """Return a Hebrew word without each prefix that it may have, if at least so many letters remain."""
    if not _HEBREW.match(word):
        return []
    return [word[len(prefix) :] for prefix in _GLUED if word.startswith(prefix) and len(word) - len(prefix) >= least]


def without_letter(word: str, letter: str) -> str:
    """Return a Hebrew word without the article (ה) or "and" (ו) that it begins with; empty if it has none."""
    return word[1:] if word.startswith(letter) and len(word) > 2 else ""


def glued(word: str) -> list[str]:
    """Return a Hebrew word of three letters or more with each prefix."""
    return [prefix + word for prefix in _GLUED] if len(word) >= 3 and _HEBREW.match(word) else []


def constructs(word: str) -> list[str]:
    """Return the construct forms of a Hebrew noun, used before another noun: תפוחי עץ, עוגת גבינה."""
    if len(word) < 3 or not _HEBREW.match(word):
        return []
    root = _hebrew_stem(word)
    return [f"{root}י", f"{root}ת"]


def respelt(word: str) -> list[str]:
    """Return a Hebrew word with its last letter exchanged for the one that sounds alike: קפא is קפה."""
    other = {"א": "ה", "ה": "א"}.get(word[-1:])
    return [word[:-1] + other] if other and len(word) >= 3 else []


def is_number(word: str) -> bool:
    """Whether a word is a number or an amount, which has no other forms."""
    return word[:1].isdigit()


def slips(word: str) -> set[str]:
    """Return all words one typing error away: a letter less, more or another, or two exchanged."""
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
    """The words with one name for each unit; a number and its unit become two words."""
    for word in folded_words:
        glued_unit = _NUMBER_UNIT.fullmatch(word) if word[:1].isdigit() else None
        if glued_unit and (unit := _UNIT_OF.get(glued_unit[2])):
            yield from (glued_unit[1], unit)
        else:
            yield _UNIT_OF.get(word, word)[:_LONGEST]


def _sizes(folded: Sequence[str]) -> dict[int, str]:
    """The sizes of clothes among the words, as a word, by their places among the spelt ones."""
    found, place, before = dict[int, str](), 0, ""
    if _SIZES.keys().isdisjoint(folded):
        return found
    for word in folded:
        if word in _SIZES and not is_number(before) and before not in _HALVES:
            found[place] = _SIZES[word]
        place += sum(1 for _ in _spelt([word]))
        before = word
    return found


def _amounts(spelt: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...], int]]:
    """The amounts among the words: the place of each, its tokens, and how many words it has."""
    if _UNITS.keys().isdisjoint(spelt):
        return
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
        elif word in _WHOLES:  # "a kilo of rice" means one, or any number
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
    for ending, instead in _HEBREW_ENDINGS.items():
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


def amounts(text: str) -> list[tuple[Decimal, str]]:
    """Return the amounts that a text states with a number, in base units: `1 ק"ג` is 1000 g, `6 x 330 ml` 1980 ml."""
    spelt = list(_spelt(words(_TIMES.sub(r"\1 x ", _halved(_with_point(text))))))
    found = list[tuple[Decimal, str]]()
    for place, (amount, *whole), _ in _amounts(spelt):
        if whole:
            continue
        number = _AMOUNT.fullmatch(amount)
        assert number is not None
        times = spelt[place - 2] if place > 1 and spelt[place - 1] == "x" else ""
        found.append((Decimal(number[1]) * (int(times) if times.isdecimal() else 1), number[2]))
    return found


def _with_point(text: str) -> str:
    """The text with decimal commas as points, and without commas between thousands."""
    return re.sub(r"(?<=\d),(?=\d{1,2}(?!\d))", ".", re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text))
