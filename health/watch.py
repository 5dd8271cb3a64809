"""The watch over the shop: it tells the owner of what begins and of what has ended.

Alarms about the database and the disk leave directly, because both may keep the outbox from being written. All others
are messages of the outbox.
"""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from itertools import chain
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from catalog.models import Store
from health import database
from health.alarms import tell
from health.chats import chat_troubles
from health.first_hour import note_first_hour
from health.report import health_now
from health.troubles import Trouble
from outbox.alarms import DirectAlarms

EVERY: Final = 15.0  # seconds
_DIRECT: Final = (database.DISK_FULL, database.AWAY, database.READ_ONLY, database.LOCKED, database.NOT_WRITABLE)


class Watch:
    """Looks at the shop, and tells its owner.

    Args:
        reasons: Returns why the database or the disk is not healthy. What two looks in a row have found is told.
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
        if not reasons:
            note_first_hour()
        if settings.SHOPMCP_NOTIFY:
            self._tell(reasons)

    def _tell(self, reasons: Sequence[str]) -> None:
        if database.AWAY not in reasons:
            self._language = Store.objects.oldest_first().values_list("language", flat=True).first() or self._language
        with translation.override(self._language):
            self._tell_directly(reasons)
            if not reasons:
                found = chain(health_now().troubles, chat_troubles())
                tell(trouble for trouble in found if trouble.kind not in _DIRECT)
        self._before = reasons

    def _tell_directly(self, reasons: Sequence[str]) -> None:
        for kind in _DIRECT:
            trouble = Trouble(kind)
            if kind in reasons and kind in self._before:
                self._alarms.begin(kind, trouble.title, trouble.fix, state="begun", level=trouble.level)
            elif kind not in reasons and kind not in self._before and self._alarms.is_told(kind):
                over = _("Over: %(title)s") % {"title": trouble.title}
                self._alarms.end(kind, over, _("The shop works again."), state="ended")

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
