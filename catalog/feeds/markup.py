"""Product feeds in XML: RSS and Atom as Google Merchant takes them, and plain lists of products."""

import re
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from django.utils.translation import gettext as _

from catalog.feeds.records import Entry, Record, Unreadable, named_fields
from catalog.feeds.source import Source

_ENTRIES = {"item", "entry", "product"}
_PIECE = 65_536
_LONGEST_FIELD = 100_000
_MOST_FIELDS = 200
_BEGIN = re.compile(r"\s*(<\?xml|<rss|<feed|<products?\b|<items?\b|<channel|<!--)", re.IGNORECASE)


def is_xml(source: Source) -> bool:
    return _BEGIN.match(source.head) is not None


def read_xml(source: Source) -> Iterator[Entry]:
    """Yield a record per `item`, `entry` or `product`.

    Names count without their namespace. A document type is refused as a whole: that is where entities are declared,
    and no feed needs one.

    Raises:
        Unreadable: If this is not XML, or holds no such element.
    """
    parser = _Parser()
    found = False
    with source.open() as stream:
        while piece := stream.read(_PIECE):
            for record in parser.feed(piece, final=False):
                found = True
                yield record
        for record in parser.feed("", final=True):
            found = True
            yield record
    if not found:
        raise Unreadable(_("The file holds no products."), fix=_("It needs elements called item, entry or product."))


class _Parser:
    """Collects the values of one entry at a time; what lies deeper than its own elements is passed over."""

    def __init__(self) -> None:
        # The text is decoded already, whatever the declaration says.
        self._expat = expat.ParserCreate(encoding="utf-8")
        self._expat.buffer_text = True
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._characters
        self._expat.StartDoctypeDeclHandler = self._refuse
        self._expat.EntityDeclHandler = self._refuse
        self._depth = 0
        self._entry_depth: int | None = None
        self._line = 0
        self._fields: dict[str, Any] = {}
        self._name = ""
        self._pieces: list[str] = []
        self._length = 0
        self._done: list[Record] = []

    def feed(self, piece: str, *, final: bool) -> list[Record]:
        # Half characters and what XML knows no way to write are no text; expat would take the bytes for an attack.
        try:
            self._expat.Parse(piece.encode("utf-8", errors="replace"), final)
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
        self._depth += 1
        plain = name.rpartition(":")[2].lower()
        if self._entry_depth is None:
            if plain in _ENTRIES:
                self._entry_depth, self._line = self._depth, self._expat.CurrentLineNumber
                self._fields = {}
        elif self._depth == self._entry_depth + 1:
            self._name, self._pieces, self._length = plain, [], 0
            # Atom's links say where they lead in an attribute, and have kinds.
            if plain == "link" and attributes.get("rel", "alternate") == "alternate" and attributes.get("href"):
                self._keep("link", attributes["href"])

    def _characters(self, text: str) -> None:
        if self._entry_depth is not None and self._name and self._length < _LONGEST_FIELD:
            # Inside a value only its own text counts, and markup that stands there unescaped.
            self._pieces.append(text)
            self._length += len(text)

    def _end(self, name: str) -> None:
        if self._entry_depth is not None:
            if self._depth == self._entry_depth + 1 and self._name:
                self._keep(self._name, "".join(self._pieces))
                self._name = ""
            elif self._depth == self._entry_depth:
                self._done.append(Record(self._line, named_fields(self._fields)))
                self._entry_depth = None
        self._depth -= 1

    def _keep(self, name: str, value: str) -> None:
        """The first of several values counts: pictures and categories come in the order of their weight."""
        if value.strip() and len(self._fields) < _MOST_FIELDS:
            self._fields.setdefault(name, value.strip())
