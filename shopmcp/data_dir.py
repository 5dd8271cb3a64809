"""The data folder: the generated secret key and the address served last, kept through power cuts and to their owner."""

import os
import secrets
import sqlite3
import tempfile
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

from shopmcp.db.outcome import Unsettled
from shopmcp.db.waiting import may_read_on
from shopmcp.env import MAKE_A_KEY, origin

# Its time is that of the last backup.
_BACKED_UP = "last-backup"
SQLITE = "django.db.backends.sqlite3"
# Of SQLite's machine, some ten milliseconds: what is shorter never asks whether its time is up.
_STEPS = 1_000_000


def secret_key(file: Path, database: Mapping[str, Any]) -> str:
    """Return the key kept in the file. Where there is none, and no cart yet, make one.

    Args:
        file: Where the key is kept.
        database: The settings of the database that may hold carts.

    Raises:
        ImproperlyConfigured: If there is no key beside carts, or the file cannot be read or made.
    """
    key, fault = _kept(file)
    if key:
        return key
    try:
        with locked(file.parent):
            key, fault = _kept(file)  # another process may have made it meanwhile
            if not key:
                _refuse_beside_carts(file, fault, database)
                key = get_random_secret_key()
                write(file, key)
            return key
    except OSError as error:
        raise ImproperlyConfigured(
            f"SECRET_KEY is not set, and the one kept in {file} cannot be used: {error.strerror}."
        ) from None


def notify_secret(file: Path) -> str:
    """Return the secret that signs webhooks, kept in the file; make one if there is none.

    Raises:
        ImproperlyConfigured: If the file cannot be read or made.
    """
    try:
        with locked(file.parent):
            secret, _fault = _kept(file)
            if not secret:
                secret = f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"
                write(file, secret)
            return secret
    except OSError as error:
        raise ImproperlyConfigured(
            f"SHOPMCP_NOTIFY_SECRET is not set, and the one kept in {file} cannot be used: {error.strerror}."
        ) from None


def kept_key(file: Path) -> str:
    """Return the key in the file; empty if it holds none."""
    return _kept(file)[0]


def last_address(file: Path) -> str:
    """The address that `serve` listened on last, so that other commands can name it; the usual one before that."""
    try:
        return origin(file.read_text().strip())
    except (OSError, ValueError):
        return "http://127.0.0.1:8000"


def note_backup(folder: Path) -> None:
    """Remember in the data folder that the shop was backed up now, where that can be written."""
    with suppress(OSError):  # the backup is good without the note
        write(folder / _BACKED_UP, "")


def last_backup(folder: Path) -> datetime | None:
    """Return when `manage.py backup` last wrote a file, wherever to; None if it did not yet."""
    try:
        return datetime.fromtimestamp((folder / _BACKED_UP).stat().st_mtime, UTC)
    except OSError:
        return None


def write(file: Path, text: str) -> None:
    """Replace the file, for its owner alone; after a power cut it holds this text or what it held before."""
    descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w") as new:
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink()
        raise
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names of its files to the disk: that of a new file is there only when the folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class PrivateConnection(sqlite3.Connection):
    """A connection of SQLite that makes the file, if there is none, for its owner alone.

    SQLite gives the files beside it, such as -wal, the same mode.
    """

    def __init__(self, database: str | Path, *args: Any, **options: Any) -> None:
        if not str(database).startswith((":memory:", "file:")):
            # A file that exists must not be opened here: closing it again would free SQLite's own locks on it.
            with suppress(OSError):
                os.close(os.open(database, os.O_CREAT | os.O_EXCL, 0o600))
        super().__init__(database, *args, **options)
        self.set_progress_handler(lambda: not may_read_on(), _STEPS)

    def commit(self) -> None:
        """Commit.

        Raises:
            Unsettled: If the disk failed when all was written: a crash may bring the change back.
        """
        try:
            super().commit()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_IOERR_FSYNC:
                raise Unsettled("the disk failed at a COMMIT") from error
            raise


def exposed(folder: Path, database: Mapping[str, Any]) -> list[Path]:
    """The files of the shop that other users of this machine can read or write: the database and the key."""
    files = [folder / "secret_key", folder / "notify_secret"]
    if database["ENGINE"] == SQLITE:
        files += [Path(f"{database['NAME']}{ending}") for ending in ("", "-wal", "-shm", "-journal")]
    return [file for file in files if file.is_file() and file.stat().st_mode & 0o077]


def close_to_others(file: Path) -> bool:
    """Let the file's owner alone read it; whether that was allowed."""
    try:
        file.chmod(file.stat().st_mode & 0o700)
    except OSError:
        return False
    return True


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let processes of this machine that share the folder take turns."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        flock(descriptor, LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _kept(file: Path) -> tuple[str, str]:
    """Return the key in the file, and what is wrong with the file if it holds none."""
    try:
        key = file.read_text().strip()
    except FileNotFoundError:
        return "", "does not exist"
    except OSError as error:
        return "", f"cannot be read ({error.strerror})"
    except UnicodeDecodeError:
        return "", "is damaged"
    # Some file systems show a file of NULs after a power cut.
    return ("", "is damaged") if "\0" in key else (key, "is empty")


def _refuse_beside_carts(file: Path, fault: str, database: Mapping[str, Any]) -> None:
    try:
        if not _holds_carts(database):
            return
        state = "holds carts"
    except Exception as error:  # noqa: BLE001 - any driver's, without loading those that are not used
        # Of a new shop, the first command that needs the database tells its fault.
        if fault == "does not exist":
            return
        state = f"cannot be asked for carts ({' '.join(str(error).split())})"
    raise ImproperlyConfigured(
        f"SECRET_KEY is not set, the file {file} that should hold it {fault}, and the database {state}. "
        f"If there is a backup of the key, put it into that file. Without it the carts, cart_ids, links and sign-ins "
        f"that were made with it can never be opened again; to go on all the same, write a new key into the file: "
        f"{MAKE_A_KEY} > '{file}'"
    )


def _holds_carts(database: Mapping[str, Any]) -> bool:
    """Ask the driver itself: Django's connections need the settings, which are being read just now."""
    if database["ENGINE"] == SQLITE:
        file = Path(database["NAME"]).absolute()
        if not file.exists():
            return False
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True)) as connection:
            tables = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'carts_session'").fetchone()
            return bool(tables and connection.execute("SELECT 1 FROM carts_session LIMIT 1").fetchone())
    import psycopg  # noqa: PLC0415 - slow to load, and seldom needed here

    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    given = {ours: database.get(name) for name, ours in names.items()} | dict(database.get("OPTIONS", {}))
    known = {option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults()}
    address = {"connect_timeout": 5} | {name: value for name, value in given.items() if name in known and value}
    with psycopg.connect(**address) as connection:
        tables = connection.execute("SELECT to_regclass('carts_session')").fetchone()
        return bool(tables and tables[0] and connection.execute("SELECT 1 FROM carts_session LIMIT 1").fetchone())
