"""Translations: compiling the catalogues that Django reads, and finding the sentences they must hold.

Babel does both, so that neither a shop nor its tests need the gettext programs.
"""

import os
import re
import tempfile
from collections.abc import Collection, Generator, Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation.template import templatize

# What `make messages` reads, and with which of Babel's methods; pyproject.toml tells pybabel the same.
METHODS = [("**/templates/**.html", "shopmcp.translations:extract_template"), ("**.py", "python")]
# Django's names beside those that Babel knows; the Makefile names them too.
KEYWORDS = {**DEFAULT_KEYWORDS, "gettext_lazy": None, "ngettext_lazy": (1, 2)}
IGNORED_FOLDERS = {"tests", "migrations", "node_modules", "var", "static"}


def compile_translations() -> list[Path]:
    """Compile each `locale/*/LC_MESSAGES/django.po` that is newer than its `.mo`, and return those."""
    return [po for po in catalogues() if _compile(po)]


def catalogues() -> list[Path]:
    return sorted(po for folder in settings.LOCALE_PATHS for po in Path(folder).glob("*/LC_MESSAGES/django.po"))


def incomplete(po: Path) -> list[str]:
    """What the catalogue still owes its readers, one sentence each: missing, empty or doubtful messages."""
    catalogue = read_catalogue(po)
    faults = []
    for key, where in sorted(messages_in(settings.BASE_DIR).items(), key=lambda item: item[1]):
        message = catalogue.get(key[0], context=key[1])
        if message is None:
            faults.append(f"{where}: {key[0]!r} is missing; run `make messages`.")
        elif message.fuzzy:
            faults.append(f"{where}: {key[0]!r} is marked fuzzy.")
        elif not all(message.string if isinstance(message.string, tuple) else (message.string,)):
            faults.append(f"{where}: {key[0]!r} is not translated.")
        elif wrong := [str(error) for error in message.check(catalogue)] or _left_out(message):
            faults.append(f"{where}: {key[0]!r} is translated wrongly: {', '.join(wrong)}.")
    return faults


def messages_in(folder: Path) -> dict[tuple[str | tuple[str, ...], str | None], str]:
    """Each translatable message under the folder with its context, and the first place that says it."""
    found: dict[tuple[str | tuple[str, ...], str | None], str] = {}
    messages = extract_from_dir(folder, METHODS, keywords=KEYWORDS, directory_filter=_is_source)
    for name, line, message, _comments, context in messages:
        found.setdefault((message, context), f"{name}:{line}")
    return found


def read_catalogue(po: Path) -> Catalog:
    with po.open("rb") as file:
        return read_po(file, abort_invalid=True)


def extract_template(
    file: IO[bytes], keywords: Mapping[str, Any], tags: Collection[str], options: Mapping[str, Any]
) -> Generator[tuple[int, Any, list[str], str | None], None, None]:
    """Babel's method for Django templates: Django itself turns one into Python calls, line for line."""
    source = templatize(file.read().decode())
    # Its filler keeps the template's indentation, which Python would take for blocks.
    flat = "\n".join(_without_filler(line) for line in source.split("\n"))
    yield from extract_python(BytesIO(flat.encode()), keywords, tags, {"encoding": "utf-8"})


def _without_filler(line: str) -> str:
    calls: Iterable[re.Match[str]] = re.finditer(
        r"""\b(?:n?p?gettext|_)\((?:[^()"']|u?"(?:[^"\\]|\\.)*"|u?'(?:[^'\\]|\\.)*')*\)""", line
    )
    return "; ".join(call[0] for call in calls)


def _left_out(message: Message) -> list[str]:
    """The names that code fills in and the translation does not show; "one item" may do without its number."""
    if not isinstance(message.id, str) or not isinstance(message.string, str):
        return []
    names = re.findall(r"%\(\w+\)|\{\w+\}", message.id)
    return [f"{name} is left out" for name in names if name not in message.string]


def _is_source(folder: str | os.PathLike[str]) -> bool:
    name = Path(folder).name
    return not name.startswith((".", "_")) and name not in IGNORED_FOLDERS


def _compile(po: Path) -> bool:
    mo = po.with_suffix(".mo")
    if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
        return False
    # Written aside and moved into place: a process that starts meanwhile reads the old one or the new one.
    with tempfile.NamedTemporaryFile(dir=po.parent, prefix=".django", suffix=".mo", delete=False) as draft:
        write_mo(draft, read_catalogue(po))
    Path(draft.name).chmod(0o644)
    Path(draft.name).replace(mo)
    return True
