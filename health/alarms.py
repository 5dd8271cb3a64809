"""Telling the owner of troubles: once when one begins, and once when it has ended."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from health.models import Alarm
from health.troubles import Trouble
from outbox.alarms import send_alarm

# A trouble that comes back within this time has not ended.
SETTLED: Final = timedelta(minutes=5)
# Any number that nothing else in the database locks.
_TELLING: Final = 7_467_364


def tell(troubles: Iterable[Trouble]) -> None:
    """Tell of each trouble that is new, and of each earlier one that is gone.

    The alarms speak the current language, and are messages of the outbox. Several processes may call this at once.
    """
    if not settings.SHOPMCP_NOTIFY:
        return
    found = {(trouble.kind, trouble.subject): trouble for trouble in troubles}
    if not _has_changed(found.keys()):
        return
    with transaction.atomic():
        if connection.vendor == "postgresql":
            # Until the end of the transaction; SQLite has one writer at a time anyway.
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TELLING])
        now = timezone.now()
        told = {(alarm.kind, alarm.subject): alarm for alarm in Alarm.objects.all()}
        for key, trouble in sorted(found.items(), key=lambda item: item[1].place):
            if key not in told:
                _begin(trouble, now)
            elif told[key].gone_since is not None:
                Alarm.objects.filter(pk=told[key].pk).update(gone_since=None)
        for key, alarm in told.items():
            if key not in found:
                _end(alarm, now)


def send_test() -> None:
    """Write a test alarm to everybody who is told, in the current language."""
    send_alarm("test", _("A test of the shop's alarms"), _("Nothing is wrong. Alarms arrive here."), state="test")


def _has_changed(found: Iterable[tuple[str, str]]) -> bool:
    """Whether a trouble began, came back or has gone; one query, because that is rare."""
    told = {(kind, subject): gone for kind, subject, gone in Alarm.objects.values_list("kind", "subject", "gone_since")}
    return told.keys() != set(found) or any(told.values())


def _begin(trouble: Trouble, now: datetime) -> None:
    title = trouble.title
    Alarm.objects.create(kind=trouble.kind, subject=trouble.subject, title=title[:300], begun_at=now)
    send_alarm(trouble.kind, title, trouble.fix, state="begun", level=trouble.level, **trouble.facts)


def _end(alarm: Alarm, now: datetime) -> None:
    if alarm.gone_since is None or alarm.gone_since > now:
        Alarm.objects.filter(pk=alarm.pk).update(gone_since=now)
    elif now - alarm.gone_since >= SETTLED:
        alarm.delete()
        text = _("It began at %(time)s and is over.") % {"time": f"{timezone.localtime(alarm.begun_at):%Y-%m-%d %H:%M}"}
        send_alarm(alarm.kind, _("Over: %(title)s") % {"title": alarm.title}, text, state="ended")
