"""Products as JSON: a list of objects, bare or inside an object as `products` or `items`."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from catalog.feeds.records import Record, Refused, Unreadable, named_fields

_SPACE = re.compile(r"[ \t\r\n]*")
_LISTS = ("products", "items")
# Numbers become Decimal whatever they are, NaN and Infinity too: rows are refused by their price, not files by a word.
_DECODER = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal, parse_constant=Decimal)
# The scraper that wrote these files knows products by the number at the end of their address.
_WEFT_SKU = re.compile(r"(i[0-9]{1,20})/?(?:[?#].*)?$")


def is_json(text: str) -> bool:
    return text.lstrip().startswith(("[", "{"))


def is_weft(text: str) -> bool:
    """Whether the first product has an address that ends in its number, and no id of its own."""
    if not is_json(text):
        return False
    try:
        first = next(read_objects(text), None)
    except Unreadable:
        return False
    if not isinstance(first, Record) or "sku" in first.fields:
        return False
    url = first.fields.get("url")
    return isinstance(url, str) and _WEFT_SKU.search(url) is not None


def read_objects(text: str) -> Iterator[Record | Refused]:
    """Yield the objects of the list, refusing entries that are none.

    Raises:
        Unreadable: If the text is not JSON, or holds no list of products.
    """
    try:
        for line, value in _Walk(text).elements():
            if isinstance(value, dict):
                yield Record(line, named_fields(value))
            else:
                yield Refused(line, _("it is not an object"))
    except json.JSONDecodeError as error:
        raise Unreadable(
            _("Line %(line)d is not JSON: %(reason)s.") % {"line": error.lineno, "reason": error.msg}
        ) from None
    except RecursionError:
        raise Unreadable(_("The file is nested too deeply.")) from None


def read_weft(text: str) -> Iterator[Record | Refused]:
    """Yield the objects, each with the `i<number>` at the end of its address for a SKU."""
    for record in read_objects(text):
        if isinstance(record, Refused):
            yield record
        elif found := _WEFT_SKU.search(str(record.fields.get("url", ""))):
            yield Record(record.line, {**record.fields, "sku": found[1]})
        else:
            yield Refused(record.line, _("its address does not end in a number such as i281"))


@dataclass
class _Walk:
    """Steps through the outermost list one element at a time, so that each has its line."""

    text: str
    at: int = 0

    def elements(self) -> Iterator[tuple[int, Any]]:
        self._pass_space()
        found = False
        if self._sees("{"):
            for name in self._entries("}", self._name):
                if name in _LISTS and not found and self._sees("["):
                    found = True
                    yield from self._lines()
                else:
                    self._value()
        elif self._sees("["):
            found = True
            yield from self._lines()
        if self.at != len(self.text):
            raise json.JSONDecodeError("something follows its end", self.text, self.at)
        if not found:
            raise Unreadable(_("The file holds no list of products."), fix=_("It needs a list, bare or as “products”."))

    def _lines(self) -> Iterator[tuple[int, Any]]:
        line, counted = 1, 0
        for start in self._entries("]", lambda: self.at):
            line, counted = line + self.text.count("\n", counted, start), start
            yield line, self._value()

    def _entries(self, end: str, begin: Callable[[], Any]) -> Iterator[Any]:
        """Yield at each entry of the list or object that begins here; the consumer takes the entry's value."""
        self._take(self.text[self.at])
        more = not self._sees(end)
        while more:
            yield begin()
            if more := self._sees(","):
                self._take(",")
        self._take(end)

    def _name(self) -> str:
        if not self._sees('"'):
            raise json.JSONDecodeError("a name in quotation marks is missing", self.text, self.at)
        name = str(self._value())
        self._take(":")
        return name

    def _value(self) -> Any:
        value, self.at = _DECODER.raw_decode(self.text, self.at)
        self._pass_space()
        return value

    def _sees(self, sign: str) -> bool:
        return self.text.startswith(sign, self.at)

    def _take(self, sign: str) -> None:
        if not self._sees(sign):
            raise json.JSONDecodeError(f"“{sign}” is missing", self.text, self.at)
        self.at += 1
        self._pass_space()

    def _pass_space(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at
