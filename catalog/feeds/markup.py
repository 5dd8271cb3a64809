"""Product feeds in XML: RSS and Atom as Google Merchant takes them, and plain lists of products.

lxml is no alternative: it refuses prefixes that are not declared, miscounts lines beyond 65,535, and keeps a tree that
grows with an entry. expat keeps nothing and is faster.
"""

import re
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from django.utils.translation import gettext as _

from catalog.feeds.mending import Mending
from catalog.feeds.names import Naming
from catalog.feeds.records import FeedEntry, Record, Unreadable
from catalog.feeds.source import Source

_ENTRIES = {"item", "entry", "product"}
_GOOGLE = ("http://base.google.com/", "https://base.google.com/")
_PIECE = 65_536
# One more than a description may have, so that it is noticed that its end was left out.
_LONGEST_FIELD = 100_001
_MOST_FIELDS = 200
_BEGIN = re.compile(r"\s*(<\?xml|<rss|<feed|<products?\b|<items?\b|<channel|<!--)", re.IGNORECASE)


def is_xml(source: Source) -> bool:
    return _BEGIN.match(source.head) is not None


def read_xml(source: Source) -> Iterator[FeedEntry]:
    """Yield a record per `item`, `entry` or `product`. Names count without their namespace, Google's before others.

    A file with a document type is refused: a document type may declare entities, and no feed needs one.
    """
    parser = _Parser(source.naming)
    found = False
    with source.open() as stream:
        more = True
        while more:
            piece = stream.read(_PIECE)
            more = bool(piece)
            for record in parser.feed(piece):
                found = True
                yield record
    if not found:
        raise Unreadable(_("The file holds no products."), fix=_("It needs elements called item, entry or product."))


class _Parser:
    """Collects the values of one entry at a time, each with the text of the markup inside it."""

    def __init__(self, naming: Naming) -> None:
        self._naming = naming
        self._mending = Mending()
        # The prefixes of Google's names: Atom's own `id` is no SKU.
        self._googles = {"g"}
        self._by_google: set[str] = set()
        # The text is decoded already, whatever the declaration says.
        self._expat = expat.ParserCreate(encoding="utf-8")
        self._expat.buffer_text = True
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._characters
        self._expat.StartDoctypeDeclHandler = self._refuse
        # 0 outside entries, 1 in an entry, 2 in one of its values, more in markup inside a value.
        self._depth = 0
        self._line = 0
        self._fields: dict[str, Any] = {}
        self._name, self._is_google = "", False
        self._pieces: list[str] = []
        self._length = 0
        self._done: list[Record] = []

    def feed(self, piece: str) -> list[Record]:
        """Return the entries that end in this piece of the text; "" ends the text."""
        try:
            # expat takes lone surrogates for an attack.
            self._expat.Parse(self._mending.mend(piece).encode("utf-8", errors="replace"), not piece)
        except expat.ExpatError as error:
            raise Unreadable(
                _("Line %(line)d is not XML: %(reason)s.")
                % {"line": error.lineno, "reason": expat.ErrorString(error.code)}
            ) from None
        done, self._done = self._done, []
        return done

    def _refuse(self, *_args: Any) -> None:
        raise Unreadable(
            _("The file declares a document type, which no product feed needs and which is not read."),
            fix=_("Save it without its <!DOCTYPE …>."),
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        prefix, _colon, plain = name.lower().rpartition(":")
        for attribute, value in attributes.items() if not self._depth else ():
            if attribute.startswith("xmlns:") and value.startswith(_GOOGLE):
                self._googles.add(attribute[6:].lower())
        if self._depth or plain in _ENTRIES:
            self._depth += 1
        if self._depth == 1:
            self._line, self._fields, self._by_google = self._expat.CurrentLineNumber, {}, set()
        elif self._depth == 2:
            self._name, self._pieces, self._length = plain, [], 0
            self._is_google = prefix in self._googles
            # Atom gives the address in an attribute, and links of several kinds.
            if plain == "link" and attributes.get("rel", "alternate") == "alternate":
                self._keep(attributes.get("href", ""))

    def _characters(self, text: str) -> None:
        if self._depth > 1 and self._length < _LONGEST_FIELD:
            self._pieces.append(text[: _LONGEST_FIELD - self._length])
            self._length += len(text)

    def _end(self, _name: str) -> None:
        if self._depth == 2:
            self._keep("".join(self._pieces))
        elif self._depth == 1:
            self._done.append(Record(self._line, self._naming.fields(self._fields)))
        if self._depth:
            self._depth -= 1

    def _keep(self, value: str) -> None:
        """Keep the first of several values: pictures and categories come in the order of their weight."""
        if not (value := value.strip()) or len(self._fields) >= _MOST_FIELDS:
            return
        if self._is_google and self._name not in self._by_google:
            self._by_google.add(self._name)
            self._fields[self._name] = value
        else:
            self._fields.setdefault(self._name, value)
