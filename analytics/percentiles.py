"""Percentiles from histograms, which can be added up over any hours.

Each bucket is a tenth wider than the one before and stands for its geometric mean: a percentile is right within 5 %.
"""

from collections.abc import Mapping
from math import floor, log

_WIDER = log(1.1)
_SMALLEST = 0.001
_NOTHING = -1000


def bucket(value: float) -> int:
    """Return the number of a value's bucket. Values below a thousandth share one, which stands for zero."""
    return floor(log(value) / _WIDER) if value >= _SMALLEST else _NOTHING


def percentile(buckets: Mapping[int, int], share: float) -> float | None:
    """Return the value that this share of all values does not exceed; None without values."""
    wanted = share * sum(buckets.values())
    passed = 0
    for number in sorted(buckets):
        passed += buckets[number]
        if buckets[number] > 0 and passed >= wanted:
            return 0.0 if number == _NOTHING else float(1.1 ** (number + 0.5))
    return None
