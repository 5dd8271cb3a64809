"""A product file as text: unpacked and decoded, one piece at a time."""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _

from catalog.feeds.encodings import Unknown, encoding_of
from catalog.feeds.foreign import refuse_foreign
from catalog.feeds.names import Naming
from catalog.feeds.options import FeedOptions
from catalog.feeds.records import Unreadable

LARGEST_FILE = 100 * 1024 * 1024
# The limit of a packed file's content.
LARGEST_TEXT = 512 * 1024 * 1024
_PIECE = 1024 * 1024
_HEAD = 65_536
# Those of UTF-32 first: one of them begins as one of UTF-16 does.
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
# Only encodings that contain ASCII: the declaration itself was read as ASCII.
_DECLARABLE = re.compile(
    r"utf-?8|us-ascii|iso-?8859-\d+|windows-125\d|cp125\d|koi8-[ru]|(?:ibm|cp)8(?:62|66)|gb2312|gbk|gb18030|big5"
    r"|shift[-_]jis|euc-jp|euc-kr",
    re.IGNORECASE,
)
# What these names mean in files: the larger encodings that begin with them.
_LARGER = {
    "utf8": "utf-8", "us-ascii": "utf-8", "gb2312": "gb18030", "gbk": "gb18030", "shift_jis": "cp932",
    "shift-jis": "cp932", "euc-kr": "cp949",
}  # fmt: skip
# The name of such an encoding is kept for later imports, and a shop may change to UTF-8.
_ONE_BYTE = {f"cp125{n}" for n in range(9)} | {f"iso8859-{n}" for n in range(1, 17)} | {"koi8-r", "cp862", "cp866"}
_ZERO = re.compile(rb"\x00")


@dataclass(frozen=True, slots=True)
class Source:
    """A file that can be opened any number of times; `head` is the beginning of its text.

    With `damaged`, a few bytes of it are no text; they are read as U+FFFD, and cost their rows or cells.
    `naming` collects the names of its columns while it is read.
    """

    path: Path
    name: str
    packed: bool
    encoding: str
    head: str
    options: FeedOptions = field(default_factory=FeedOptions)
    naming: Naming = field(default_factory=Naming)
    damaged: bool = False

    @contextmanager
    def open(self) -> Iterator[IO[str]]:
        """Open the text, with line ends unchanged; reading raises `Unreadable` if the file is damaged."""
        with (
            _telling(self.name),
            _bytes_of(self.path, self.packed) as raw,
            _text_of(raw, self.encoding, self.damaged) as text,
        ):
            yield text


def open_source(path: Path, name: str = "", options: FeedOptions | None = None) -> Source:
    """Return the file with its encoding: the given one, or found by its BOM, its XML declaration, or its bytes.

    Raises:
        Unreadable: If it cannot be opened or decoded, is empty, or is larger than 100 MB, 512 MB unpacked.
    """
    name, options = name or path.name, options or FeedOptions()
    with _telling(name):
        if not path.is_file():
            raise Unreadable(_("There is no file %(file)s.") % {"file": path})
        if path.stat().st_size > LARGEST_FILE:
            raise Unreadable(_("%(file)s is larger than 100 MB.") % {"file": name})
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with _bytes_of(path, packed) as raw:
            refuse_foreign(raw.read(_HEAD), name)
        encoding, damaged = _encoding(path, packed, name, options.encoding)
        with _bytes_of(path, packed) as raw, _text_of(raw, encoding, damaged) as text:
            head = text.read(_HEAD)
    if not head.strip():
        raise Unreadable(_("%(file)s is empty.") % {"file": name})
    return Source(path, name, packed, encoding, head, options, Naming(options.mapped), damaged)


def _text_of(raw: IO[bytes], encoding: str, damaged: bool) -> io.TextIOWrapper:
    return io.TextIOWrapper(raw, encoding=encoding, errors="replace" if damaged else "strict", newline="")


def beginning_of(path: Path) -> bytes:
    """Return the first bytes of a file's content; empty if it cannot be read."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with _bytes_of(path, packed) as raw:
            return raw.read(_HEAD)
    except (OSError, EOFError, zlib.error, Unreadable):
        return b""


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


def _encoding(path: Path, packed: bool, name: str, given: str) -> tuple[str, bool]:
    """The encoding, and whether a few bytes are damaged.

    Reads the whole file once, so that a file that cannot be decoded is refused before any entry is used.
    """
    with _bytes_of(path, packed) as raw:
        begin = raw.read(_HEAD)
    found = next((encoding for mark, encoding in _BOMS if begin.startswith(mark)), "")
    if not found and not given and begin.count(0) * 5 > len(begin):
        # UTF-16 without a BOM: ASCII characters have one zero byte; its place gives the byte order.
        found = "utf-16-le" if begin[1::2].count(0) >= begin[0::2].count(0) else "utf-16-be"
    if not found and given in _ONE_BYTE and _is_utf8(path, packed):
        found = "utf-8"
    declared = _DECLARED.match(begin)
    if not found and not given and declared and _DECLARABLE.fullmatch(declared[1].decode("ascii")):
        found = declared[1].decode("ascii").lower()
        found = _LARGER.get(found, found)
    if found or given:
        try:
            _decode(path, packed, found or given)
        except UnicodeError:
            raise Unreadable(
                _("%(file)s is not text in %(encoding)s.") % {"file": name, "encoding": found or given},
                fix=_("Save it as UTF-8, or name its encoding with --encoding."),
            ) from None
        return found or given, False
    try:
        _decode(path, packed, "utf-8")
    except UnicodeDecodeError as error:
        if _is_damaged(path, packed):
            return "utf-8", True
        return _code_page(path, packed, name, error), False
    return "utf-8", False


def _is_utf8(path: Path, packed: bool) -> bool:
    """Whether the text has more than ASCII and is UTF-8: text of another encoding with a byte a letter never is."""
    try:
        _decode(path, packed, "utf-8")
    except UnicodeDecodeError:
        return False
    return not all(piece.isascii() for piece in _pieces(path, packed))


def _is_damaged(path: Path, packed: bool) -> bool:
    """Whether nearly all of the text beyond ASCII is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    foreign = broken = 0
    for piece in _pieces(path, packed):
        if not piece.isascii():
            found = [sign for sign in decoder.decode(piece) if sign > "\x7f"]
            foreign, broken = foreign + len(found), broken + found.count("\ufffd")
    return foreign > 20 * broken


def _decode(path: Path, packed: bool, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    for piece in _pieces(path, packed):
        decoder.decode(piece)
    decoder.decode(b"", final=True)


def _code_page(path: Path, packed: bool, name: str, error: UnicodeDecodeError) -> str:
    if any(_ZERO.search(piece) for piece in _pieces(path, packed)):
        raise error  # not text
    try:
        found = encoding_of(_pieces(path, packed))
        _decode(path, packed, found)
    except (Unknown, UnicodeDecodeError) as reason:
        likely = reason.likely if isinstance(reason, Unknown) else []
        raise Unreadable(
            _("%(file)s is not UTF-8 text, and its encoding is not certain.") % {"file": name},
            fix=_("Save it as UTF-8, or name its encoding, such as --encoding %(encoding)s.")
            % {"encoding": _(" or ").join(likely[:4]) or "cp1252"},
        ) from None
    return found
