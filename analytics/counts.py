"""Reads the tallies of whole hours. What the uncounted calls will add is computed on top, so counts are up to date."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from django.db.models import Q, Sum

from analytics.models import Checkpoint, Tally
from analytics.services import Batch, uncounted

_TRIES = 3
# By kind of tally, then by name.
Counts = dict[str, Counter[str]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Hours:
    """Counts by (hour, kind of tally). `waiting` is about how many of the latest calls are not in them yet."""

    counts: Counter[tuple[datetime, str]]
    waiting: int

    def between(self, kind: str, since: datetime, until: datetime) -> int:
        """Return the sum of the hours that begin in [since, until)."""
        return sum(n for (hour, of), n in self.counts.items() if of == kind and since <= hour < until)


def at_one_moment(read: Callable[[Batch], T]) -> T:
    """Read tallies and uncounted calls; again if a step of the counting came in between."""
    for _attempt in range(_TRIES):
        waiting = uncounted()
        found = read(waiting)
        if waiting.call == (Checkpoint.objects.values_list("call", flat=True).filter(pk=1).first() or 0):
            break
    return found


def by_hour(since: datetime, until: datetime, kinds: Collection[str]) -> Hours:
    """Return the counts of these kinds in each whole hour of [since, until), of all clients; six queries at most."""
    return at_one_moment(
        lambda waiting: Hours(by_start(Tally.Grain.HOUR, since, until, "", waiting, kinds), waiting.more)
    )


def by_start(
    grain: str, since: datetime, until: datetime, client: str, waiting: Batch, kinds: Collection[str]
) -> Counter[tuple[datetime, str]]:
    """Return the counts by (start, kind) of the hours or days that begin in [since, until); one query."""
    rows = Tally.objects.of_client(client).within(grain, since, until).filter(kind__in=kinds, name="")
    counts = Counter({(start, kind): n for start, kind, n in rows.values_list("start", "kind", "count")})
    for hour, kind, _name, by in waiting.deltas.of(client, since, until):
        if kind in kinds:
            counts[hour.replace(hour=0) if grain == Tally.Grain.DAY else hour, kind] += by
    return counts


def counts_of(
    since: datetime, until: datetime, client: str, waiting: Batch, kinds: Sequence[str] = Tally.Kind.values
) -> Counts:
    """Return the counts of [since, until) by kind and name; one query."""
    rows = Tally.objects.of_client(client).filter(_spans(since, until), kind__in=kinds)
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, name, n in rows.values_list("kind", "name").annotate(n=Sum("count")):
        sums[kind][name] = n
    for _moment, kind, name, by in waiting.deltas.of(client, since, until):
        if kind in kinds:
            sums[kind][name] += by
    # Unary plus drops names whose count is zero.
    return defaultdict(Counter, {kind: +names for kind, names in sums.items()})


def by_client(
    since: datetime, until: datetime, clients: Collection[str], waiting: Batch, kinds: Collection[str]
) -> Counter[tuple[str, str]]:
    """Return the counts of [since, until) by (client, kind) of kinds without names; one query."""
    rows = Tally.objects.filter(_spans(since, until), everybody=False, client__in=clients, kind__in=kinds, name="")
    counts = Counter[tuple[str, str]]()
    for client, kind, n in rows.values_list("client", "kind").annotate(n=Sum("count")):
        counts[client, kind] = n
    for client, kind, by in waiting.deltas.by_client(since, until):
        if kind in kinds:
            counts[client, kind] += by
    return counts


def hour_before(moment: datetime) -> datetime:
    """Return the last full hour at or before the moment."""
    # East of Greenwich, the first day of the calendar begins before datetime.min.
    return max(moment, _EARLIEST).astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def hour_after(moment: datetime) -> datetime:
    """Return the first full hour at or after the moment."""
    return hour_before(moment + timedelta(hours=1) - timedelta(microseconds=1)) if moment < _LATEST else _LATEST


def _spans(first: datetime, last: datetime) -> Q:
    """Select whole days by day, and the rest at both ends by hour."""
    day = timedelta(days=1)
    day_first = first if not first.hour else first.replace(hour=0) + day
    day_last = last.replace(hour=0)
    hours = Q(grain=Tally.Grain.HOUR)
    if day_first >= day_last:
        return hours & Q(start__gte=first, start__lt=last)
    return (
        Q(grain=Tally.Grain.DAY, start__gte=day_first, start__lt=day_last)
        | hours & Q(start__gte=first, start__lt=day_first)
        | hours & Q(start__gte=day_last, start__lt=last)
    )


_EARLIEST = datetime(2, 1, 1, tzinfo=UTC)
_LATEST = hour_before(datetime.max.replace(tzinfo=UTC))
