"""The options of an import, kept for the next one from the same source into the same store."""

import re
from hashlib import blake2b
from pathlib import Path

from catalog.feeds.options import FeedOptions
from catalog.feeds.source import beginning_of
from catalog.models import SourceOptions

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_DELIMITERS = (b",", b";", b"\t", b"|")


def source_of(file: Path | str, options: FeedOptions) -> str:
    """Return what stands for a source: a digest of its address, or of the set of its column names.

    The names count as bytes, because the encoding may be one of the options. A table without a heading counts by its
    number of columns, JSON and XML by their form.
    """
    return _digest(f"address {file}".encode()) if isinstance(file, str) else _digest(_described(file, options))


def with_kept(given: FeedOptions, slug: str, file: Path | str) -> FeedOptions:
    """Return the given options, and where they say nothing, those that were kept for this store and source."""
    sources = [source_of(file, given)]
    if isinstance(file, Path):
        sources.append(_digest(_headless(file)))
    kept = {row.source: row.options for row in SourceOptions.objects.filter(slug=slug, source__in=sources)}
    found = next((kept[source] for source in sources if source in kept), None)
    return given if found is None else given.over(FeedOptions.from_json(found))


def keep(options: FeedOptions, slug: str, file: Path | str, label: str) -> None:
    """Keep the options of an import that was published."""
    said, source = options.as_json(), source_of(file, options)
    if said:
        SourceOptions.objects.update_or_create(
            slug=slug, source=source, defaults={"label": label[:300], "options": said}
        )


def forget(slug: str, file: Path | str) -> None:
    """Forget what was kept for this store and source."""
    options = FeedOptions()
    sources = [source_of(file, options)]
    if isinstance(file, Path):
        sources.append(_digest(_headless(file)))
    SourceOptions.objects.filter(slug=slug, source__in=sources).delete()


def _described(file: Path, options: FeedOptions) -> bytes:
    if options.columns:
        return _headless(file)
    first = _first_line(file)
    if first[:1] in (b"{", b"["):
        return b"json"
    if first[:1] == b"<":
        return b"xml"
    return b"columns\n" + b"\n".join(sorted(set(_cells(first))))


def _headless(file: Path) -> bytes:
    return b"without heading, columns: %d" % len(_cells(_first_line(file)))


def _first_line(file: Path) -> bytes:
    begin = beginning_of(file)
    for mark, encoding in _BOMS:
        if begin.startswith(mark):
            begin = begin[len(mark) :].decode(encoding, errors="replace").encode()
            break
    return re.split(rb"[\r\n]", begin.lstrip(), maxsplit=1)[0]


def _cells(line: bytes) -> list[bytes]:
    delimiter = max(_DELIMITERS, key=line.count)
    return [cell.strip(b' "').lower() for cell in line.split(delimiter)]


def _digest(text: bytes) -> str:
    return blake2b(text, digest_size=32).hexdigest()
