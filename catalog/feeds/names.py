"""The names of columns in files, and the shop's fields that they stand for."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from catalog.feeds.field_names import BEHIND_PRICES, NAMES, PRICES, WITH
from catalog.feeds.option_names import OPTIONS
from catalog.feeds.visibility import state_of
from catalog.feeds.words import hides
from catalog.language.text import words

_PLACES = {
    "".join(words(name)): (rank, of)
    for of, names in reversed(NAMES.items())
    for rank, name in reversed([*enumerate(names)])
}
# Fields whose names may have “product” or “item” before them, or “is” before and a place behind them.
_PREFIXED = {
    "sku", "name", "description", "brand", "price", "sale_price", "stock", "available", "published", "hidden",
    "barcode", "image",
}  # fmt: skip
_PREFIX = re.compile(
    r"(?:product|item)?(?:is)?(.+?)(?:(?:in|on)(?:the)?(?:store|shop|storefront|website|webstore|site))?"
)
# One of several columns is enough to hide a product: a draft may well be “enabled”.
_HIDING = ("published", "hidden")
_FOREIGN = re.compile(r"metafield|attribute|channel|warehouse", re.IGNORECASE)
_NET = re.compile(
    r"exc?k?l|eks|escl|hors|sans|without|before|\bex\b|\bnett?o?\b|\bht\b|\bsin\b|\bsem\b|senza|utan|uden|\bбез\b|hariç|\bbez\b|zzgl|ohne|ללא|לפני",
    re.IGNORECASE,
)
_GROSS = re.compile(r"incl|\bwith\b|gross|\bttc\b|\bcon\b|\bcom\b|brutto|inkl|inclus|כולל", re.IGNORECASE)
# The column of the moment of publication; a product without one was never published.
MOMENT = "publishedat"
_MOST_SEEN = 300
_LAST = 1000  # the rank of names with a prefix


@lru_cache(maxsize=4096)
def spelled(name: str) -> str:
    """Return a column's name in lower case, without spaces, signs, the prefix `g:` and a remark in brackets.

    A remark about tax stays as `taxexcl` or `taxincl`. A metafield or an attribute has no spelling: whatever it is
    called, it is not the column of that name.
    """
    plain, _bracket, remark = name.strip().removeprefix("g:")[:200].partition("(")
    if _FOREIGN.search(remark):
        return ""
    tax = "taxexcl" if _NET.search(remark) else "taxincl" if _GROSS.search(remark) else ""
    return "".join(words(plain[:100])) + (tax if remark else "")


@lru_cache(maxsize=4096)
def _place(name: str) -> tuple[int, str] | None:
    """The field that a name stands for, with the name's rank among those of the field."""
    spelling = spelled(name)
    if spelling.endswith(("taxexcl", "taxincl")) and spelling not in _PLACES:
        plain, tax = spelling[:-7], spelling[-7:]
        rank, of = _PLACES.get(plain, (0, ""))
        if of in PRICES:
            return rank, "net_price" if tax == "taxexcl" else "gross_price"
        return (rank, of) if of else None
    if (place := _PLACES.get(spelling)) is None and (bare := _PREFIX.fullmatch(spelling)):
        place = _PLACES.get(bare[1])
        place = (place[0] + _LAST, place[1]) if place and place[1] in _PREFIXED else None
    if place is None and spelling:
        place = _price(name)
    if place is None and spelling and spelling not in OPTIONS and (state := state_of(name)) and state[1]:
        return 2 * _LAST, state[0]
    return place


def _price(name: str) -> tuple[int, str] | None:
    """The price that a heading such as `Preis inkl. MwSt.` or `Price USD` names."""
    found = words(name[:100].partition("(")[0])
    for end in range(len(found) - 1, 0, -1):
        place, rest = _PLACES.get("".join(found[:end])), found[end:]
        if place and place[1] in PRICES and BEHIND_PRICES.issuperset(rest):
            said = " ".join(rest)
            with_tax = _GROSS.search(said) or not WITH.isdisjoint(rest)
            return place[0], "net_price" if _NET.search(said) else "gross_price" if with_tax else place[1]
    return None


def field_of(name: str) -> str | None:
    """Return the shop's field for a name in a file, or None."""
    place = _place(name)
    return place[1] if place else None


