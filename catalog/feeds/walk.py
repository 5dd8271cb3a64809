"""JSON read one entry at a time, without holding the whole file.

ijson is no alternative: it refuses NaN, gives no line numbers, and is slower where it gets one line at a time.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import IO, Any

from django.utils.translation import gettext as _

from catalog.feeds.records import Unreadable

_NO_SPACE = re.compile(r"[^ \t\r\n]")
# Names of a list of products: in the outermost object, and in objects inside it.
_LISTS = ("products", "items", "data", "results", "value", "@graph", "itemListElement")
_WRAPPED = ("products", "productVariants")
# Of such an object, the lists that may stand for it.
_CONNECTED = ("nodes", "edges", "items")
_HOLDING = (*_WRAPPED, "search")
_DEEPEST = 4
_PIECE = 65_536
_LONGEST_ENTRY = 8 * 1024 * 1024
# NaN and Infinity become Decimal too: they refuse a row by its price, not the whole file.
DECODER = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal, parse_constant=Decimal)


class Walk:
    """Steps through the lists of products in a text."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._text, self._at, self._line = "", 0, 1
        self._found = False

    def elements(self) -> Iterator[tuple[int, Any]]:
        """Yield each element with the line on which it begins."""
        try:
            if (sign := self._peek()) == "{":
                yield from self._object(0)
            elif sign == "[":
                yield from self._list()
            if self._peek():
                raise self._wrong(_("something follows its end"))
        except json.JSONDecodeError as error:
            raise not_json(self._line + error.lineno - 1, error) from None
        except (RecursionError, MemoryError):
            raise Unreadable(_("The file is nested too deeply.")) from None
        if not self._found:
            raise Unreadable(_("The file holds no list of products."), fix=_("It needs a list, bare or as “products”."))

    def _object(self, depth: int, *, of: str = "") -> Iterator[tuple[int, Any]]:
        for _line in self._entries("}"):
            if self._peek() != '"':
                raise self._wrong(_("a name in quotation marks is missing"))
            name = self._value()
            self._take(":")
            sign = self._peek()
            if sign == "[" and _is_list(name, depth, of):
                yield from self._list()
            elif sign == "{" and depth < _DEEPEST:
                yield from self._object(depth + 1, of=name)
            else:
                self._value()

    def _list(self) -> Iterator[tuple[int, Any]]:
        self._found = True
        for line in self._entries("]"):
            yield line, self._value()

    def _entries(self, end: str) -> Iterator[int]:
        """Yield the line of each entry of the list or object that begins here; the consumer reads the entry."""
        self._at += 1
        more = self._peek() != end
        while more:
            self._peek()
            yield self._line + self._text.count("\n", 0, self._at)
            if more := self._peek() == ",":
                self._at += 1
        self._take(end)

    def _value(self) -> Any:
        while True:
            self._peek()
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                # Near the end of the text that was read, the value may only be cut off.
                cut = error.pos >= len(self._text) - 16 or error.msg.startswith("Unterminated string")
                if not (cut and self._read_on()):
                    raise
            else:
                # A number at the end of the text that was read may have more digits.
                if end < len(self._text) or not self._read_on():
                    self._at = end
                    return value

    def _take(self, sign: str) -> None:
        if self._peek() != sign:
            raise self._wrong(_("“%(sign)s” is missing") % {"sign": sign})
        self._at += 1

    def _peek(self) -> str:
        """Pass over white space and return the sign behind it, or "" at the end of the file."""
        while not (found := _NO_SPACE.search(self._text, self._at)):
            self._at = len(self._text)
            if not self._read_on():
                return ""
        self._at = found.start()
        return found[0]

    def _read_on(self) -> bool:
        """Drop the text that was read, and read as much again as is left; False at the end of the file."""
        ahead = self._text[self._at :]
        if len(ahead) > _LONGEST_ENTRY:
            raise Unreadable(_("The file holds an entry of more than 8 MB."))
        piece = self._stream.read(max(_PIECE, len(ahead)))
        if not piece:
            return False
        self._line += self._text.count("\n", 0, self._at)
        self._text, self._at = ahead + piece, 0
        return True

    def _wrong(self, reason: str) -> json.JSONDecodeError:
        return json.JSONDecodeError(reason, self._text, self._at)


def _is_list(name: str, depth: int, of: str) -> bool:
    """Whether a list of that name, in an object of that name, is one of products."""
    return name in _WRAPPED or (depth == 0 and name in _LISTS) or (of in _HOLDING and name in _CONNECTED)


def not_json(line: int, error: json.JSONDecodeError) -> Unreadable:
    return Unreadable(_("Line %(line)d is not JSON: %(reason)s.") % {"line": line, "reason": error.msg})
