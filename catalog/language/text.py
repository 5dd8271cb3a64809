"""Text from outside: cleaned to be stored and shown, and folded to be searched."""

import re
import unicodedata
from hashlib import blake2b
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

# Invisible characters: direction overrides, joiners, soft hyphens, and variation selectors, in whose runs text can be
# hidden from people. One selector after a sign makes it an emoji and stays.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb]"
    "|[\ufe00-\ufe0e]|(?<![\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff])\ufe0f"
)
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e0fff]")
# Vowel points and cantillation, without the marks that separate words: maqaf (05be), paseq, sof pasuq, nun hafukha.
_NIQQUD = re.compile("[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]")
_QUOTES = re.compile("[\"'`´\u05f3\u05f4\u2018-\u201f\u2032\u2033\u2035\u2036\u02b9-\u02bc\uff02\uff07]")
_DASHES = "-\u05be\u2010-\u2015\u2212\u2043\ufe58\ufe63\uff0d"
_DASH = re.compile(f"[{_DASHES}]")
_COMPOUND = re.compile(rf"\w+(?:[{_DASHES}]\w+)+")
# A word consists of letters and digits; a number may have points between its digits and a percent sign at its end.
_WORD = re.compile(r"\d+(?:\.\d+)+%?|\d+%|[^\W_]+")
_TRACKING = ("utm_", "gclid", "fbclid", "msclkid")


def clean(text: str, limit: int) -> str:
    """Return the text on one line, without invisible or control characters, at most `limit` characters long."""
    if not (text.isascii() and text.isprintable()):  # most text of a file is, and needs less work
        text = _UNPRINTABLE.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", text)))
    return " ".join(text.split())[:limit].rstrip()


def without_marks(text: str) -> str:
    """Return the text without invisible characters, such as the right-to-left mark."""
    return text if text.isascii() else _INVISIBLE.sub("", text)


def unpointed(text: str) -> str:
    """Return the text without vowel points and invisible characters."""
    return text if text.isascii() else _NIQQUD.sub("", _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)))


def clean_paragraphs(text: str, limit: int) -> str:
    """Return the text cleaned line by line; of several blank lines one stays."""
    lines = [clean(line, limit) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()[:limit].rstrip()


def is_plain(text: str) -> bool:
    """Whether the text has no character that `clean` removes: control characters, invisible ones, surrogates."""
    return not _UNPRINTABLE.search(text) and not _INVISIBLE.search(text)


def words(text: str) -> list[str]:
    """Return the words of a text, folded for comparison.

    Letter case, compatibility forms, niqqud, quotation marks, dashes and spaces make no difference: `ק"ג`, `ק״ג` and
    `קג` are one word, `Coca-Cola` and `coca cola` the same two.
    """
    if text.isascii():
        return _WORD.findall(_QUOTES.sub("", text.lower()))
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text).casefold())
    return _WORD.findall(_QUOTES.sub("", _NIQQUD.sub("", text)))


def folded(text: str, limit: int) -> str:
    """Return the words as one string with a space at each end, so that ` word ` finds whole words; else empty."""
    joined = " ".join(words(text))[: limit - 2].rstrip()
    return f" {joined} " if joined else ""


def compounds(text: str) -> list[str]:
    """Return the words that dashes join as one word each, folded: `cocacola` for `Coca-Cola`."""
    if not _DASH.search(text):
        return []
    found = _COMPOUND.findall(_QUOTES.sub("", text))
    return [word for compound in found for word in words(_DASH.sub("", compound))]


def web_address(text: str) -> str:
    """Return an http or https address percent-encoded, its host in ASCII; empty if the text is no such address."""
    text = text.strip()
    if text[:4].lower() != "http":  # most text is no address, and needs no more
        return ""
    try:
        host = urlsplit(text).hostname or ""
        if not host.isascii():
            # The first match is the host: only the scheme stands before it, or a user name, which is refused below.
            text = re.sub(re.escape(host), host.encode("idna").decode(), text, count=1, flags=re.IGNORECASE)
        text = quote(text, safe="%/:?#[]@!$&'()*+,;=~-._", errors="ignore")
        parts = urlsplit(text)
        if parts.scheme.lower() in ("http", "https") and parts.hostname and not parts.username:
            parts.port  # noqa: B018 - raises ValueError for a port that is no number
            return text
    except ValueError:  # no address, or no valid host
        pass
    return ""


def address_key(address: str) -> str:
    """Return a digest to look up an address by; empty if the text is no address.

    Scheme, a leading `www.`, percent-encoding, a final slash, the fragment and tracking parameters make no difference.
    """
    if not (address := web_address(address)):
        return ""
    parts = urlsplit(address)
    host = parts.netloc.lower().removeprefix("www.")
    query = urlencode(
        [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not pair[0].lower().startswith(_TRACKING)]
    )
    path = unicodedata.normalize("NFC", unquote(parts.path)).rstrip("/")
    return blake2b(f"{host}{path}?{query}".encode(), digest_size=16).hexdigest()
