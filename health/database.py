"""Whether the database takes changes, found out by a write to one row."""

from collections.abc import Sequence
from typing import Final

from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone

from outbox.models import Pulse
from shopmcp.background import Renewed
from shopmcp.disk import Disk, folder, was_full_lately

AWAY: Final = "database_away"
DISK_FULL: Final = "disk_full"
READ_ONLY: Final = "read_only"
LOCKED: Final = "locked"
# For any other failure to write.
NOT_WRITABLE: Final = "not_writable"
_SQLSTATES: Final = {"53100": DISK_FULL, "25006": READ_ONLY, "55P03": LOCKED, "57014": LOCKED}
# Django keeps no code of SQLite's errors, only its words.
_WORDS: Final = {
    "is full": DISK_FULL,
    "readonly": READ_ONLY,
    "read-only": READ_ONLY,
    "is locked": LOCKED,
    "unable to open": AWAY,
}


def look() -> Sequence[str]:
    """Write to one row, with short time limits, and look at the disk; return what is wrong."""
    found = []
    if Disk(folder()).is_low or was_full_lately():
        found.append(DISK_FULL)
    try:
        _write()
    except (DatabaseError, InterfaceError) as error:
        found.append(_reason(error))
    return tuple(dict.fromkeys(found))


def _write() -> None:
    if connection.vendor == "sqlite":
        # Chats wait longer for the write lock than this may.
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 1000")
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '1s'; SET LOCAL statement_timeout = '2s'")
        if not Pulse.objects.filter(pk=1).update(at=timezone.now()):
            Pulse.objects.bulk_create([Pulse(pk=1)], ignore_conflicts=True)


def _reason(error: Exception) -> str:
    if code := getattr(error.__cause__, "sqlstate", None):
        # 08 and 57P: the connection broke, or the server is stopping or starting.
        return AWAY if code.startswith(("08", "57P")) else _SQLSTATES.get(code, NOT_WRITABLE)
    known = next((reason for words, reason in _WORDS.items() if words in str(error)), None)
    if known is not None:
        return known
    # An error of PostgreSQL without a code comes from the connection.
    return AWAY if connection.vendor == "postgresql" else NOT_WRITABLE


def reasons() -> Sequence[str]:
    """Return why the shop is not healthy, found out at most ten seconds ago; nothing if it is."""
    found = _newest.get()
    return (AWAY,) if found is None else found


# A database that is away is asked again soon: nothing is written to it.
_newest: Final = Renewed(look, every=lambda found: 1.0 if AWAY in found else 10.0)
