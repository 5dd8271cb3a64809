"""Finds the encoding of text that is neither UTF-8 nor UTF-16, or says that it cannot be known.

charset-normalizer alone guesses too boldly for a catalogue: of a few Russian words it makes Thai or Greek ones. So an
8-bit encoding counts only if its letters are those of a language, in its frequencies. The library decides between the
encodings of Chinese, Japanese and Korean, if one of them fits clearly better than the others.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from charset_normalizer import from_bytes

# The letters of a language, the most frequent first.
_ALPHABETS = (
    ("cp1255", "יוהלאמתרבשנדכםחעקפגטזסצןךףץ"),
    ("cp862", "יוהלאמתרבשנדכםחעקפגטזסצןךףץ"),
    ("cp1251", "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"),
    ("cp1251", "оаинвіетрслкдумпязьбгчйюхїцжєшщфґ"),
    ("koi8_r", "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"),
    ("cp866", "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"),
    ("cp1253", "αοιετσνηυρπκμλςωγδχθφβξζψϊϋΐΰ"),
    ("iso8859_7", "αοιετσνηυρπκμλςωγδχθφβξζψϊϋΐΰ"),
    ("cp1256", "اليمونتبرعدسفهكةحقجىشصخأطضغثزذئءإظآؤ"),
)
# What no word of Hebrew, Greek or Russian has: final letters inside it, and signs that soften nothing.
_FINAL = re.compile("[םןץףך](?=[א-ת])|ς(?=[α-ω])|(?<![а-яё])[ьъы]|ъ(?![еёюя])", re.IGNORECASE)
_ACCENTS = str.maketrans("άέήίόύώΆΈΉΊΌΎΏ", "αεηιουωΑΕΗΙΟΥΩ")
# A Greek word in small letters has one accent, unless it is very short.
_GREEK = re.compile("[α-ωά-ώ]{4,}")
_APOSTROPHE = re.compile("(?<=[Α-Ωα-ω])’")
_ACCENT = re.compile("[άέήίόύώΐΰ]")
_MARKS = re.compile("(?<=[א-ת\u05b0-\u05c7])[\u05b0-\u05c7\u05f3\u05f4]|[\u200e\u200f]")
_SPOILED = re.compile(r"[¹²³¼½¾×][^\W\d_]|(?<=[^\W\d_a-zA-Z])[¹²³¼½¾×]")
# A fraction before letters is none, but the Œ of ISO 8859-15, and a quotation that does not end, a letter of a Mac.
_NO_FRACTION, _UNENDED = re.compile(r"(?<!\d)[¼½¾][^\W\d_]{3}"), re.compile(r"(?<!\w)‘(?=\w)(?!.*’)")
_LIGATURE = re.compile("[Œœ][a-zà-ÿ]{2}|[a-zà-ÿ]œ")
# A word of two alphabets.
_TOUCHING = re.compile(r"[A-Za-z][^\W\d_A-Za-z]|[^\W\d_A-Za-z][A-Za-z]")
_WORD = re.compile(r"[^\W\d_]+")
_CASE = re.compile(r"(?<=[^\W\d_])(?:[А-ЯЁІЇЄҐΆ-ΏΑ-Ω](?=[а-яёіїєґΐά-ώ])|(?<=[а-яёіїєґΐά-ώ])[А-ЯЁІЇЄҐΆ-ΏΑ-Ω])")
# The letters of languages beyond a to z, by the encodings that have them.
_MIXED = "àáâãäåæçèéêëìíîïñòóôõöøùúûüÿœßšž"
_INVENTORIES = (
    ("cp1252", "äöüßé"),
    ("cp1252", "àâæçèéêëîïôùûüÿœ"),
    ("iso8859_15", "àâæçèéêëîïôùûüÿœ"),
    ("cp1252", "áéíñóúü"),
    ("cp1252", "àáâãçéêíóôõú"),
    ("cp1252", "àèéìíòóùú"),
    ("cp1252", "àçèéíïòóúü"),
    ("cp1252", "äåæøöéü"),
    ("cp1252", "áæðéíóöúýþ"),
    ("cp1250", "ąćęłńóśźż"),
    ("cp1250", "áčďéěíňóřšťúůýž"),
    ("cp1250", "áäčďéíĺľňóôŕšťúýž"),
    ("cp1250", "áéíóöőúüű"),
    ("cp1250", "ăâîşţ"),
    ("cp1250", "čćđšž"),
    ("cp1254", "âçğıîöşûüi̇"),
    ("cp1257", "ąčęėįšųūž"),
    ("cp1257", "āčēģīķļņšūž"),
    ("cp1257", "äõöüšž"),
    ("iso8859_2", "ąćęłńóśźż"),
    ("iso8859_2", "áčďéěíňóřšťúůýž"),
    # Several languages in one catalogue; this fits less well than one of them.
    ("cp1252", _MIXED),
)
_VOWELS = frozenset("aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýÿœąęěůőűăıāēīūėįų")
# Encodings that hardly anybody uses any more need more than a few letters.
_RARE, _MANY = ("cp862", "cp866", "koi8_r", "iso8859_2"), 8
# Its letters stand where those of Danish, Icelandic or French do.
_NEVER_SURE = ("cp1257",)
_SIGNS = frozenset("€£¥§©®™°±²³¹¼½¾×÷·•–—‘’‚“”„«»…¿¡´¨ªº\u00a0†‡‰‹›µ%")
_ASIAN = ("gb18030", "cp932", "big5", "cp949", "euc_jp")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_CJK = re.compile("[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_LINE = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")
_SAMPLE = 60_000
_FEW = 4  # signs are too few to tell Chinese from Korean
_TOO_FEW = 6  # letters that are told only by far
# Doubled consonants, compound vowels and final consonants of Hangul, by their places in Unicode's syllables.
_RARE_FIRSTS, _RARE_VOWELS = {1, 4, 8, 10, 13}, {3, 7, 10, 14, 15, 16}
_RARE_LASTS = {2, 3, 5, 6, *range(9, 16), 18, *range(22, 28)}
# How much of a text is in the usual characters, those that the encodings have first; Koreans use no others.
_USUAL, _KOREAN = 0.85, 0.97
# The first bytes of these.
_LEADS = {"gb18030": (0xB0, 0xD7), "big5": (0xA4, 0xC6), "cp932": (0x81, 0x97), "euc_jp": (0xA1, 0xCF)}
_WORDLY = frozenset(encoding for encoding, _alphabet in _ALPHABETS)
# How surely a language must be told from the next one, and how much of the text must be its letters.
_SURE, _SHARE, _LIKELY, _POSSIBLE = 0.35, 0.97, 0.5, 0.2


class Unknown(ValueError):
    """Several encodings fit, or none; `likely` has those that may be meant."""

    def __init__(self, likely: Iterable[str] = ()) -> None:
        self.likely = list(dict.fromkeys(likely))
        super().__init__(", ".join(self.likely))


@dataclass(frozen=True, slots=True)
class _Fit:
    score: float
    encoding: str
    text: str


def encoding_of(pieces: Iterable[bytes]) -> str:
    """Return the encoding of a text that is not UTF-8.

    Raises:
        Unknown: If it cannot be told for certain.
    """
    sample = _sample(pieces)
    fits = [*_by_alphabet(sample), *_by_inventory(sample)]
    asian, likely = _asian(sample)
    if asian:
        fits = [fit for fit in fits if fit.score > 0.9]
        if not fits:
            return asian
    best = max(fits, key=lambda fit: fit.score, default=None)
    if best is None or (best.encoding in _WORDLY and best.score <= _LIKELY):
        raise Unknown(_readable(sample))
    rivals = [fit for fit in fits if fit.text != best.text]
    letters = sum(not sign.isascii() and sign.isalpha() for sign in best.text)
    if best.encoding in _RARE and letters < _MANY:
        raise Unknown([best.encoding, *_readable(sample)])
    margin = best.score - max((fit.score for fit in rivals), default=-1)
    scale = 1.0 if best.encoding not in _WORDLY or letters > 2 * _TOO_FEW else 1.5 if letters > _TOO_FEW else 2.0
    doubtful = bool(rivals) and margin * sqrt(letters) < _SURE * scale
    # The French Œ stands where the Slovak Ľ does.
    doubtful |= any(fit.encoding == "iso8859_15" for fit in rivals)
    too_few = (rivals and letters <= 2) or (likely and letters <= 2 * _TOO_FEW)
    if best.encoding in _NEVER_SURE or doubtful or too_few or (best.encoding in _WORDLY and 0 < letters < _FEW):
        raise Unknown([*(fit.encoding for fit in sorted(fits, key=lambda fit: -fit.score)), *likely])
    return best.encoding


def _sample(pieces: Iterable[bytes]) -> bytes:
    """Lines with other characters than ASCII, from all over the file."""
    lines: list[bytes] = []
    size = 0
    for piece in pieces:
        share = 0
        for found in _LINE.finditer(piece):
            line = found[0][:2000]
            lines.append(line)
            size += len(line)
            share += len(line)
            if share > _SAMPLE // 4:
                break
        if size > _SAMPLE:
            break
    return b"\n".join(lines)


def _decoded(sample: bytes, encoding: str) -> str | None:
    try:
        return sample.decode(encoding)
    except UnicodeDecodeError:
        # Lines are cut at a length, perhaps in the middle of a character.
        kept = sample.decode(encoding, errors="replace")
        return kept if kept.count("\ufffd") * 500 < len(kept) and len(sample) > 5000 else None


def _by_alphabet(sample: bytes) -> Iterable[_Fit]:
    """Alphabets other than the Latin one: words that consist of their letters, in the usual frequencies."""
    for encoding, alphabet in _ALPHABETS:
        if (text := _decoded(sample, encoding)) is None:
            continue
        text = _MARKS.sub("", text)
        foreign = [sign for sign in text if not sign.isascii()]
        ranks = {letter: rank for rank, letter in enumerate(alphabet)}
        is_greek = alphabet[0] == "α"
        spelled = [sign.translate(_ACCENTS) for sign in foreign] if is_greek else foreign
        found = [rank for sign in spelled if (rank := ranks.get(sign.lower())) is not None]
        others = (
            sum(sign not in _SIGNS for sign in foreign)
            - len(found)
            + len(_TOUCHING.findall(text))
            + len(_SPOILED.findall(text))
            + len(_UNENDED.findall(text))
        )
        # A letter that stands alone, as beside a number, is rather a sign: € and × are letters elsewhere.
        if not found or others > (1 - _SHARE) * len(foreign) or all(map(_stands_alone, _WORD.finditer(text))):
            continue
        wrong = len(_FINAL.findall(text)) + len(_CASE.findall(text)) + 2 * others
        if is_greek:
            wrong += sum(len(_ACCENT.findall(word)) != 1 for word in _GREEK.findall(text))
            wrong += len(_APOSTROPHE.findall(text))
        score = sum(1 - rank / len(alphabet) for rank in found) / len(found) - 2 * wrong / len(found)
        cased = {sign.isupper() for sign in foreign if sign.lower() != sign.upper()}
        # Of a catalogue in such an alphabet, some letters are capitals and most are not.
        score -= 0.12 if len(cased) == 1 else 0
        if score > _POSSIBLE:
            yield _Fit(score, encoding, text)


def _stands_alone(word: re.Match[str]) -> bool:
    return word[0].isascii() or len(word[0]) == 1


def _by_inventory(sample: bytes) -> Iterable[_Fit]:
    """The Latin alphabet: the letters of one language, where vowels and consonants take turns."""
    for encoding, inventory in _INVENTORIES:
        if (text := _decoded(sample, encoding)) is None:
            continue
        if encoding == "iso8859_15" and not _LIGATURE.search(text):
            continue  # else it is as Windows-1252
        letters, good, others = 0, 0.0, len(_NO_FRACTION.findall(text))
        for place, sign in enumerate(text):
            if sign.isascii():
                continue
            before, after = text[place - 1 : place].lower(), text[place + 1 : place + 2].lower()
            if sign.isalpha() and sign not in _SIGNS:
                letters += 1
                if sign.lower() not in inventory:
                    others += 1
                around = [near for near in (before, after) if near.isalpha()]
                vowel = sign.lower() in _VOWELS
                good += sum((near in _VOWELS) != vowel for near in around) / len(around) if around else 0.5
                others += sign.isupper() and text[place - 1 : place].islower()
            elif (
                sign not in _SIGNS
                or (sign not in "´’‘•·–—" and before.isalpha() and after.isalpha())
                or (sign in "×÷" and after.isalpha())
            ):
                others += 1
        mixed = 0.15 if inventory == _MIXED else 0
        if letters == 0 and others == 0:
            yield _Fit(0.7, encoding, text)
        elif letters and others <= (1 - _SHARE) * letters and _is_latin(text):
            yield _Fit(good / letters - mixed, encoding, text)


def _is_latin(text: str) -> bool:
    """Whether words have more letters from a to z than others."""
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    foreign = sum(not sign.isascii() for word in words for sign in word)
    return foreign <= 0.6 * sum(map(len, words))


def _asian(sample: bytes) -> tuple[str, list[str]]:
    """An encoding of Chinese, Japanese or Korean that fits clearly best, else "", and all that may fit."""
    texts = {encoding: text for encoding in _ASIAN if (text := _decoded(sample, encoding)) is not None}
    texts = {encoding: text for encoding, text in texts.items() if _is_asian(text) and _is_usual(text, encoding)}
    for encoding in ("cp932", "euc_jp"):
        count = len(_CJK.findall(texts.get(encoding, "")))
        kana = len(_KANA.findall(texts.get(encoding, "")))
        # Nothing else has its usual characters where Shift-JIS has them.
        if count and (
            (kana > 1 and kana * 4 >= count) or (encoding == "cp932" and len(texts) == 1 and count >= _TOO_FEW)
        ):
            return encoding, [encoding]
    likely = [encoding for encoding in texts if encoding not in ("cp932", "euc_jp")]
    if "cp949" in likely and "gb18030" in likely:
        # Half of the usual Chinese characters would be Korean ones too, so many of them are none by chance.
        signs = _CJK.findall(texts["cp949"])
        enough = len(signs) >= _MANY and len(set(signs)) >= _TOO_FEW
        return "cp949" if enough and 4 * sum(map(_is_rare, signs)) <= len(signs) - 4 else "", likely
    matches = list(from_bytes(sample, cp_isolation=likely, threshold=0.2)) if likely else []
    if not matches:
        return "", likely
    best = min(matches, key=lambda match: match.chaos)
    signs = _CJK.findall(str(best))
    if len(signs) < _TOO_FEW or len(set(signs)) < _FEW:
        return "", likely
    rivals = [match for match in matches if str(match) != str(best)]
    return best.encoding if all(match.chaos > best.chaos + 0.03 for match in rivals) else "", likely


def _is_rare(syllable: str) -> bool:
    """Whether it is one of those that a twelfth of Korean text has, and half of what only looks like it."""
    first, rest = divmod(ord(syllable) - 0xAC00, 588)
    vowel, last = divmod(rest, 28)
    return first in _RARE_FIRSTS or vowel in _RARE_VOWELS or last in _RARE_LASTS


def _is_asian(text: str) -> bool:
    foreign = sum(not sign.isascii() for sign in text)
    found = len(_CJK.findall(text))
    return foreign > 0 and found > 0.8 * foreign and len(_TOUCHING.findall(text)) < 0.3 * found


def _is_usual(text: str, encoding: str) -> bool:
    """Whether a text consists of characters that are common: other alphabets look as if they were rare ones."""
    signs: list[str] = _CJK.findall(text)
    if encoding == "cp949":
        return sum(sign >= "\uac00" for sign in signs) >= _KOREAN * len(signs)
    first, last = _LEADS[encoding]
    return sum(first <= sign.encode(encoding)[0] <= last for sign in signs) >= _USUAL * len(signs)


def _readable(sample: bytes) -> list[str]:
    """The common encodings in which the text can be read at all."""
    common = ("cp1252", "cp1250", "cp1251", "cp1255", "cp1254", "cp1253", "cp1256", *_ASIAN)
    return [encoding for encoding in common if _decoded(sample, encoding) is not None][:5]
