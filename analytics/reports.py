"""What the tallies say of a range of time: a number of rows that grows with the days, never with the sessions.

Ranges are whole hours: the start is moved back to its hour, the end forward. Whole days are read as such.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Q, Sum
from django.utils import timezone

from analytics.counting import STAGES
from analytics.histogram import percentile
from analytics.models import Fact, Tally

LOST_AFTER = timedelta(days=7)
LISTED = 10
_Kind = Tally.Kind


@dataclass(frozen=True, slots=True)
class Speed:
    """A tool's calls: how many, and milliseconds at the median and where 95 of 100 stay below, within 5 %."""

    tool: str
    calls: int
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Sessions that name their conversation by their last call, and the calls of such by their own time.

    Durations are in seconds, within 5 %. `popular` holds (product's public id, sessions that saw it, sessions that
    added it), `refusals` (tool, code, calls), `fruitless` (words, searches); the most frequent first.
    """

    sessions: int
    median: float | None
    p90: float | None
    filled: int
    abandoned: int
    lost: int
    unkeyed: int
    calls: int
    unkeyed_calls: int
    stages: Mapping[str, int]
    popular: Sequence[tuple[str, int, int]]
    fruitless: Sequence[tuple[str, int]]
    refusals: Sequence[tuple[str, str, int]]
    speeds: Sequence[Speed]


def summary(since: datetime, until: datetime, *, client: str = "") -> Summary:
    """Return the numbers of [since, until), of everybody or of one client; three queries."""
    counts = _counts(since, until, client)
    seen, added = counts[_Kind.SEEN], counts[_Kind.ADDED]
    first = sorted(seen, key=lambda product: (-added[product], -seen[product], product))[:LISTED]
    filled = counts[_Kind.FILLED][""]
    durations = {int(name): n for name, n in counts[_Kind.DURATION].items()}
    return Summary(
        sessions=counts[_Kind.SESSIONS][""],
        median=percentile(durations, 0.5),
        p90=percentile(durations, 0.9),
        filled=filled,
        abandoned=max(0, filled - _lively(since, until, client)),
        lost=_filled_before(since, until, timezone.now() - LOST_AFTER, client),
        unkeyed=counts[_Kind.UNKEYED][""],
        calls=counts[_Kind.CALLS][""],
        unkeyed_calls=counts[_Kind.UNKEYED_CALLS][""],
        stages={stage: counts[_Kind.STAGE][stage] for stage in STAGES},
        popular=[(product, seen[product], added[product]) for product in first],
        fruitless=counts[_Kind.FRUITLESS].most_common(LISTED),
        refusals=[(*_parted(name), n) for name, n in counts[_Kind.REFUSED].most_common(LISTED)],
        speeds=_speeds(counts[_Kind.LATENCY]),
    )


def _counts(since: datetime, until: datetime, client: str, kind: str = "") -> dict[str, Counter[str]]:
    rows = Tally.objects.of_client(client).filter(kind__in=[kind] if kind else _Kind.values)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for name, label, n in rows.filter(_spans(since, until)).values_list("kind", "name").annotate(n=Sum("count")):
        if n > 0:
            found[name][label] = n
    return found


def _spans(since: datetime, until: datetime) -> Q:
    """Whole days by day, what is left at both ends by hour."""
    first, last = _hour(since), _hour(until + timedelta(hours=1) - timedelta(microseconds=1))
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


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _lively(since: datetime, until: datetime, client: str) -> int:
    """Filled sessions of the range that have not been quiet for long enough to count as abandoned."""
    quiet = timezone.now() - settings.SHOPMCP_ABANDONED_AFTER
    rows = Fact.objects.filter(keyed=True, filled=True, last_at__gte=max(quiet, since), last_at__lt=until)
    return rows.filter(**({"client": client} if client else {})).count()


def _filled_before(since: datetime, until: datetime, moment: datetime, client: str) -> int:
    if moment <= since:
        return 0
    return _counts(since, min(until, _hour(moment)), client, _Kind.FILLED)[_Kind.FILLED][""]


def _parted(name: str) -> tuple[str, str]:
    tool, _, rest = name.partition(" ")
    return tool, rest


def _speeds(latency: Mapping[str, int]) -> list[Speed]:
    by_tool: dict[str, dict[int, int]] = defaultdict(dict)
    for name, n in latency.items():
        tool, number = _parted(name)
        by_tool[tool][int(number)] = n
    found = [
        Speed(tool, sum(buckets.values()), percentile(buckets, 0.5) or 0, percentile(buckets, 0.95) or 0)
        for tool, buckets in by_tool.items()
    ]
    return sorted(found, key=lambda speed: (-speed.calls, speed.tool))
