"""Stepping through JSON an entry at a time, without ever holding the whole file."""

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import IO, Any

from django.utils.translation import gettext as _

from catalog.feeds.records import Unreadable

_SPACE = re.compile(r"[ \t\r\n]*")
# Where products stand: at the outside, and in what wraps them.
_LISTS = ("products", "items")
_WRAPPED = "products"
_DEEPEST = 4
_PIECE = 65_536
_LONGEST_ENTRY = 8 * 1024 * 1024
# Numbers become Decimal whatever they are, NaN and Infinity too: rows are refused by their price, not files by a word.
DECODER = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal, parse_constant=Decimal)


class Walk:
    """Steps through the lists of products in a text."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._text, self._at, self._line = "", 0, 1
        self.found = False

    def elements(self) -> Iterator[tuple[int, Any]]:
        """Yield each element with the line on which it begins.

        Raises:
            Unreadable: If this is not JSON, holds no list of products, or holds an entry of more than 8 MB.
        """
        try:
            self._pass_space()
            if self._sees("{"):
                yield from self._object(0)
            elif self._sees("["):
                yield from self._list()
            if not self._at_end():
                raise self._wrong(_("something follows its end"))
        except json.JSONDecodeError as error:
            line = self._line + self._text.count("\n", 0, error.pos)
            raise self._not_json(line, error.msg) from None
        except (RecursionError, MemoryError):
            raise Unreadable(_("The file is nested too deeply.")) from None
        if not self.found:
            raise Unreadable(_("The file holds no list of products."), fix=_("It needs a list, bare or as “products”."))

    def _object(self, depth: int) -> Iterator[tuple[int, Any]]:
        for name in self._entries("}", self._name):
            if self._sees("[") and (name == _WRAPPED or (depth == 0 and name in _LISTS)):
                yield from self._list()
            elif self._sees("{") and depth < _DEEPEST:
                yield from self._object(depth + 1)
            else:
                self._value()

    def _list(self) -> Iterator[tuple[int, Any]]:
        self.found = True
        for line in self._entries("]", self._line_here):
            yield line, self._value()

    def _entries(self, end: str, begin: Callable[[], Any]) -> Iterator[Any]:
        """Yield at each entry of the list or object that begins here; the consumer takes the entry's value."""
        self._take(self._text[self._at])
        more = not self._sees(end)
        while more:
            yield begin()
            if more := self._sees(","):
                self._take(",")
        self._take(end)

    def _line_here(self) -> int:
        return self._line + self._text.count("\n", 0, self._at)

    def _name(self) -> str:
        if not self._sees('"'):
            raise self._wrong(_("a name in quotation marks is missing"))
        name = str(self._value())
        self._take(":")
        return name

    def _value(self) -> Any:
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                # Perhaps the rest has only not been read yet; an error far from the end stays one.
                cut = error.pos >= len(self._text) - 16 or error.msg.startswith("Unterminated string")
                if not (cut and self._read_on()):
                    raise
                continue
            # A number at the end of what was read may go on behind it.
            if end == len(self._text) and self._read_on():
                continue
            self._at = end
            self._pass_space()
            return value

    def _sees(self, sign: str) -> bool:
        return not self._at_end() and self._text[self._at] == sign

    def _take(self, sign: str) -> None:
        if not self._sees(sign):
            raise self._wrong(_("“%(sign)s” is missing") % {"sign": sign})
        self._at += 1
        self._pass_space()

    def _pass_space(self) -> None:
        while True:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text) or not self._read_on():
                return

    def _at_end(self) -> bool:
        return self._at >= len(self._text) and not self._read_on()

    def _read_on(self) -> bool:
        """Drop what is behind, read as much again as is ahead; False at the end of the file."""
        ahead = self._text[self._at :]
        if len(ahead) > _LONGEST_ENTRY:
            raise Unreadable(_("The file holds an entry of more than 8 MB."))
        piece = self._stream.read(max(_PIECE, len(ahead)))
        if not piece:
            return False
        self._line += self._text.count("\n", 0, self._at)
        self._text, self._at = ahead + piece, 0
        return True

    def _wrong(self, reason: str) -> Unreadable:
        return self._not_json(self._line_here(), reason)

    @staticmethod
    def _not_json(line: int, reason: str) -> Unreadable:
        return Unreadable(_("Line %(line)d is not JSON: %(reason)s.") % {"line": line, "reason": reason})
