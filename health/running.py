"""What is wrong with the running of the shop: calls, messages, upkeep."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from analytics.models import Tally
from carts.models import CallRecord
from health import database
from health.troubles import Trouble
from outbox.models import Endpoint, Message
from outbox.services import KEPT
from shopmcp.db.workers import lanes

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
# A shop has customers each day if so many days of the week up to its last call had some.
_BUSY_DAYS: Final = 5
# A message is stuck if its tries have failed for so long, or if nobody tries it at all.
_FAILING_FOR, _UNTRIED_FOR = _HOUR, timedelta(minutes=10)
# A timer that runs each day may miss a few.
_CLEANED_WITHIN: Final = timedelta(days=3)


def running_troubles() -> Iterator[Trouble]:
    """Yield what is wrong beside the products; ten queries at most."""
    # Only a server has lanes. A command's own queries fail if the database does not answer.
    for reason in database.reasons() if lanes.started else ():
        yield Trouble(reason)
    now = timezone.now()
    yield from _message_troubles(now)
    yield from _silence(now)
    old_calls = CallRecord.objects.before(now - settings.SHOPMCP_KEEP_CALLS - _CLEANED_WITHIN)
    old_messages = Message.objects.written_before(now - KEPT - _CLEANED_WITHIN)
    if old_calls.exists() or old_messages.exists():
        yield Trouble("cleanup_late")
    if not own_migrations() <= MigrationRecorder(connection).applied_migrations().keys():
        yield Trouble("migrations_pending")


def _message_troubles(now: datetime) -> Iterator[Trouble]:
    stuck = Message.objects.stuck(tried_before=now - _FAILING_FOR, due_before=now - _UNTRIED_FOR)
    if (since := stuck.stuck_since()) is not None:
        yield Trouble("messages_stuck", facts={"hours": max(1, (now - since) // _HOUR)})
    for endpoint in Endpoint.objects.parked():
        yield Trouble("webhook_parked", endpoint.public_id, {"name": str(endpoint)})
    if mails := Message.objects.held_back().capped_count():
        yield Trouble("mail_waits", facts={"mails": mails})
    if lost := Message.objects.lost_since(now - _WEEK).capped_count():
        yield Trouble("messages_undelivered", facts={"messages": lost})


def _silence(now: datetime) -> Iterator[Trouble]:
    last = CallRecord.objects.newest_at()
    if last is None or now - last < _DAY:
        return
    if Tally.objects.busy_days(last - _WEEK, last) >= _BUSY_DAYS:
        yield Trouble("silence", facts={"ago": (now - last) // _HOUR})


def own_migrations() -> set[tuple[str, str]]:
    """Return the migrations that the shop's own folders hold now, also such that came after the start."""
    root = Path(settings.BASE_DIR)
    return {
        (app.label, file.stem)
        for app in apps.get_app_configs()
        if Path(app.path).parent == root
        for file in Path(app.path, "migrations").glob("[0-9]*.py")
    }
