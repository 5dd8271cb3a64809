"""Bar charts over time, drawn by the server without scripts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from analytics.over_time import Course, Series
from dashboard.changes import written

_HEIGHT = 100
_MARKS = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """A value in a part of the time, and `before` in the same part of the time before; heights are of a hundred."""

    label: str
    value: Decimal | int
    x: int
    height: float
    before: Decimal | int = 0
    height_before: float = 0.0

    @property
    def y(self) -> float:
        return _HEIGHT - self.height

    @property
    def y_before(self) -> float:
        return _HEIGHT - self.height_before


@dataclass(frozen=True, slots=True)
class Chart:
    """A row of bars with marks below some of them.

    Attributes:
        name: What the picture shows, for those who do not see it.
        currency: Of values that are money; empty for counts.
        compares: Whether a line shows the time before.
    """

    title: str
    bars: Sequence[Bar]
    name: str
    currency: str = ""
    compares: bool = False

    @property
    def most(self) -> Decimal | int:
        return max((max(bar.value, bar.before) for bar in self.bars), default=0)

    @property
    def width(self) -> int:
        return len(self.bars)

    @property
    def marks(self) -> list[tuple[float, str]]:
        """Where each mark begins, in per cent of the width from the side on which time begins, and its text."""
        step = -(-len(self.bars) // _MARKS)
        is_rtl = get_language_bidi()
        places = [(100 * bar.x / len(self.bars), bar.label) for bar in self.bars[::step]]
        return [(round(100 - place if is_rtl else place, 2), label) for place, label in places]

    @property
    def line_before(self) -> str:
        """The path of the time before: a step for each bar."""
        return " ".join(f"{'V' if bar.x else 'M0 '}{bar.y_before} H{bar.x + 1}" for bar in self.bars)


def hour_chart(title: str, values: Sequence[tuple[datetime, int]]) -> Chart:
    """Return a bar for each hour, labelled in the reader's time zone."""
    most = max((value for _moment, value in values), default=0)
    bars = [Bar(_time(moment, hourly=True), value, x, _height(value, most)) for x, (moment, value) in enumerate(values)]
    return Chart(title, bars, name=title)


def comparison(title: str, course: Course, series: Series) -> Chart:
    """Return a bar for each part of a range, with a line of the range before."""
    most = max(*series.now, *series.before)
    bars = [
        Bar(_time(start, hourly=course.is_hourly), now, x, _height(now, most), before, _height(before, most))
        for x, (start, now, before) in enumerate(zip(course.starts, series.now, series.before, strict=True))
    ]
    name = _("%(title)s: %(now)s in these days, %(before)s in the time before") % {
        "title": title,
        "now": written(series.total, series.currency),
        "before": written(series.total_before, series.currency),
    }
    return Chart(title, bars, name, series.currency, compares=True)


def _height(value: Decimal | int, most: Decimal | int) -> float:
    # A small value must stay visible.
    return max(2.0, round(float(_HEIGHT * value / most), 2)) if value else 0.0


def _time(moment: datetime, *, hourly: bool) -> str:
    return date_format(timezone.localtime(moment), "H:i" if hourly else "j M")
