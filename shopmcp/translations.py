"""Translations: Babel compiles Django's catalogues, so that the gettext programs are not needed."""

import tempfile
from collections.abc import Collection, Generator, Mapping
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from django.conf import settings


def compile_translations() -> list[Path]:
    """Compile each `locale/*/LC_MESSAGES/django.po` that is newer than its `.mo`, and return those."""
    return [po for po in catalogues() if _compile(po)]


def catalogues() -> list[Path]:
    return sorted(po for folder in settings.LOCALE_PATHS for po in Path(folder).glob("*/LC_MESSAGES/django.po"))


def extract_template(
    file: IO[bytes], keywords: Mapping[str, Any], tags: Collection[str], options: Mapping[str, Any]
) -> Generator[tuple[int, Any, list[str], str | None], None, None]:
    """Extract messages of a Django template for Babel (see pyproject.toml): `templatize` makes it Python code."""
    from babel.messages.extract import extract_python  # noqa: PLC0415 - as in `_compile`
    from django.utils.translation.template import templatize  # noqa: PLC0415

    # Without the template's indentation, which Python would read as blocks.
    flat = "\n".join(line.lstrip() for line in templatize(file.read().decode()).split("\n"))
    yield from extract_python(BytesIO(flat.encode()), keywords, tags, {"encoding": "utf-8"})


def _compile(po: Path) -> bool:
    mo = po.with_suffix(".mo")
    if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
        return False
    from babel.messages.mofile import write_mo  # noqa: PLC0415 - a start that has nothing to compile loads none of it
    from babel.messages.pofile import read_po  # noqa: PLC0415

    # Replaced atomically: a process that starts now reads the old file or the new one.
    with po.open("rb") as file, tempfile.NamedTemporaryFile(dir=po.parent, prefix=".django", delete=False) as draft:
        write_mo(draft, read_po(file, abort_invalid=True))
    Path(draft.name).chmod(0o644)
    Path(draft.name).replace(mo)
    return True
