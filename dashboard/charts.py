"""Bars over time, drawn by the server: they need no script, and follow direction and colours of the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format

_HEIGHT = 100


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: int
    x: int
    height: float

    @property
    def y(self) -> float:
        return _HEIGHT - self.height


@dataclass(frozen=True, slots=True)
class Chart:
    """One row of bars. `marks` are the few labels below them."""

    title: str
    bars: Sequence[Bar]

    @property
    def most(self) -> int:
        return max((bar.value for bar in self.bars), default=0)

    @property
    def width(self) -> int:
        return len(self.bars)

    @property
    def marks(self) -> list[str]:
        step = max(1, len(self.bars) // 6)
        return [bar.label for bar in self.bars[::step]]


def hour_chart(title: str, values: Sequence[tuple[datetime, int]]) -> Chart:
    """A bar for each moment, labelled in the time zone of whoever looks."""
    most = max((value for _, value in values), default=0)
    days = len(values) > 48
    bars = []
    for x, (moment, value) in enumerate(values):
        label = date_format(timezone.localtime(moment), "SHORT_DATE_FORMAT" if days else "H:i")
        # What is not nothing is never invisible.
        bars.append(Bar(label, value, x, max(2.0, round(_HEIGHT * value / most, 2)) if value else 0.0))
    return Chart(title, bars)
