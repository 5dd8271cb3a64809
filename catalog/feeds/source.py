"""A product file as text: unpacked and decoded, one piece at a time."""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _

from catalog.feeds.foreign import refuse_foreign
from catalog.feeds.records import Unreadable

LARGEST_FILE = 100 * 1024 * 1024
# The limit of a packed file's content.
LARGEST_TEXT = 512 * 1024 * 1024
_PIECE = 1024 * 1024
_HEAD = 65_536
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
# Only encodings that contain ASCII: the declaration itself was read as ASCII.
_DECLARABLE = re.compile(r"utf-?8|us-ascii|iso-?8859-\d+|windows-125\d|cp125\d", re.IGNORECASE)
_HEBREW_RUN = re.compile(rb"[\xe0-\xfa]{2,}")
_LATIN_LETTER = re.compile(rb"[A-Za-z][\xc0-\xff]|[\xc0-\xff][A-Za-z]")


@dataclass(frozen=True, slots=True)
class Source:
    """A file that can be opened any number of times; `head` is the beginning of its text."""

    path: Path
    name: str
    packed: bool
    encoding: str
    head: str

    @contextmanager
    def open(self) -> Iterator[IO[str]]:
        """Open the text, with line ends unchanged; reading raises `Unreadable` if the file is damaged."""
        with (
            _telling(self.name),
            _bytes_of(self.path, self.packed) as raw,
            io.TextIOWrapper(raw, encoding=self.encoding, newline="") as text,
        ):
            yield text


def open_source(path: Path, name: str = "") -> Source:
    """Return the file with its encoding, found by its BOM, its XML declaration, or its bytes.

    Raises:
        Unreadable: If it cannot be opened or decoded, is empty, or is larger than 100 MB, 512 MB unpacked.
    """
    name = name or path.name
    with _telling(name):
        if not path.is_file():
            raise Unreadable(_("There is no file %(file)s.") % {"file": path})
        if path.stat().st_size > LARGEST_FILE:
            raise Unreadable(_("%(file)s is larger than 100 MB.") % {"file": name})
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with _bytes_of(path, packed) as raw:
            refuse_foreign(raw.read(_HEAD), name)
        encoding = _encoding(path, packed)
        with _bytes_of(path, packed) as raw, io.TextIOWrapper(raw, encoding=encoding, newline="") as text:
            head = text.read(_HEAD)
    if not head.strip():
        raise Unreadable(_("%(file)s is empty.") % {"file": name})
    return Source(path, name, packed, encoding, head)


@contextmanager
def _telling(name: str) -> Iterator[None]:
    """Turn errors of reading a file into `Unreadable`."""
    try:
        yield
    except UnicodeError:
        raise Unreadable(_("%(file)s is not UTF-8 text.") % {"file": name}, fix=_("Save it as UTF-8.")) from None
    except (gzip.BadGzipFile, zlib.error, EOFError):
        raise Unreadable(_("%(file)s is packed, and cannot be unpacked to its end.") % {"file": name}) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Unreadable(_("%(file)s cannot be read: %(reason)s.") % {"file": name, "reason": reason}) from None


class _Bounded(io.RawIOBase):
    """Reads from another stream up to a limit: a small packed file may unpack to any size."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream, self._left = stream, LARGEST_TEXT

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what BufferedReader passes
        piece = self._stream.read(len(buffer))
        self._left -= len(piece)
        if self._left < 0:
            raise Unreadable(_("The file unpacks to more than 512 MB."))
        buffer[: len(piece)] = piece
        return len(piece)


@contextmanager
def _bytes_of(path: Path, packed: bool) -> Iterator[io.BufferedReader]:
    with path.open("rb") as file:
        if not packed:
            yield file
        else:
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield io.BufferedReader(_Bounded(unpacked), _HEAD)


def _pieces(path: Path, packed: bool) -> Iterator[bytes]:
    with _bytes_of(path, packed) as raw:
        while piece := raw.read(_PIECE):
            yield piece


def _encoding(path: Path, packed: bool) -> str:
    """Reads the whole file once, so that a file that cannot be decoded is refused before any entry is used."""
    with _bytes_of(path, packed) as raw:
        begin = raw.read(_HEAD)
    found = next((encoding for mark, encoding in _BOMS if begin.startswith(mark)), "")
    if not found and begin.count(0) * 5 > len(begin):
        # UTF-16 without a BOM: ASCII characters have one zero byte; its place gives the byte order.
        found = "utf-16-le" if begin[1::2].count(0) >= begin[0::2].count(0) else "utf-16-be"
    declared = _DECLARED.match(begin)
    if not found and declared and _DECLARABLE.fullmatch(declared[1].decode("ascii")):
        found = declared[1].decode("ascii").lower()
        found = "utf-8" if found in ("utf8", "us-ascii", "ascii") else found
    if found:
        _decode(path, packed, found)
        return found
    try:
        _decode(path, packed, "utf-8")
    except UnicodeDecodeError:
        found = _code_page(path, packed)
        _decode(path, packed, found)
        return found
    return "utf-8"


def _decode(path: Path, packed: bool, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    for piece in _pieces(path, packed):
        decoder.decode(piece)
    decoder.decode(b"", final=True)


def _code_page(path: Path, packed: bool) -> str:
    """Windows-1255 or -1252: Hebrew letters follow each other, accented ones stand between plain letters."""
    hebrew = latin = 0
    for piece in _pieces(path, packed):
        hebrew += sum(len(run) for run in _HEBREW_RUN.findall(piece))
        latin += len(_LATIN_LETTER.findall(piece))
        if b"\x00" in piece:
            raise UnicodeError("binary")
    return "cp1255" if hebrew > latin else "cp1252"
