"""Files that are often mistaken for product files: refused by kind, with what to do instead."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.feeds.records import Unreadable

_SAVE = gettext_lazy("Open it and save it as CSV (in Excel: “CSV UTF-8”), then import that file.")
_UNPACK = gettext_lazy("Unpack it, then import the product file that is in it.")
_EXPORT = gettext_lazy("Export the products from the shop as CSV, then import that file.")
_WORKBOOK = gettext_lazy("%(file)s is an Excel workbook.")
_ARCHIVE = gettext_lazy("%(file)s is an archive.")
_PICTURE = gettext_lazy("%(file)s is a picture.")
_PAGE = gettext_lazy("%(file)s is a web page.")
# What the first bytes of a ZIP file contain; the first match counts.
_INSIDE = (
    (
        b"application/vnd.oasis.opendocument.spreadsheet",
        gettext_lazy("%(file)s is an OpenDocument spreadsheet."),
        _SAVE,
    ),
    (b"xl/", _WORKBOOK, _SAVE),
    (b"Index/", gettext_lazy("%(file)s is a Numbers spreadsheet."), _SAVE),
    (b"", _ARCHIVE, _UNPACK),
)
_BEGINNINGS = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _WORKBOOK, _SAVE),
    (b"%PDF-", gettext_lazy("%(file)s is a PDF."), _EXPORT),
    *((mark, _PICTURE, _EXPORT) for mark in (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM6")),
    *((mark, _ARCHIVE, _UNPACK) for mark in (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\xfd7zXZ\x00", b"BZh9")),
)


def refuse_foreign(begin: bytes, name: str) -> None:
    """Raise `Unreadable` for a file that begins like a spreadsheet, an archive, a document, a picture or a web page."""
    kinds = _INSIDE if begin.startswith((b"PK\x03\x04", b"PK\x05\x06")) else _BEGINNINGS
    for mark, what, fix in kinds:
        if mark in begin if kinds is _INSIDE else begin.startswith(mark):
            raise Unreadable(what % {"file": name}, fix=str(fix))
    if begin.removeprefix(b"\xef\xbb\xbf").lstrip()[:20].lower().startswith((b"<!doctype html", b"<html")):
        raise Unreadable(
            _PAGE % {"file": name}, fix=_("Use the address of the feed itself, which shows no page in a browser.")
        )
