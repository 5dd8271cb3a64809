"""Product files: one reader per format, all yielding the same records.

A new format is one entry in `FORMATS`.
"""

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from catalog.feeds.delimited import is_table, read_table
from catalog.feeds.objects import is_json, is_weft, read_objects, read_weft
from catalog.feeds.records import Record, Refused, Unreadable

__all__ = ["FORMATS", "Format", "Record", "Refused", "Unreadable", "read_feed"]

LARGEST_FILE = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Format:
    """A format: whether a file's text looks like it, and how it is read.

    `read` yields records and refused lines, and raises `Unreadable` if the file as a whole makes no sense.
    """

    fits: Callable[[str], bool]
    read: Callable[[str], Iterator[Record | Refused]]


# Tried in this order for a file whose format is not given: the narrower first.
FORMATS = {
    "weft": Format(is_weft, read_weft),
    "json": Format(is_json, read_objects),
    "csv": Format(is_table, read_table),
}


def read_feed(file: Path, format_name: str = "auto") -> Iterator[Record | Refused]:
    """Yield what a product file holds, line by line.

    Raises:
        Unreadable: If the file cannot be opened or decoded, is larger than 100 MB, or fits no format.
    """
    text = _text(file)
    if format_name != "auto":
        return FORMATS[format_name].read(text)
    for known in FORMATS.values():
        if known.fits(text):
            return known.read(text)
    raise Unreadable(
        _("%(file)s is in none of the formats that can be read.") % {"file": file.name},
        fix=_("These can be: %(formats)s.") % {"formats": ", ".join(FORMATS)},
    )


def _text(file: Path) -> str:
    try:
        if not file.is_file():
            raise Unreadable(_("There is no file %(file)s.") % {"file": file})
        if file.stat().st_size > LARGEST_FILE:
            raise Unreadable(_("%(file)s is larger than 100 MB.") % {"file": file.name})
        raw = file.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Unreadable(_("%(file)s cannot be read: %(reason)s.") % {"file": file.name, "reason": reason}) from None
    # Spreadsheets save as UTF-16 under the name "Unicode text"; all else is UTF-8, with or without its mark.
    encoding = "utf-16" if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        raise Unreadable(_("%(file)s is not UTF-8 text.") % {"file": file.name}, fix=_("Save it as UTF-8.")) from None
    if not text.strip():
        raise Unreadable(_("%(file)s is empty.") % {"file": file.name})
    return text