@dataclass
class Naming:
    """Which names of one file stand for which fields.

    Attributes:
        mapped: The columns that the owner mapped, by field; an empty one means that no column holds the field.
        seen: The names in the file, in their order, each with whether it was read.
        held: The fields that a name stands for, each with the first such name.
    """

    mapped: Mapping[str, str] = field(default_factory=dict)
    seen: dict[str, bool] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)
    _places: dict[str, tuple[int, str] | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._of = {_compared(column): of for of, column in self.mapped.items() if column}
        # A price that the owner names is the price: columns with and before tax do not count beside it.
        self._closed = set(self.mapped) | (set(PRICES) if "price" in self.mapped else set())

    def place(self, name: str) -> tuple[int, str] | None:
        """Return the rank of a name and the field that it stands for, or None; options are `option:Size`."""
        try:
            return self._places[name]
        except KeyError:
            pass
        if of := self._of.get(_compared(name)):
            place: tuple[int, str] | None = (-1, of)
        elif (place := _place(name)) and place[1] in self._closed:
            place = None
        elif place is None and (option := OPTIONS.get(spelled(name))):
            place = (0, f"option:{option}")
        if len(self._places) < 4096:
            self._places[name] = place
        self.see(name, read=place is not None)
        if place:
            self.held.setdefault(place[1], name)
        return place

    def knows(self, name: str) -> bool:
        """Whether the name stands for a field; it does not count as seen."""
        return _compared(name) in self._of or field_of(name) is not None

    def unknown(self, heading: Sequence[str]) -> list[str]:
        """The columns that the owner mapped and that a table does not have."""
        names = set(map(_compared, heading))
        return [column for column in self.mapped.values() if column and _compared(column) not in names]

    def see(self, name: str, *, read: bool) -> None:
        """Note a name of the file, for the report."""
        if name.strip() and (name in self.seen or len(self.seen) < _MOST_SEEN):
            self.seen[name] = read or self.seen.get(name, False)

    def fields(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of known columns by the shop's own names; colour, size and the like go into `options`."""
        found: dict[str, tuple[int, Any]] = {}
        for name, value in values.items():
            if value is None and spelled(name) == MOMENT:
                found["published"] = (-1, False)
            if is_blank(value) or (place := self.place(name)) is None:
                continue
            rank, of = place
            if of in _HIDING and of in found:
                if hides(of, value) or (rank < found[of][0] and not hides(of, found[of][1])):
                    found[of] = (rank, value)
            elif of not in found or rank < found[of][0]:
                found[of] = (rank, value)
        return with_options({of: value for of, (_rank, value) in found.items()})

    def plan(self, heading: Sequence[str]) -> list[tuple[int, str]]:
        """Return the columns of a table that hold a field, the best of each field first."""
        places = ((self.place(name), column) for column, name in enumerate(heading))
        return [(column, of) for (_rank, of), column in sorted((p, column) for p, column in places if p)]

    def own(self, heading: Sequence[str], names: Mapping[str, Sequence[str]]) -> list[tuple[int, str]]:
        """Return the same for a format with names of its own, as `spelled` returns them."""
        found: list[tuple[int, str]] = []
        for of, spellings in names.items():
            if of in self.mapped:
                wanted = _compared(self.mapped[of])
                columns = [n for n, name in enumerate(heading) if wanted and _compared(name) == wanted]
            else:
                columns = [n for s in spellings for n, name in enumerate(heading) if name and spelled(name) == s]
            found.extend((column, of) for column in columns)
            if columns:
                self.held.setdefault(of, heading[columns[0]])
        read = {column for column, _of in found}
        for column, name in enumerate(heading):
            self.see(name, read=column in read)
        return found

    def hold(self, of: str, name: str) -> None:
        """Note that a column holds a field."""
        self.held.setdefault(of, name)
        self.see(name, read=True)

    def unread(self) -> Iterator[str]:
        """The names that were seen and not read."""
        return (name for name, read in self.seen.items() if not read)


def picked(plan: Sequence[tuple[int, str]], values: Sequence[str]) -> dict[str, str]:
    """Return the fields of a line by such a plan: of each the first value that is not blank; of some one that hides."""
    found: dict[str, str] = {}
    width = len(values)
    for column, of in plan:
        if column >= width or (of in found and of not in _HIDING):
            continue
        if (value := values[column]) and not value.isspace() and (of not in found or hides(of, value)):
            found[of] = value
    return found


def with_options(found: dict[str, Any]) -> dict[str, Any]:
    """Move `option:` fields into `options`, unless the file has a column for these."""
    options = {of[7:]: value for of, value in found.items() if of.startswith("option:") and isinstance(value, str)}
    if not options:
        return found
    rest = {of: value for of, value in found.items() if not of.startswith("option:")}
    return {"options": options, **rest}


def is_blank(value: Any) -> bool:
    """Whether a value is null, blank text, or an empty list or object."""
    return value is None or value in ("", [], {}) or (isinstance(value, str) and not value.strip())


def _compared(name: str) -> str:
    return " ".join(name.split()).casefold()
