"""Words that sound alike in Hebrew and in Latin letters: הרדוף is harduf, שיאה is shea.

Hebrew writes few vowels, and some of its letters have several sounds. So each word has a *sound*: its consonants, in
classes that both scripts share. Words of the same sound are compared letter by letter with `alike`.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, product

_HEBREW, _LATIN = re.compile("[\u05d0-\u05ea]{3,20}"), re.compile("[a-z]{3,20}")
_FINALS = str.maketrans("ךםןףץ", "כמנפצ")
# The class of each Hebrew letter; vowel letters have none. A word to look up may mean the others too.
_OF_HEBREW = {
    "ב": "B", "ג": "G", "ד": "D", "ז": "Z", "ח": "KH-", "ט": "T", "כ": "K", "ל": "L", "מ": "M", "נ": "N", "ס": "S",
    "פ": "P", "צ": "CKZ", "ק": "K", "ר": "R", "ש": "S", "ת": "T",
}  # fmt: skip
_OF_LATIN = {
    "tsch": "C", "sch": "S", "tch": "C", "sh": "S", "ch": "KCS", "kh": "K", "ph": "P", "th": "T", "gh": "G", "ck": "K",
    "ts": "C", "tz": "C", "zz": "C", "zh": "Z", "dj": "G", "b": "B", "c": "K", "d": "D", "f": "P", "g": "G", "j": "GZ",
    "k": "K", "l": "L", "m": "M", "n": "N", "p": "P", "q": "K", "r": "R", "s": "S", "t": "T", "v": "B-", "z": "ZC",
}  # fmt: skip
_UNIT = re.compile("|".join(_OF_LATIN) + "|x|c(?=[eiy])|.")
_MOST = 16  # sounds of one word
_DOUBLED = re.compile(r"(.)\1+")
_ANY = "[aeiou]{0,2}"  # vowels that Hebrew does not write
# Latin spellings of a Hebrew letter: the usual ones, and rarer ones.
_SPELT = {
    "ב": ("bb?|vv?", "w"), "ג": ("gg?h?|j", "dj|dg"), "ד": ("dd?h?", ""), "ז": ("zz?h?", "s|j"),
    "ח": ("ch|kh|h", "x|j"), "ט": ("tt?h?", ""), "כ": ("kh|ch|ck|kk?|cc?(?![eiy])", "q"), "ל": ("ll?", ""),
    "מ": ("mm?", ""),
    "נ": ("nn?", ""), "ס": ("ss?|c(?=[eiy])|sc", "z|ps"), "פ": ("pp?h?|ff?", ""), "צ": ("tz|ts|zz?|t?ch|c", "s|cz"),
    "ק": ("ck|kk?|ch|cc?(?![eiy])|qu?", ""), "ר": ("rr?h?", ""), "ש": ("sch|sh", "ss?|ch"), "ת": ("tt?h?", ""),
}  # fmt: skip


def sounds(word: str) -> list[str]:
    """Return the sounds that a folded word may have, the likeliest first; none if it is too short or of other letters.

    A sound begins with its script: `h` for Hebrew, `l` for Latin.
    """
    return list(dict.fromkeys(_sounds(word)))


def sound(word: str) -> str:
    """Return the sound under which the index keeps a word; empty if it has none."""
    return next(_sounds(word), "")


def _sounds(word: str) -> Iterator[str]:
    if _HEBREW.fullmatch(word):
        script, classes = "h", _hebrew_classes(word.translate(_FINALS))
    elif _LATIN.fullmatch(word):
        script, classes = "l", _latin_classes(word)
    else:
        return
    for each in islice(product(*classes), _MOST):
        # Doubled consonants count once, and `-` is none at all.
        if key := _DOUBLED.sub(r"\1", "".join(each).replace("-", "")):
            yield script + key


def counterparts(word: str) -> list[str]:
    """Return the sounds that this word has in the other script."""
    return [("l" if key[0] == "h" else "h") + key[1:] for key in sounds(word)]


def alike(word: str, others: list[str]) -> list[str]:
    """Return those of the words in the other script that may be this word, written as it sounds.

    Rare spellings count only where no usual one is among them, and the word has more than one consonant.
    """
    for rare in (False, True):
        if found := [other for other in others if _is_spelt(word, other, rare=rare)]:
            return found
        if len(sound(word)) < 3:
            break
    return []


def _is_spelt(word: str, other: str, *, rare: bool) -> bool:
    hebrew, latin = (other, word) if word.isascii() else (word, other)
    return _pattern(hebrew, rare=rare).fullmatch(latin) is not None


def _hebrew_classes(word: str) -> Iterator[str]:
    for place, letter in enumerate(word):
        if letter == "ה" and not place:
            yield "H-"
        elif letter == "ו":
            yield "-B"
        elif classes := _OF_HEBREW.get(letter):
            yield classes


def _latin_classes(word: str) -> Iterator[str]:
    for match in _UNIT.finditer(word):
        unit = match[0]
        if unit == "h":
            yield "-KH" if match.start() else "HK-"
        elif unit == "x":
            yield from ("K", "S")
        elif unit == "c" and word[match.end() : match.end() + 1] in tuple("eiy"):
            yield "SCK"
        elif classes := _OF_LATIN.get(unit):
            yield classes


@lru_cache(maxsize=4096)
def _pattern(hebrew: str, *, rare: bool) -> re.Pattern[str]:
    """The Latin spellings of a Hebrew word."""
    word, parts, place = hebrew.translate(_FINALS), list[str](), 0
    while place < len(word):
        letter, after = word[place], word[place + 1 : place + 2]
        first, last = not place, place == len(word) - 1
        if word[place : place + 2] == "קס":
            parts.append(f"(?:x|ks|cks|cs|cc){_ANY}")
            place += 1
        elif letter in _SPELT:
            usual, other = _SPELT[letter]
            parts.append(f"(?:{usual}{f'|{other}' if rare and other else ''})")
            if after not in ("ו", "י") and not (after == "ה" and place == len(word) - 2):
                parts.append(_ANY if after else "e?")
        elif letter == "ה":
            parts.append("h" + _ANY if first else "(?:ah?|eh?|oh?)" if last else "h?" + _ANY)
        elif letter == "ו":
            parts.append(f"(?:v|wh?|oo?|u){_ANY}" if first or after == "ו" else f"(?:oo|ou|oa|o|u|ow|w|v){_ANY}")
            place += after == "ו"
        elif letter == "י":
            parts.append(
                "(?:y|i|j|e)[aeiou]?"
                if first
                else "(?:ee|ea|ie|ei|ey|ai|ay|i|e|y)"
                if after != "י"
                else "(?:ai|ay|ei|ey|i|y|a|e)"
            )
            place += after == "י"
        elif after not in ("ו", "י", "ה"):  # א and ע stand for a vowel
            parts.append("[aeiou]{1,2}" if first else "(?:ah?|e)" if last else _ANY)
        place += 1
    return re.compile("".join(parts))
