"""The file of a backup: a zip with one file of JSON lines for each table, and a manifest."""

import hmac
import io
import secrets
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Self
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import BaseModel, Field, ValidationError

from catalog.search.rebuild import Progress
from maintenance.snapshot import Migration, Snapshot, Unknown
from maintenance.tables import Sum, Table, batches
from shopmcp.errors import ShopError

FORMAT = 1
_MANIFEST, _KEY = "manifest.json", "secret_key"
# Higher levels take several times as long for files that are a tenth smaller.
_LEVEL = 1
_MOST_SMALL = 1_000_000


class Damaged(ShopError):
    """A file that is no backup, or not all of one."""

    code = "damaged_backup"


class Stored(BaseModel):
    """What a backup holds of a table."""

    rows: int
    digest: str
    columns: list[str]
    last_key: int

    @property
    def sum(self) -> Sum:
        return Sum(self.rows, self.digest)


class Manifest(BaseModel):
    """What a backup holds.

    Attributes:
        marks: One for each secret key that the shop used, the current one first: see `mark_of`.
    """

    format: int = FORMAT
    made_at: datetime
    database: str
    migrations: list[Migration]
    tables: dict[str, Stored]
    salt: str
    marks: list[str] = Field(min_length=1)

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


def write(file: IO[bytes], contents: Snapshot, key: str, progress: Progress) -> Manifest:
    """Write a backup and return its manifest.

    Args:
        key: The generated secret key; empty to leave it out.
    """
    salt = secrets.token_hex(16)
    known = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    manifest = Manifest(
        made_at=timezone.now(),
        database=contents.database.vendor,
        migrations=contents.migrations,
        tables={},
        salt=salt,
        marks=[mark_of(secret, salt) for secret in known],
    )
    with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for table in progress(contents.tables, _("Backup"), len(contents.tables)):
            manifest.tables[table.name] = _write_table(archive, contents, table)
        if key:
            archive.writestr(_member(_KEY), key)
        archive.writestr(_member(_MANIFEST), manifest.model_dump_json(indent=1))
    return manifest


def _write_table(archive: ZipFile, contents: Snapshot, table: Table) -> Stored:
    found = Sum()
    with archive.open(_member(_file_of(table.name)), "w", force_zip64=True) as member:
        for batch in batches(found.over(contents.lines(table))):
            member.write(b"".join(batch))
    last_key = contents.last_key(table)
    return Stored(rows=found.rows, digest=found.digest, columns=table.columns, last_key=last_key)


class Archive:
    """A backup that is being read; its reads raise `Damaged`."""

    def __init__(self, archive: ZipFile, manifest: Manifest) -> None:
        self._archive, self.manifest = archive, manifest

    @classmethod
    @contextmanager
    def open(cls, file: Path) -> Iterator[Self]:
        """Open a backup.

        Raises:
            Damaged: If it is none, or not all of one.
            Unknown: If it has a format that this version does not know.
            OSError: If it cannot be read.
        """
        with _intact(file), ZipFile(file) as archive:
            if any(member.flag_bits & 1 for member in archive.infolist()):
                raise BadZipFile("it is encrypted")
            manifest = Manifest.model_validate_json(_small(archive, _MANIFEST))
            if manifest.format != FORMAT:
                raise Unknown(
                    _("A newer version of the shop made %(file)s.") % {"file": file},
                    fix=_("Update the shop first."),
                )
            yield cls(archive, manifest)

    @property
    def migrations(self) -> Sequence[Migration]:
        return self.manifest.migrations

    @property
    def secret_key(self) -> str:
        """The generated key; empty if the backup holds none."""
        return _small(self._archive, _KEY).decode() if _KEY in self._archive.namelist() else ""

    def check(self) -> None:
        """Read everything once.

        Raises:
            Damaged: If the rows of a table are not those that were written.
        """
        for name in self.manifest.tables:
            deque(self._lines(name), maxlen=0)

    def lines(self, table: Table) -> Iterator[bytes]:
        """Yield the rows of a table.

        Raises:
            Damaged: If they are not those that were written.
        """
        if self.manifest.tables[table.name].columns != table.columns:
            raise _other_rows(table.name)
        return self._lines(table.name)

    def _lines(self, name: str) -> Iterator[bytes]:
        found = Sum()
        with self._archive.open(_file_of(name)) as member:
            yield from found.over(io.BufferedReader(member, 1 << 18))  # type: ignore[type-var]
        if found != self.manifest.tables[name].sum:
            raise _other_rows(name)

    def last_key(self, table: Table) -> int:
        return self.manifest.tables[table.name].last_key


def _small(archive: ZipFile, name: str) -> bytes:
    """Read a member that is small in each real backup, so that a made-up one cannot fill the memory."""
    if archive.getinfo(name).file_size > _MOST_SMALL:
        raise BadZipFile(f"{name} is too large")
    return archive.read(name)


def mark_of(key: str, salt: str) -> str:
    """Return what tells whether a key is the same, without telling the key."""
    return hmac.digest(key.encode(), f"shopmcp backup {salt}".encode(), "sha256").hex()


def _file_of(table: str) -> str:
    return f"tables/{table}.jsonl"


def _other_rows(table: str) -> Damaged:
    return Damaged(
        _("The backup is damaged: the rows of %(table)s are not those that were written.") % {"table": table},
        fix=_("Use another backup."),
    )


def _member(name: str) -> ZipInfo:
    member = ZipInfo(name)
    member.compress_type = ZIP_DEFLATED
    member.external_attr = 0o600 << 16
    return member


@contextmanager
def _intact(file: Path) -> Iterator[None]:
    try:
        yield
    # The last two come from a file that is packed in an unknown way, or no text.
    except (BadZipFile, zlib.error, EOFError, KeyError, ValidationError, NotImplementedError, UnicodeError) as error:
        raise Damaged(
            _("%(file)s is not a backup of a shop, or is damaged: %(reason)s")
            % {"file": file, "reason": str(error).partition("\n")[0]},
            fix=_("Use another backup."),
        ) from None
