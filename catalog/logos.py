"""Logos of stores: what an upload may be, and the PNG that is kept of it."""

from io import BytesIO
from typing import Final

from django.utils.translation import gettext

from shopmcp.errors import ShopError

LARGEST: Final = 5 * 1024 * 1024  # bytes of an upload
MOST_PIXELS: Final = 4096 * 4096
SIDE: Final = 512  # pixels of the longer side of what is kept
# No SVG: it is a document with scripts and links, which no re-encoding makes an image.
FORMATS: Final = ("PNG", "JPEG", "WEBP")


def png_of(content: bytes) -> tuple[bytes, int, int]:
    """Return an uploaded image as a PNG of at most SIDE pixels each way, without its metadata; and width and height.

    Raises:
        ShopError: If it is too large, damaged, or in another format.
    """
    from PIL import Image, ImageOps  # noqa: PLC0415 - no chat needs it, and few pages do

    if len(content) > LARGEST:
        raise _too_large()
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as image:
            # Only its head is read so far.
            if image.width * image.height > MOST_PIXELS:
                raise _too_large()
            shown = ImageOps.exif_transpose(image).convert("RGBA")
        shown.thumbnail((SIDE, SIDE))
        to = BytesIO()
        shown.save(to, "PNG", optimize=True)
    except Image.DecompressionBombError:
        raise _too_large() from None
    # Pillow has no base class for what damaged files raise.
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, MemoryError):
        raise ShopError(
            gettext("This is no image that can be read."), fix=gettext("Upload a PNG, JPEG or WebP file.")
        ) from None
    return to.getvalue(), shown.width, shown.height


def _too_large() -> ShopError:
    return ShopError(
        gettext("The image is too large."),
        fix=gettext("Upload one of at most 5 MB and 4096 × 4096 pixels."),
    )
