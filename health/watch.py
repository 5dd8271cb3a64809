"""The watch over database and disk: its alarms leave directly, because both may keep the outbox from being written."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalog.models import Store
from health import database
from outbox.alarms import DirectAlarms

EVERY: Final = 15.0  # seconds
# The kind of each alarm, its subject, and its text.
_ALARMS: Final[dict[str, tuple[str, Promise, Promise]]] = {
    database.DISK_FULL: (
        "disk_low",
        _("The shop's disk is almost full"),
        _("New carts are refused before old ones cannot be changed any more. Free some space on the disk soon."),
    ),
    database.AWAY: (
        "database_away",
        _("The shop's database does not answer"),
        _("Chats can neither see nor change their carts. What was confirmed to them is not lost."),
    ),
    database.READ_ONLY: (
        "database_read_only",
        _("The shop's database takes no changes"),
        _("Chats can look at products, but cannot change their carts: the database or its disk is read-only."),
    ),
    database.LOCKED: (
        "database_locked",
        _("The shop's database is locked"),
        _("Chats cannot change their carts, because a program holds a lock on the database."),
    ),
    database.NOT_WRITABLE: (
        "database_not_writable",
        _("The shop's database takes no changes"),
        _("Chats cannot change their carts. The shop's log tells the error."),
    ),
}


class Watch:
    """Looks at the shop's health, and sends an alarm for what two looks in a row have found.

    Args:
        reasons: Returns why the shop is not healthy.
        lock: A file. Of all processes that name it, one watches, so that an alarm is not sent by each of them.
    """

    def __init__(self, reasons: Callable[[], Sequence[str]], lock: Path, *, alarms: DirectAlarms | None = None) -> None:
        self._reasons = reasons
        self._lock = lock
        self._held: int | None = None
        self._alarms = alarms or DirectAlarms()
        self._before: Sequence[str] = ()
        # The owner's language, kept for the time without a database.
        self._language = settings.LANGUAGE_CODE

    def look(self) -> None:
        """Look once."""
        if not self._is_mine():
            return
        reasons = self._reasons()
        if database.AWAY not in reasons:
            self._language = Store.objects.oldest_first().values_list("language", flat=True).first() or self._language
        with translation.override(self._language):
            for reason in reasons:
                if reason in self._before and reason in _ALARMS:
                    kind, subject, text = _ALARMS[reason]
                    self._alarms.send(kind, str(subject), str(text))
        self._before = reasons

    def _is_mine(self) -> bool:
        if self._held is None:
            # A disk that is full or read-only may have no room for the lock: then every process watches.
            with suppress(OSError):
                held = os.open(self._lock, os.O_CREAT | os.O_RDWR, 0o600)
                try:
                    flock(held, LOCK_EX | LOCK_NB)
                except BlockingIOError:
                    os.close(held)
                    return False
                self._held = held
        return True
