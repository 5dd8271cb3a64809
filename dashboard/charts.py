"""Bar charts over time, drawn by the server without scripts."""

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
    """A row of bars; `marks` are the labels below some of them."""

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
    """Return a bar for each moment, labelled in the reader's time zone."""
    most = max((value for _, value in values), default=0)
    days = len(values) > 48
    bars = []
    for x, (moment, value) in enumerate(values):
        label = date_format(timezone.localtime(moment), "SHORT_DATE_FORMAT" if days else "H:i")
        # A small value must stay visible.
        bars.append(Bar(label, value, x, max(2.0, round(_HEIGHT * value / most, 2)) if value else 0.0))
    return Chart(title, bars)
