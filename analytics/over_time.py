"""The numbers of a range of days, part by part, beside those of as many days before."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Count, Sum
from django.db.models.functions import TruncDay, TruncHour
from django.utils import timezone

from analytics.counts import by_start, hour_after, hour_before
from analytics.models import Tally
from analytics.sales import counted_orders
from analytics.services import Batch

# Longer ranges have days of UTC, several to a part: hours are kept for twice as many days, and a picture of more parts
# says less.
MOST_DAYS: Final = 31
_KINDS: Final = (Tally.Kind.SESSIONS.value, Tally.Kind.FILLED.value)
_DAY: Final = timedelta(days=1)
# Days outside these bounds may not exist in another time zone.
_FIRST: Final = date(2, 1, 1)


@dataclass(frozen=True, slots=True)
class Series:
    """One number in each part of a range, and in each part of the range before.

    Attributes:
        measure: `sessions`, `filled`, `orders` or `revenue`.
        currency: Of revenue; empty for counts.
    """

    measure: str
    currency: str
    now: Sequence[Decimal]
    before: Sequence[Decimal]

    @property
    def key(self) -> str:
        return f"{self.measure}-{self.currency}" if self.currency else self.measure

    @property
    def total(self) -> Decimal:
        return sum(self.now, Decimal(0))

    @property
    def total_before(self) -> Decimal:
        return sum(self.before, Decimal(0))


@dataclass(frozen=True, slots=True)
class Course:
    """Numbers over time.

    Attributes:
        starts: When each part begins, and `starts_before` those of the range before; `end` is that of the last.
        ends_before: Until when the range before counts: of an unfinished range, as long as this one has lasted.
    """

    starts: Sequence[datetime]
    end: datetime
    starts_before: Sequence[datetime]
    ends_before: datetime
    series: Sequence[Series]

    @property
    def first(self) -> datetime:
        return self.starts[0]

    @property
    def first_before(self) -> datetime:
        return self.starts_before[0]

    @property
    def is_hourly(self) -> bool:
        return len(self.starts) > 1 and self.starts[1] - self.starts[0] < _DAY / 2

    def of(self, measure: str) -> Sequence[Series]:
        """Return the series of one measure: several of revenue, by currency."""
        return [series for series in self.series if series.measure == measure]


@dataclass(frozen=True, slots=True)
class _Parts:
    """A range in parts: `starts` and, last, its end."""

    grain: str
    starts: Sequence[datetime]

    @property
    def first(self) -> datetime:
        return self.starts[0]

    @property
    def end(self) -> datetime:
        return self.starts[-1]

    def place(self, moment: datetime) -> int:
        """Return the part in which the moment lies."""
        return min(bisect_right(self.starts, moment), len(self.starts) - 1) - 1


def bounds(since: date, until: date) -> tuple[datetime, datetime]:
    """Return between which moments the days from `since` to `until`, both included, are counted.

    Those are full hours, also where the time zone's midnight is none, and days of UTC for more than `MOST_DAYS`.
    """
    parts = _parts(max(since, _FIRST), max(until, _FIRST))
    return parts.first, parts.end


def over_time(waiting: Batch, since: date, until: date, client: str = "") -> Course:
    """Return the course of the days from `since` to `until`, both included, in the active time zone; three queries."""
    since, until = max(since, _FIRST), max(until, _FIRST)
    days = (until - since).days + 1
    now = _parts(since, until)
    is_early = (since - _FIRST).days < days
    before = now if is_early else _parts(since - days * _DAY, since - _DAY)
    passed = min(hour_after(timezone.now()), now.end) - now.first
    ends_before = before.first if is_early else min(before.first + passed, before.end)
    found = _counts(waiting, now, now.end, client)
    earlier = Counter[tuple[str, str, int]]() if is_early else _counts(waiting, before, ends_before, client)
    currencies = sorted({currency for measure, currency, _part in found | earlier if measure == "revenue"})
    names = [("sessions", ""), ("filled", ""), ("orders", ""), *(("revenue", currency) for currency in currencies)]
    return Course(
        now.starts[:-1],
        now.end,
        before.starts[:-1],
        ends_before,
        [
            Series(measure, currency, _values(found, measure, currency, now), _values(earlier, measure, currency, now))
            for measure, currency in names
        ],
    )


def _values(found: Counter[tuple[str, str, int]], measure: str, currency: str, parts: _Parts) -> list[Decimal]:
    return [Decimal(found[measure, currency, part]) for part in range(len(parts.starts) - 1)]


def _counts(waiting: Batch, parts: _Parts, end: datetime, client: str) -> Counter[tuple[str, str, int]]:
    """Return the sums by (measure, currency, part) of what was until `end`; two queries."""
    found: Counter[tuple[str, str, int]] = Counter()
    for (start, kind), n in by_start(parts.grain, parts.first, end, client, waiting, _KINDS).items():
        found[kind, "", parts.place(start)] += n
    hourly = parts.grain == Tally.Grain.HOUR
    moment = (TruncHour if hourly else TruncDay)("placed_at", tzinfo=UTC)
    rows = counted_orders(parts.first, end, client).values_list("currency")
    for currency, at, orders, total in rows.annotate(at=moment, n=Count("pk"), sum=Sum("total")):
        found["orders", "", parts.place(at)] += orders
        found["revenue", currency, parts.place(at)] += total
    return found


def _parts(since: date, until: date) -> _Parts:
    days = (until - since).days + 1
    if days == 1:
        first, end = _midnight(since), _midnight(until + _DAY)
        hours = (end - first) // timedelta(hours=1)
        return _Parts(Tally.Grain.HOUR, [*(first + timedelta(hours=n) for n in range(hours)), end])
    if days <= MOST_DAYS:
        return _Parts(Tally.Grain.HOUR, list(map(_midnight, _days(since, days + 1))))
    each = -(-days // MOST_DAYS)
    starts = [datetime.combine(day, time(), UTC) for day in _days(since, days, each)]
    return _Parts(Tally.Grain.DAY, [*starts, datetime.combine(until, time(), UTC) + _DAY])


def _days(since: date, many: int, each: int = 1) -> Iterable[date]:
    return (since + n * _DAY for n in range(0, many, each))


def _midnight(day: date) -> datetime:
    # Not all time zones begin at a full hour of UTC, as tallies do.
    return hour_before(timezone.make_aware(datetime.combine(day, time())))
