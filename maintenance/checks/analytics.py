"""Checks of the counts that the dashboard shows, of the last full days."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count, Min, Q
from django.db.models.functions import TruncHour
from django.utils import timezone
from django.utils.translation import gettext as _

from analytics.models import Checkpoint, Tally
from carts.conversation import BY_HANDLE, UNKEYED
from carts.models import CallRecord
from maintenance.checks.finding import Finding, named
from maintenance.tables import Table

_DAYS = 3
_HOUR, _DAY = Tally.Grain.HOUR.value, Tally.Grain.DAY.value
# Everybody, client, kind, grain, start.
_Key = tuple[bool, str, str, str, datetime]


def checkpoint() -> Iterator[Finding]:
    """Counting that waits for calls of the future."""
    last = Table(CallRecord).last_key(connection)
    ahead = Checkpoint.objects.filter(call__gt=last)
    if ahead.exists():
        yield Finding(
            "checkpoint",
            _("The next calls would not be counted: counting believes that it has counted them."),
            _("Mending lets it go on after the newest call."),
            lambda: ahead.update(call=last, missing=[]),
        )


def sums() -> Iterator[Finding]:
    """Days that are not the sum of their hours, and totals that are not the sum of the clients."""
    wrong = _wrong_sums()
    if wrong:
        yield Finding(
            "tally_sum",
            _("Numbers of the dashboard are not the sum of their parts: %(numbers)s.")
            % {"numbers": named(sorted({f"{key[2]} {key[4]:%Y-%m-%d}" for key in wrong}))},
            _("Mending adds them up anew from the hours of each client."),
            lambda: _write(_wrong_sums),
        )


def records() -> Iterator[Finding]:
    """Hours in which other calls were counted than recorded."""
    wrong = _wrong_hours()
    if wrong:
        yield Finding(
            "tally_records",
            _("The numbers of calls are not those of the records: %(numbers)s.")
            % {"numbers": named(sorted({f"{key[4]:%Y-%m-%d %H:00}" for key in wrong}))},
            _("Mending counts the records of these hours anew."),
            lambda: _write(_wrong_hours),
        )


def _wrong_sums() -> dict[_Key, int]:
    """Return what the wrong sums should be."""
    since = _days_ago(_DAYS)
    found, parts = dict[_Key, int](), Counter[_Key]()
    rows = Tally.objects.filter(name="", start__gte=since, start__lt=_days_ago(0))
    for everybody, client, kind, grain, start, count in rows.values_list(
        "everybody", "client", "kind", "grain", "start", "count"
    ).iterator():
        if everybody or grain == _DAY:
            found[everybody, client, kind, grain, start] = count
        else:
            day = start.replace(hour=0)
            for key in ((True, "", kind, _HOUR, start), (False, client, kind, _DAY, day), (True, "", kind, _DAY, day)):
                parts[key] += count
    return {key: parts[key] for key in found.keys() | parts.keys() if found.get(key, 0) != parts[key]}


def _wrong_hours() -> dict[_Key, int]:
    """Return what the calls of each client and hour should be, where they were counted otherwise."""
    first = CallRecord.objects.aggregate(first=Min("at"))["first"]
    position = Checkpoint.objects.first()
    if first is None or position is None:
        return {}
    # Of the hour of the first record, the cleanup may have deleted others.
    since = max(_days_ago(_DAYS), first.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1))
    until = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    by_id = Q(source__in=(BY_HANDLE, UNKEYED))
    calls = (
        CallRecord.objects.filter(at__gte=since, at__lt=until, pk__lte=position.call)
        .exclude(pk__in=[key for key, at in position.missing])
        .order_by()
        .values_list("client", TruncHour("at", tzinfo=UTC))
        .annotate(keyed=Count("pk", filter=~by_id), unkeyed=Count("pk", filter=by_id))
    )
    should = Counter[_Key]()
    for client, hour, keyed, unkeyed in calls:
        should[False, client, Tally.Kind.CALLS.value, _HOUR, hour] = keyed
        should[False, client, Tally.Kind.UNKEYED_CALLS.value, _HOUR, hour] = unkeyed
    counted = Tally.objects.filter(
        everybody=False, grain=_HOUR, kind__in=(Tally.Kind.CALLS, Tally.Kind.UNKEYED_CALLS), start__gte=since,
        start__lt=until,
    )  # fmt: skip
    found: dict[_Key, int] = {
        (False, client, kind, _HOUR, start): count
        for client, kind, start, count in counted.values_list("client", "kind", "start", "count")
    }
    return {key: should[key] for key in found.keys() | should.keys() if found.get(key, 0) != should[key]}


def _write(wrong: Callable[[], dict[_Key, int]]) -> None:
    """Correct the tallies while nobody counts."""
    with transaction.atomic():
        Checkpoint.objects.get_or_create(pk=1)
        Checkpoint.objects.select_for_update().get(pk=1)
        for (everybody, client, kind, grain, start), count in wrong().items():
            Tally.objects.update_or_create(
                everybody=everybody, client=client, kind=kind, grain=grain, start=start, name="",
                defaults={"count": count},
            )  # fmt: skip


def _days_ago(days: int) -> datetime:
    """Return a midnight in UTC, as the tallies have it."""
    return timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)


CHECKS = (checkpoint, records, sums)
