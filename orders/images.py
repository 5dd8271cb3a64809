"""Our own small copies of product images, for pages that must not lead their readers to other sites.

A copy is made when a page first asks for it: the image is downloaded as a feed is, from public addresses only, read by
Pillow within bounds, and kept on the disk as a JPEG. The oldest copies go when there are too many.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from random import random
from tempfile import NamedTemporaryFile, TemporaryDirectory
from threading import BoundedSemaphore
from time import time
from typing import Final

from django.conf import settings
from django.db import connection
from PIL import Image, ImageOps

from catalog.feeds import Unreadable
from catalog.imports.download import fetch_feed
from catalog.models.products import STATIC_IMAGE
from shopmcp import disk

SIDE: Final = 240  # pixels of the longer side
MOST_BYTES: Final = 200 * 1024 * 1024  # of all copies
MOST_FILES: Final = 50_000
LARGEST: Final = 10 * 1024 * 1024  # bytes of an image that is downloaded
MOST_PIXELS: Final = 40_000_000
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")
# An image that could not be read is tried again after so many seconds.
RETRY_AFTER: Final = 3600
_SECONDS: Final = 15.0
_FAILED: Final = ".none"
_PRUNED: Final = 0.02  # the chance that a new copy looks for old ones to delete
_downloads = BoundedSemaphore(4)


def key_of(image: str) -> str:
    """Return the name of an image's copy: it changes with the address. Empty for an image that needs no copy."""
    return "" if not image or image.startswith(STATIC_IMAGE) else sha256(image.encode()).hexdigest()[:24]


def is_new(image: str) -> bool:
    """Whether nothing is known of the image at this address: no copy, and no failure of the last hour."""
    kept = _folder() / f"{key_of(image)}.jpg"
    return not kept.exists() and not _failed_lately(kept)


def copy_of(image: str, *, wait: float = _SECONDS) -> bytes | None:
    """Return the copy of the image at this address as a JPEG, made now if there is none; None if it cannot be made.

    Args:
        wait: How many seconds it may take until one of the few downloads at once is free.
    """
    kept = _folder() / f"{key_of(image)}.jpg"
    with suppress(OSError):
        return kept.read_bytes()
    if _failed_lately(kept):
        return None
    if not connection.in_atomic_block:
        connection.close()  # others can use it while this waits for another site
    if not _downloads.acquire(timeout=wait):
        return None
    try:
        made = small(_downloaded(image))
    except Unreadable:
        made = None
    finally:
        _downloads.release()
    _keep(kept.with_suffix(_FAILED) if made is None else kept, made or b"")
    return made


def small(source: bytes) -> bytes:
    """Return an image as a JPEG of at most SIDE pixels each way, turned as its camera held it, without its metadata.

    Raises:
        Unreadable: If it is no image of a known format, damaged, or has too many pixels.
    """
    try:
        with Image.open(BytesIO(source), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Unreadable("too many pixels")
            image.draft("RGB", (SIDE, SIDE))  # a JPEG is decoded at a fraction of its size
            turned = ImageOps.exif_transpose(image)
            turned.thumbnail((SIDE, SIDE))
            opaque = Image.new("RGB", turned.size, "white")
            shown = turned.convert("RGBA")
            opaque.paste(shown, mask=shown.getchannel("A"))
    # Pillow has no base class for what damaged files raise.
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, MemoryError) as error:
        raise Unreadable("no image") from error
    except Image.DecompressionBombError as error:
        raise Unreadable("too many pixels") from error
    to = BytesIO()
    opaque.save(to, "JPEG", quality=80, optimize=True)
    return to.getvalue()


def prune(most: int = MOST_BYTES, files: int = MOST_FILES) -> None:
    """Delete the oldest copies, down to four fifths of so many bytes and files, if there are more."""
    found = []
    for file in _folder().glob("*.*"):
        with suppress(OSError):  # another process deletes too
            found.append((file.stat().st_mtime, file.stat().st_size, file))
    size = sum(each[1] for each in found)
    if size <= most and len(found) <= files:
        return
    left = len(found)
    for _, bytes_of, file in sorted(found, key=lambda each: each[0]):
        if size <= most * 4 // 5 and left <= files * 4 // 5:
            return
        file.unlink(missing_ok=True)
        size, left = size - bytes_of, left - 1


def _failed_lately(kept: Path) -> bool:
    with suppress(OSError):
        return time() - kept.with_suffix(_FAILED).stat().st_mtime < RETRY_AFTER
    return False


def _folder() -> Path:
    folder = Path(settings.DATA_DIR) / "images"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _downloaded(image: str) -> bytes:
    # Many feeds name images without TLS that their servers have with it.
    address = f"https://{image.removeprefix('http://')}" if image.startswith("http://") else image
    with TemporaryDirectory(dir=_folder()) as place:
        fetched = fetch_feed(address, Path(place), None, _bounded, seconds=_SECONDS)
        if fetched.path is None:
            raise Unreadable("no image")
        return fetched.path.read_bytes()


def _bounded(pieces: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > LARGEST:
            raise Unreadable("too large")
        yield piece


def _keep(file: Path, content: bytes) -> None:
    """Write the file; without it the copy is made again, so a full disk is no fault."""
    if disk.is_low():
        return
    with suppress(OSError):
        with NamedTemporaryFile(dir=file.parent, suffix=".draft", delete=False) as draft:
            draft.write(content)
        Path(draft.name).replace(file)
    if random() < _PRUNED:
        prune()
