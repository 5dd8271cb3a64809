"""Amounts as people write them, and whether a point or a comma stands before the decimals.

A cell such as `1.200` does not say which of the two it is; the other cells of the file do.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

_PLAIN = re.compile(r"-?(?:[0-9]+\.?|[0-9]*\.[0-9]+)")
_POINT = re.compile(r"-?([0-9]*)\.([0-9]+)")
_COMMA = re.compile(r"-?([0-9]*),([0-9]+)")
# Groups of three digits, by space or apostrophe, comma, or point; then decimals after the other sign.
_SPACED = re.compile(r"-?[0-9]{1,3}(?:([ '])[0-9]{3})(?:\1[0-9]{3})*(?:([.,])[0-9]+)?")
# In India thousands are grouped by three digits, and what is above them by two.
_BY_COMMA = re.compile(r"-?[1-9][0-9]{0,2}(?:(?:,[0-9]{3})+|(?:,[0-9]{2})+,[0-9]{3})(\.[0-9]+)?")
_BY_POINT = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{3})+(,[0-9]+)?")
# The digits and signs of Arabic, Persian and Hindi, and other apostrophes and dashes, as those that are read here.
WESTERN = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९٫٬’−", "012345678901234567890123456789.,'-")
_SEPARATORS = re.compile("[, '.]")


class Sign(Enum):
    """What a point or a comma with three digits behind it is."""

    DECIMAL = "decimal"
    GROUP = "group"
    UNCLEAR = "unclear"


@dataclass
class Evidence:
    """How often the cells of a file show what their signs mean.

    Attributes:
        point, comma: Cells in which the sign can only stand before decimals.
        many_point, many_comma: Those that have other than one or two decimals, so that three are no surprise.
        groups_point, groups_comma: Cells in which the sign can only group thousands.
        open_point, open_comma: Cells such as `1.200` and `1,200`.
        doubtful_comma: Those with an open comma in a currency at whose home a comma stands before decimals.
        example: One with an open point, or else with a doubtful comma.
    """

    point: int = 0
    comma: int = 0
    many_point: int = 0
    many_comma: int = 0
    groups_point: int = 0
    groups_comma: int = 0
    open_point: int = 0
    open_comma: int = 0
    doubtful_comma: int = 0
    example: str = ""

    def point_is(self) -> Sign | None:
        """What an open point is; None if nothing in the file says it."""
        if not self.open_point:
            return Sign.DECIMAL
        grouping = self.comma or self.groups_point
        decimal = self.point or self.groups_comma
        if grouping:
            return Sign.UNCLEAR if decimal else Sign.GROUP
        if decimal:
            return Sign.DECIMAL if self.many_point else Sign.UNCLEAR
        return None

    def groups_by_point(self) -> bool:
        """Whether commas stand before decimals, and no point does."""
        return bool(self.comma or self.groups_point) and not (self.point or self.groups_comma)

    def comma_is(self) -> Sign | None:
        """What an open comma is; None if nothing in the file says it.

        It is that of English thousands, unless other cells have decimals behind a comma or the currency may have them.
        """
        if not self.open_comma:
            return Sign.GROUP
        grouping = self.point or self.groups_comma
        if self.comma or self.groups_point:
            return Sign.DECIMAL if self.many_comma and not grouping else Sign.UNCLEAR
        return None if self.doubtful_comma and not grouping else Sign.GROUP


@dataclass(frozen=True, slots=True)
class Style:
    """What the signs are; `only` is the owner's word for the sign before decimals."""

    point: Sign = Sign.DECIMAL
    comma: Sign = Sign.GROUP
    only: str = ""


class Unclear(ValueError):
    """Thousands or decimals: the cell can be read in two ways."""


def amount_of(written: str, style: Style, evidence: Evidence | None = None) -> Decimal | None:
    """Return the amount of `9.90`, `.5`, `9,90`, `1,234.50`, `1.234,50` and `1 234,50`; None if it is none.

    Raises:
        Unclear: If a point or comma may be either, and the style does not say which.
    """
    if written.isdecimal() and written.isascii():
        return Decimal(written)
    if _PLAIN.fullmatch(written):
        return _with_point(written, style, evidence)
    if found := _SPACED.fullmatch(written):
        _note(evidence, "comma" if found[2] == "," else "point", found[2] is not None)
        return _unless(_denied(found[2], style), written, found[2] or ".")
    if found := _BY_POINT.fullmatch(written):
        _note(evidence, "comma" if found[1] else "groups_point")
        return _unless(style.only == ".", written, ",")
    return _with_comma(written, style, evidence)


def _with_comma(written: str, style: Style, evidence: Evidence | None) -> Decimal | None:
    if found := _BY_COMMA.fullmatch(written):
        if not found[1] and written.count(",") == 1:
            return _open(written, ",", style.comma, style.only, evidence)
        _note(evidence, "point" if found[1] else "groups_comma")
        return _unless(style.only == ",", written, ".")
    if found := _COMMA.fullmatch(written):
        _note(evidence, "comma")
        _note(evidence, "many_comma", len(found[2]) > 2)
        return _unless(style.only == ".", written, ",")
    return None


def _unless(denied: bool, written: str, decimal: str) -> Decimal | None:
    return None if denied else _number(written, decimal)


def _with_point(written: str, style: Style, evidence: Evidence | None) -> Decimal | None:
    found = _POINT.fullmatch(written)
    if found is None:
        return Decimal(written)
    whole, decimals = found.groups()
    if len(decimals) == 3 and 0 < len(whole) < 4 and whole[0] != "0":
        return _open(written, ".", style.point, style.only, evidence)
    _note(evidence, "point")
    _note(evidence, "many_point", len(decimals) > 2)
    return None if style.only == "," else Decimal(written)


def _open(written: str, sign: str, meant: Sign, only: str, evidence: Evidence | None) -> Decimal | None:
    if evidence is not None and not only:
        if sign == ".":
            evidence.open_point += 1
            evidence.example = evidence.example or written
        else:
            evidence.open_comma += 1
    if only:
        meant = Sign.DECIMAL if only == sign else Sign.GROUP
    if meant is Sign.UNCLEAR:
        raise Unclear
    return _number(written, sign if meant is Sign.DECIMAL else "")


def _note(evidence: Evidence | None, kind: str, counts: bool = True) -> None:
    if evidence is not None and counts:
        setattr(evidence, kind, getattr(evidence, kind) + 1)


def _denied(sign: str | None, style: Style) -> bool:
    return bool(sign and style.only and sign != style.only)


def _number(written: str, decimal: str) -> Decimal:
    """The amount, with this sign before the decimals; all other signs group."""
    whole, _sign, decimals = written.partition(decimal) if decimal else (written, "", "")
    return Decimal(f"{_SEPARATORS.sub('', whole) or '0'}.{decimals or '0'}")
