"""Percentiles of what was counted in buckets."""

from collections import Counter

import pytest

from analytics.percentiles import bucket, percentile


@pytest.mark.parametrize("value", [0.001, 0.5, 1, 3.2, 59, 86_400, 2_592_000])
def test_a_value_is_told_within_five_percent(value):
    assert percentile({bucket(value): 1}, 0.5) == pytest.approx(value, rel=0.05)


def test_nothing_took_no_time_and_what_was_never_counted_has_no_percentile():
    assert percentile({bucket(0): 3}, 0.9) == 0
    assert percentile({}, 0.5) is None


def test_buckets_of_several_hours_add_up():
    early, late = Counter(map(bucket, range(1, 51))), Counter(map(bucket, range(51, 101)))

    assert percentile(early + late, 0.5) == pytest.approx(50, rel=0.05)
    assert percentile(early + late, 0.95) == pytest.approx(95, rel=0.05)
